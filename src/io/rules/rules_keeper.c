/* The thread that keeps the kernel rules as they were installed. */
#include "rules_keeper.h"
#include "fail.h"
#include "kernel_rules.h"
#include "named_links.h"
#include "rules_fragments.h"
#include "rules_helper.h"
#include "rules_job.h"
#include "side_thread.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <quicward/base/log.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define LEGACY_MS 200         /* between two looks at the tables of iptables-legacy */
#define STATE_SIZE (1u << 20) /* of what stands, as text; what is longer is compared so far */
#define ATTEMPTS 3            /* to install them at start */
#define BURST 8               /* times that rules are put back at once; then once a second */
#define PAUSE_NS QW_NS_PER_SECOND

struct io_keeper {
    struct config config; /* a copy; its lists are borrowed, all but nat_except, which is `except` */
    struct qw_prefix except[CONFIG_EXCEPT_MAX];
    enum config_backend backend;
    struct rules_events events;
    char table[sizeof("quicward_") + CONFIG_INSTANCE_MAX];
    struct named_links sides[2]; /* the interfaces inside and outside that are there */
    struct named_links looked;   /* those of a side when it was last looked */
    char *installed, *found;     /* what stood after installing, "" if that is not known; and what stands */
    char *proven, *doubted;      /* what stood after the last install that counted; after one that did not */
    uint64_t legacy;
    unsigned tokens; /* of BURST */
    struct qw_time refilled;
    unsigned refused; /* times in a row that what a kernel may refuse was missing just after installing */
    bool due;         /* it has to be looked again */
    bool broken;      /* the rules could not be put back, and it was said */
    struct side_thread thread;
    pthread_mutex_t lock;  /* of all above that the thread changes, while rules are installed */
    struct engine *engine; /* borrowed, told what happens; NULL: nobody is */
    _Atomic uint64_t put_back;
    atomic_bool standing;
};

/* ---- what stands ---- */

static bool read_state(struct io_keeper *keeper, char *out)
{
    const struct rules_job job = {.script = RULES_SCRIPT_STATE, .backend = keeper->backend};
    return rules_job_run(&job, &keeper->config, -1, RULES_RUN_MS, -1, out, STATE_SIZE) == 0;
}

/* News of our own doing are read and forgotten, so that they are no reason to look again. */
static void forget_news(struct io_keeper *keeper)
{
    if (keeper->events.tables)
        rules_events_tables(&keeper->events, keeper->table);
    keeper->legacy = rules_legacy_hash();
}

static enum rules_change look(struct io_keeper *keeper)
{
    if (!read_state(keeper, keeper->found))
        return RULES_CHANGED;
    return rules_state_compare(keeper->installed, keeper->found);
}

/* ---- putting back ---- */

static void complain(struct io_keeper *keeper, const struct io_error *error)
{
    if (!keeper->broken)
        qw_log(QW_LOG_ERROR, "%s; trying again every second", error->text);
    keeper->broken = true;
    atomic_store(&keeper->standing, false);
}

static bool install(struct io_keeper *keeper, bool in_front)
{
    struct io_error error = {0};
    const struct rules_manner manner = {.in_front = in_front, .quick = true};
    if (rules_install(&keeper->config, keeper->backend, &manner, &error) != QW_OK) {
        complain(keeper, &error);
        return false;
    }
    if (keeper->broken)
        qw_log(QW_LOG_INFO, "the kernel rules stand again");
    keeper->broken = false;
    atomic_store(&keeper->standing, true);
    return true;
}

/* Routing rules, or the table that measures fragments, that are missing again and again are not taken away
 * but refused, and the script has said so. */
static bool has_rest(struct io_keeper *keeper)
{
    if (rules_state_guarded(&keeper->config, keeper->found) &&
        rules_state_measures(&keeper->config, keeper->found))
        keeper->refused = 0;
    else
        keeper->refused++;
    return keeper->refused == 0 || keeper->refused > ATTEMPTS;
}

/* Another program may change a rule between installing and looking, and that would be taken for ours. So
 * what is new counts only when two installs in a row lead to it. */
static bool is_proven(struct io_keeper *keeper)
{
    if (rules_state_compare(keeper->proven, keeper->found) != RULES_CHANGED ||
        rules_state_compare(keeper->doubted, keeper->found) != RULES_CHANGED)
        return true;
    memcpy(keeper->doubted, keeper->found, STATE_SIZE);
    return false;
}

/* What stands now is what the rules are to be, if all of them do: false when some went meanwhile. News that
 * come from here on are looked at. */
static bool remember(struct io_keeper *keeper)
{
    forget_news(keeper);
    bool complete = read_state(keeper, keeper->found) &&
                    rules_state_complete(&keeper->config, keeper->backend, keeper->found) &&
                    has_rest(keeper) && is_proven(keeper);
    if (complete) {
        memcpy(keeper->installed, keeper->found, STATE_SIZE);
        memcpy(keeper->proven, keeper->found, STATE_SIZE);
    } else
        keeper->installed[0] = '\0';
    return complete;
}

/* Not again for what went while they were put back. */
static void tell(struct io_keeper *keeper, enum rules_change change)
{
    if (keeper->installed[0] == '\0')
        return;
    const char *what = change == RULES_MOVED ? "moved behind others" : "removed or changed";
    struct engine_event event = {.kind = ENGINE_EVENT_RULES_RESTORED, .time = io_now()};
    atomic_fetch_add(&keeper->put_back, 1);
    qw_log(QW_LOG_WARNING, "the kernel rules were %s by another program; they are restored", what);
    snprintf(event.text, sizeof(event.text), "%s by another program", what);
    if (keeper->engine)
        engine_tell(keeper->engine, &event);
}

/* First as at the start, behind what others have: that is where the rules were, if all of them were loaded
 * anew. If more stands before them than did, they go to the front. What they then are counts, if it is all:
 * networks that hang on an interface inside may have changed meanwhile. False when it has to be done again.
 */
static bool put_back(struct io_keeper *keeper, enum rules_change change)
{
    if (!install(keeper, change == RULES_MOVED))
        return false;
    tell(keeper, change);
    forget_news(keeper);
    if (look(keeper) == RULES_MOVED && !install(keeper, true))
        return false;
    return remember(keeper);
}

static bool may_act(struct io_keeper *keeper)
{
    struct qw_time now = io_now();
    uint64_t earned = qw_time_since(now, keeper->refilled) / PAUSE_NS;
    if (earned > 0) {
        keeper->tokens = earned + keeper->tokens < BURST ? (unsigned)earned + keeper->tokens : BURST;
        keeper->refilled = now;
    }
    if (keeper->tokens == 0)
        return false;
    keeper->tokens--;
    return true;
}

/* True when it has to be looked at again. */
static bool check(struct io_keeper *keeper)
{
    if (!may_act(keeper))
        return true;
    enum rules_change change = keeper->broken ? RULES_CHANGED : look(keeper);
    return change != RULES_SAME && !put_back(keeper, change);
}

/* ---- interfaces ---- */

static const struct config_interfaces *side_of(const struct config *config, unsigned side)
{
    return side == 0 ? &config->inside : &config->outside;
}

static void say_gone(const struct config_interfaces *named, const struct named_link *link)
{
    if (config_interface_is_pattern(named->names[link->entry]))
        qw_log(QW_LOG_INFO, "interface %s is gone", link->name);
    else
        qw_log(QW_LOG_WARNING, "interface %s is gone; it will be served again when it is back", link->name);
}

static void say_too_many(const struct named_links *before, const struct named_links *now)
{
    if (now->too_many && !before->too_many)
        qw_log(QW_LOG_WARNING, "more than %d interfaces of one side: not all of them are followed",
               NAMED_LINKS_MAX);
}

/* True when `now` has one that `before` has not. Both are in the order of their indexes. */
static bool compare_links(const struct config_interfaces *named, const struct named_links *before,
                          const struct named_links *now)
{
    unsigned b = 0, n = 0;
    bool appeared = false;
    while (b < before->count || n < now->count) {
        unsigned then = b < before->count ? before->list[b].index : UINT_MAX;
        unsigned here = n < now->count ? now->list[n].index : UINT_MAX;
        bool same = then == here && strcmp(before->list[b].name, now->list[n].name) == 0;
        if (!same && then <= here)
            say_gone(named, &before->list[b]);
        if (!same && here <= then) {
            qw_log(QW_LOG_INFO, "interface %s has appeared", now->list[n].name);
            appeared = true;
        }
        b += then <= here;
        n += here <= then;
    }
    return appeared;
}

/* True when one is there that was not, or is another one by its old name. */
static bool follow_interfaces(struct io_keeper *keeper)
{
    bool appeared = false;
    for (unsigned side = 0; side < 2; side++) {
        const struct config_interfaces *named = side_of(&keeper->config, side);
        if (!named_links_look(named, &keeper->looked))
            continue;
        appeared |= compare_links(named, &keeper->sides[side], &keeper->looked);
        say_too_many(&keeper->sides[side], &keeper->looked);
        keeper->sides[side] = keeper->looked;
    }
    return appeared;
}

static bool is_there(const struct named_links *links, unsigned entry)
{
    for (unsigned i = 0; i < links->count; i++)
        if (links->list[i].entry == entry)
            return true;
    return false;
}

static void begin_interfaces(struct io_keeper *keeper)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct config_interfaces *named = side_of(&keeper->config, side);
        struct named_links *links = &keeper->sides[side];
        named_links_look(named, links);
        say_too_many(&keeper->looked, links);
        for (unsigned i = 0; i < named->count; i++)
            if (!is_there(links, i))
                qw_log(config_interface_is_pattern(named->names[i]) ? QW_LOG_INFO : QW_LOG_WARNING,
                       "there is no interface %s (%s) yet; it will be served when it appears",
                       named->names[i], side == 0 ? "inside" : "outside");
    }
}

/* Settings of an interface go with it, so they are made again. */
static void set_up_interfaces(struct io_keeper *keeper)
{
    if (keeper->config.manage_rules)
        keeper->due = !install(keeper, false) || !remember(keeper);
}

/* ---- the thread ---- */

static bool read_news(struct io_keeper *keeper, const struct pollfd *ready)
{
    bool concerns = false;
    if (ready[1].revents)
        concerns |= rules_events_tables(&keeper->events, keeper->table);
    if (ready[2].revents) {
        struct rules_news news = rules_events_routes(&keeper->events);
        concerns |= news.rules;
        if (news.links && follow_interfaces(keeper))
            set_up_interfaces(keeper);
    }
    return concerns;
}

static bool legacy_changed(struct io_keeper *keeper)
{
    uint64_t now = rules_legacy_hash();
    bool changed = now != keeper->legacy;
    keeper->legacy = now;
    return changed;
}

static void *keeper_main(void *argument)
{
    struct io_keeper *keeper = argument;
    struct pollfd ready[] = {{.fd = keeper->thread.stop, .events = POLLIN},
                             {.fd = netlink_fd(keeper->events.tables), .events = POLLIN},
                             {.fd = netlink_fd(keeper->events.routes), .events = POLLIN}};
    while (poll(ready, 3, LEGACY_MS) < 0 || !(ready[0].revents & POLLIN)) {
        pthread_mutex_lock(&keeper->lock);
        bool concerns = read_news(keeper, ready);
        if (keeper->config.manage_rules && (concerns || keeper->due || legacy_changed(keeper)))
            keeper->due = check(keeper);
        pthread_mutex_unlock(&keeper->lock);
    }
    return NULL;
}

/* Other rules from here on: what two installs in a row lead to. */
static bool install_new(struct io_keeper *keeper)
{
    for (unsigned i = 0; i < ATTEMPTS; i++)
        if (install(keeper, false) && remember(keeper))
            return true;
    return false;
}

/* Another program may empty a table between two commands of the script. */
static enum qw_error install_first(struct io_keeper *keeper, struct io_error *error)
{
    enum qw_error status = QW_ERR_SYSTEM;
    for (unsigned i = 0; i < ATTEMPTS && status != QW_OK; i++)
        status = io_rules_apply(&keeper->config, keeper->backend, false, error);
    if (status != QW_OK)
        return status;
    atomic_store(&keeper->standing, true);
    keeper->due = !(remember(keeper) || install_new(keeper));
    return QW_OK;
}

static enum qw_error begin(struct io_keeper *keeper, struct io_error *error)
{
    if (!rules_events_open(&keeper->events))
        return io_fail(error, QW_ERR_SYSTEM, "routing socket: %s", strerror(errno));
    begin_interfaces(keeper);
    if (keeper->config.manage_rules) {
        enum qw_error status = install_first(keeper, error);
        if (status != QW_OK)
            return status;
    }
    int problem = side_thread_start(&keeper->thread, keeper_main, keeper);
    if (problem != 0)
        return io_fail(error, QW_ERR_SYSTEM, "no thread for the kernel rules: %s", strerror(problem));
    return QW_OK;
}

/* What a reload may change. */
static void take_nat(struct io_keeper *keeper, const struct config *from)
{
    struct config *config = &keeper->config;
    unsigned count = from->nat_except.count < CONFIG_EXCEPT_MAX ? from->nat_except.count : CONFIG_EXCEPT_MAX;
    memcpy(config->external, from->external, sizeof(config->external));
    memcpy(config->external_uplink, from->external_uplink, sizeof(config->external_uplink));
    config->external_count = from->external_count;
    config->nat_masquerade = from->nat_masquerade;
    if (count > 0)
        memmove(keeper->except, from->nat_except.list, count * sizeof(*keeper->except));
    config->nat_except = (struct config_prefixes){count, keeper->except};
    if (config->mode == CONFIG_NAT)
        rules_helper_external(config);
}

static struct io_keeper *keeper_new(const struct config *config, enum config_backend backend)
{
    struct io_keeper *keeper = calloc(1, sizeof(*keeper));
    if (!keeper)
        return NULL;
    keeper->config = *config;
    take_nat(keeper, config);
    keeper->backend = backend;
    keeper->tokens = BURST;
    keeper->refilled = io_now();
    keeper->installed = calloc(1, STATE_SIZE);
    keeper->found = calloc(1, STATE_SIZE);
    keeper->proven = calloc(1, STATE_SIZE);
    keeper->doubted = calloc(1, STATE_SIZE);
    snprintf(keeper->table, sizeof(keeper->table), "quicward_%s", rules_instance(config));
    pthread_mutex_init(&keeper->lock, NULL);
    return keeper;
}

enum qw_error io_keeper_start(const struct config *config, enum config_backend backend,
                              struct io_keeper **out, struct io_error *error)
{
    *out = NULL;
    struct io_keeper *keeper = keeper_new(config, backend);
    bool whole = keeper && keeper->installed && keeper->found && keeper->proven && keeper->doubted;
    enum qw_error status =
        whole ? begin(keeper, error) : io_fail(error, QW_ERR_NO_MEMORY, "no memory to keep the kernel rules");
    if (status == QW_OK)
        *out = keeper;
    else
        io_keeper_stop(keeper);
    return status;
}

void io_keeper_stop(struct io_keeper *keeper)
{
    if (!keeper)
        return;
    side_thread_end(&keeper->thread);
    rules_events_close(&keeper->events);
    pthread_mutex_destroy(&keeper->lock);
    free(keeper->installed);
    free(keeper->found);
    free(keeper->proven);
    free(keeper->doubted);
    free(keeper);
}

bool io_keeper_restore(struct io_keeper *keeper)
{
    if (!keeper || !keeper->config.manage_rules)
        return true;
    pthread_mutex_lock(&keeper->lock);
    enum rules_change change = keeper->broken ? RULES_CHANGED : look(keeper);
    bool standing = change == RULES_SAME || put_back(keeper, change);
    keeper->due = !standing;
    pthread_mutex_unlock(&keeper->lock);
    return standing;
}

static bool same_addresses(const struct config *a, const struct config *b)
{
    bool same = a->external_count == b->external_count;
    for (unsigned i = 0; i < a->external_count && same; i++)
        same =
            qw_addr_equal(&a->external[i], &b->external[i]) && a->external_uplink[i] == b->external_uplink[i];
    return same;
}

static bool same_exceptions(const struct config *a, const struct config *b)
{
    bool same = a->nat_except.count == b->nat_except.count;
    for (unsigned i = 0; i < a->nat_except.count && same; i++) {
        const struct qw_prefix *x = &a->nat_except.list[i], *y = &b->nat_except.list[i];
        same = x->bits == y->bits && qw_addr_equal(&x->addr, &y->addr);
    }
    return same;
}

bool io_keeper_change(struct io_keeper *keeper, const struct config *now)
{
    if (!keeper)
        return true;
    const struct config *config = &keeper->config;
    bool standing = true;
    pthread_mutex_lock(&keeper->lock);
    if (!same_addresses(config, now) || !same_exceptions(config, now) ||
        config->nat_masquerade != now->nat_masquerade) {
        take_nat(keeper, now);
        standing = !config->manage_rules || install_new(keeper);
        keeper->due |= !standing;
    }
    pthread_mutex_unlock(&keeper->lock);
    return standing;
}

void io_keeper_tell(struct io_keeper *keeper, struct engine *engine)
{
    if (!keeper)
        return;
    pthread_mutex_lock(&keeper->lock);
    keeper->engine = engine;
    pthread_mutex_unlock(&keeper->lock);
}

void io_keeper_stats(struct io_keeper *keeper, struct io_rules_stats *out)
{
    *out = (struct io_rules_stats){.backend = keeper->backend,
                                   .managed = keeper->config.manage_rules,
                                   .standing = atomic_load(&keeper->standing),
                                   .put_back = atomic_load(&keeper->put_back)};
}
