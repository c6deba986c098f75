#include "fast_path.h"
#include "netlink.h"
#include "queue_socket.h"
#include <inttypes.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <quicward/base/log.h>
#include <quicward/io.h>
#include <string.h>

#define EVENTS 16                   /* put at once: packets come meanwhile */
#define LATE_NS (10 * QW_NS_PER_MS) /* between two looks at events while no queue becomes empty */
#define ALIVE_NS (10 * QW_NS_PER_SECOND)
/* With pins, which outlive a daemon: the watchdog's 15 s, a restart, and the state of a million flows, twice.
 */
#define ALIVE_PINNED_NS (60 * QW_NS_PER_SECOND)
#define LOOK_NS (10 * QW_NS_PER_SECOND) /* between two choices of places without news */
#define ROUND_MS 100                    /* between two looks at timers */
#define NEWS_MS 5                       /* between two looks at news */
#define FIGURES 64
#define PORTS 64 /* more than the program can be attached to */

static bool is_open(const struct fast_path *fast_path)
{
    return atomic_load_explicit(&fast_path->open, memory_order_relaxed);
}

static void harvest(struct fast_path *fast_path, struct flow_path_figures *figures, size_t count,
                    struct qw_time now)
{
    if (count > 0)
        engine_harvest(fast_path->engine, figures, count, now);
}

/* ---- events ---- */

/* What was put for a flow that ended meanwhile goes before it forwarded anything. */
static void settle(struct fast_path *fast_path, const struct flow_path *path, struct qw_time now)
{
    struct flow_path_figures figures;
    if (engine_path_stands(fast_path->engine, path->id, &path->key))
        offload_settle(fast_path->offload, path->id, now);
    else if (offload_take(fast_path->offload, path->id, now, &figures))
        harvest(fast_path, &figures, 1, now);
}

static void apply(struct fast_path *fast_path, const struct flow_path_event *events, size_t count,
                  struct qw_time now)
{
    struct flow_path_figures figures[EVENTS];
    harvest(fast_path, figures, offload_apply(fast_path->offload, events, count, now, figures), now);
    for (size_t i = 0; i < count; i++)
        if (events[i].kind != FLOW_PATH_END)
            settle(fast_path, &events[i].path, now);
}

static void take(struct fast_path *fast_path, struct qw_time now)
{
    struct flow_path_event events[EVENTS];
    bool resync = false;
    size_t count = engine_paths(fast_path->engine, events, EVENTS, &resync);
    if (resync)
        atomic_store(&fast_path->resync, true);
    if (count > 0)
        apply(fast_path, events, count, now);
    if (count < EVENTS)
        atomic_store_explicit(&fast_path->taken, now.ns, memory_order_relaxed);
}

/* ---- by the workers ---- */

static void try_take(struct fast_path *fast_path, struct qw_time now)
{
    if (pthread_mutex_trylock(&fast_path->lock) != 0)
        return;
    if (fast_path->offload)
        take(fast_path, now);
    pthread_mutex_unlock(&fast_path->lock);
}

static struct qw_time when_empty(void *context)
{
    return fast_queues_empty(context);
}

/* True when flows wait still. */
static bool try_open(struct fast_path *fast_path)
{
    if (pthread_mutex_trylock(&fast_path->lock) != 0)
        return true;
    struct offload *offload = fast_path->offload;
    if (offload && offload_waiting(offload) > 0)
        offload_open(offload, io_now(), when_empty, &fast_path->queues);
    bool waiting = offload && offload_waiting(offload) > 0;
    pthread_mutex_unlock(&fast_path->lock);
    return waiting;
}

bool fast_path_empty(struct fast_path *fast_path, unsigned index, struct qw_time now)
{
    if (!is_open(fast_path))
        return false;
    fast_queues_idle(&fast_path->queues, index);
    try_take(fast_path, now);
    return try_open(fast_path);
}

void fast_path_late(struct fast_path *fast_path, struct qw_time now)
{
    if (!is_open(fast_path))
        return;
    struct qw_time taken = {atomic_load_explicit(&fast_path->taken, memory_order_relaxed)};
    if (qw_time_since(now, taken) < LATE_NS)
        return;
    try_take(fast_path, now);
    try_open(fast_path);
}

/* ---- flows that end ---- */

static bool take_ended(void *context, uint64_t id, struct qw_time now, struct flow_path_figures *figures)
{
    struct fast_path *fast_path = context;
    pthread_mutex_lock(&fast_path->ends);
    bool taken = fast_path->taker && offload_take(fast_path->taker, id, now, figures);
    pthread_mutex_unlock(&fast_path->ends);
    return taken;
}

static void set_taker(struct fast_path *fast_path, struct offload *offload)
{
    pthread_mutex_lock(&fast_path->ends);
    fast_path->taker = offload;
    pthread_mutex_unlock(&fast_path->ends);
}

/* ---- by a thread of its own ---- */

/* Once a resync was said, what the engine has is listed, and what it does not list goes. */
static void list_all(struct fast_path *fast_path, struct qw_time now)
{
    struct flow_path paths[EVENTS];
    struct flow_path_figures figures[EVENTS];
    uint64_t cursor = 0;
    size_t count;
    offload_sweep_begin(fast_path->offload);
    while ((count = engine_paths_all(fast_path->engine, &cursor, now, paths, EVENTS)) > 0)
        for (size_t i = 0; i < count; i++) {
            struct flow_path_event event = {FLOW_PATH_ADD, paths[i]};
            apply(fast_path, &event, 1, now);
        }
    while ((count = offload_sweep(fast_path->offload, now, figures, EVENTS)) > 0)
        harvest(fast_path, figures, count, now);
}

static void ask_timers(struct fast_path *fast_path, struct qw_time now)
{
    struct flow_path_figures figures[FIGURES];
    size_t count;
    while ((count = offload_due(fast_path->offload, now, figures, FIGURES)) > 0)
        harvest(fast_path, figures, count, now);
}

/* Interfaces come, and get other addresses and MTUs, and shapers: within a second it is known. */
static void refresh(struct fast_path *fast_path, struct qw_time now, bool look)
{
    struct offload_stats stats;
    pthread_mutex_lock(&fast_path->linking);
    fast_links_attach(&fast_path->links, fast_path->config->offload, fast_path->offload, look);
    pthread_mutex_unlock(&fast_path->linking);
    fast_drops_look(&fast_path->drops);
    offload_stats(fast_path->offload, &stats);
    if (stats.changes != fast_path->changes)
        atomic_store(&fast_path->resync, true);
    fast_path->changes = stats.changes;
    if (!fast_path->news)
        offload_epoch(fast_path->offload);
    offload_alive(fast_path->offload, qw_time_add(now, fast_path->alive_ns));
}

static void work(struct fast_path *fast_path, struct qw_time now)
{
    pthread_mutex_lock(&fast_path->lock);
    take(fast_path, now);
    if (atomic_exchange(&fast_path->resync, false))
        list_all(fast_path, now);
    offload_find_shut(fast_path->offload, now);
    ask_timers(fast_path, now);
    fast_drops_tell(&fast_path->drops);
    fast_limits_tell(&fast_path->limits);
    pthread_mutex_unlock(&fast_path->lock);
    try_open(fast_path);
}

/* Whatever the news are: what they change is asked for anew. */
static void hear(struct fast_path *fast_path)
{
    netlink_forget(fast_path->news);
    offload_epoch(fast_path->offload);
    fast_drops_look(&fast_path->drops);
}

/* Until the next round. News are heard as they come, or packets would go to the old next hop so long; those
 * that come one after the other are heard together. False: the thread is to end. */
static bool wait_round(struct fast_path *fast_path, bool *heard)
{
    struct pollfd fds[] = {{.fd = fast_path->thread.stop, .events = POLLIN},
                           {.fd = netlink_fd(fast_path->news), .events = POLLIN}};
    uint64_t end_ns = io_now().ns + ROUND_MS * QW_NS_PER_MS;
    for (uint64_t now_ns; (now_ns = io_now().ns) < end_ns;) {
        int left_ms = (int)((end_ns - now_ns + QW_NS_PER_MS - 1) / QW_NS_PER_MS);
        if (poll(fds, 2, left_ms) <= 0)
            continue;
        if (fds[0].revents)
            return false;
        hear(fast_path);
        *heard = true;
        if (poll(fds, 1, NEWS_MS) != 0)
            return false;
    }
    return true;
}

static void *run(void *argument)
{
    struct fast_path *fast_path = argument;
    struct qw_time refreshed = {0}, looked = {0};
    for (bool heard = false; wait_round(fast_path, &heard);) {
        struct qw_time now = io_now();
        if (qw_time_since(now, refreshed) >= QW_NS_PER_SECOND) {
            bool look = heard || qw_time_since(now, looked) >= LOOK_NS;
            refresh(fast_path, now, look);
            refreshed = now;
            looked = look ? now : looked;
            heard = false;
        }
        work(fast_path, now);
    }
    return NULL;
}

static void look_at_all(struct fast_path *fast_path, struct offload *offload)
{
    struct flow_path_figures figures[FIGURES];
    struct qw_time now = io_now();
    uint32_t cursor = 0;
    size_t count;
    while ((count = offload_look(offload, &cursor, now, figures, FIGURES)) > 0)
        harvest(fast_path, figures, count, now);
}

void fast_path_harvest(struct fast_path *fast_path)
{
    if (!is_open(fast_path))
        return;
    pthread_mutex_lock(&fast_path->lock);
    if (fast_path->offload)
        look_at_all(fast_path, fast_path->offload);
    pthread_mutex_unlock(&fast_path->lock);
}

/* ---- life ---- */

/* NULL: next hops are asked for every second. */
static struct mnl_socket *listen_to_news(void)
{
    static const int GROUPS[] = {RTNLGRP_LINK,        RTNLGRP_NEIGH,      RTNLGRP_IPV4_IFADDR,
                                 RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
                                 RTNLGRP_IPV4_RULE,   RTNLGRP_IPV6_RULE};
    return netlink_listen(NETLINK_ROUTE, GROUPS, sizeof GROUPS / sizeof GROUPS[0]);
}

/* Interfaces that left the configuration: an earlier daemon attached the program there. */
static void detach_others(struct fast_path *fast_path)
{
    struct offload_port_report ports[PORTS];
    unsigned count = offload_ports(fast_path->offload, ports, PORTS);
    for (unsigned i = 0; i < count; i++)
        if (!fast_links_has(&fast_path->links, ports[i].name))
            offload_detach(fast_path->offload, ports[i].name);
}

/* NULL: all packets pass the queue, and nothing of an earlier daemon's goes around it. */
static struct offload *open_offload(const struct config *config, struct offload_pins *pins)
{
    char error[OFFLOAD_ERROR_MAX];
    struct offload_options options = {
        .flows_max = config->flows_max, .limits = fast_limits_room(config), .spin = config->offload_spin};
    struct offload *offload = offload_new_for(&options, pins, io_now(), error);
    if (offload)
        return offload;
    fast_pins_clear(pins, config);
    qw_log(QW_LOG_WARNING, "offload: %s; all packets pass the queue", error);
    return NULL;
}

/* What an earlier daemon left is matched with flows before one could end, or begin. */
static void begin(struct fast_path *fast_path)
{
    struct offload_stats stats;
    offload_stats(fast_path->offload, &stats);
    fast_path->alive_ns = stats.pinned ? ALIVE_PINNED_NS : ALIVE_NS;
    fast_limits_start(&fast_path->limits, fast_path->engine, fast_path->offload);
    fast_pins_recover(fast_path->offload, fast_path->engine);
    fast_drops_start(&fast_path->drops, fast_path->engine, fast_path->offload, fast_path->config);
    refresh(fast_path, io_now(), true);
    detach_others(fast_path);
    offload_epoch(fast_path->offload);
    set_taker(fast_path, fast_path->offload);
    engine_paths_taker(fast_path->engine, take_ended, fast_path);
    atomic_store(&fast_path->resync, true);
}

static void give_up(struct fast_path *fast_path)
{
    struct offload *offload = fast_path->offload;
    fast_drops_end(&fast_path->drops);
    fast_limits_end(&fast_path->limits);
    set_taker(fast_path, NULL);
    fast_path->offload = NULL;
    offload_free(offload);
}

void fast_path_start(struct fast_path *fast_path, struct engine *engine, const struct config *config,
                     struct offload_pins *pins)
{
    pthread_mutex_init(&fast_path->lock, NULL);
    pthread_mutex_init(&fast_path->ends, NULL);
    pthread_mutex_init(&fast_path->linking, NULL);
    fast_links_start(&fast_path->links, config);
    fast_queues_start(&fast_path->queues, queue_longest(config));
    fast_path->engine = engine;
    fast_path->config = config;
    if (config->offload == CONFIG_OFFLOAD_OFF)
        fast_pins_clear(pins, config);
    else
        fast_path->offload = open_offload(config, pins);
    if (!fast_path->offload)
        return;
    fast_path->news = listen_to_news();
    begin(fast_path);
    int problem = side_thread_start(&fast_path->thread, run, fast_path);
    if (problem == 0) {
        atomic_store(&fast_path->open, true);
        return;
    }
    qw_log(QW_LOG_WARNING, "offload: no thread: %s; all packets pass the queue", strerror(problem));
    give_up(fast_path);
}

static void say_figures(struct offload *offload)
{
    struct offload_stats stats;
    const char *text;
    struct offload_count forwarded = {0};
    struct offload_dropped dropped = offload_dropped(offload);
    offload_stats(offload, &stats);
    offload_why(offload, NULL, OFFLOAD_FORWARDED, &text, &forwarded);
    qw_log(QW_LOG_INFO, "offload: %" PRIu64 " flows put, %" PRIu64 " packets forwarded, %" PRIu64 " dropped",
           stats.put, forwarded.packets, dropped.no_mapping + dropped.no_flow);
}

/* What was counted still goes to the flows. Until the last entry is gone those that end are taken first. */
static void take_all(struct fast_path *fast_path, struct offload *offload)
{
    struct flow_path_figures figures[FIGURES];
    size_t count;
    offload_sweep_begin(offload);
    while ((count = offload_sweep(offload, io_now(), figures, FIGURES)) > 0)
        harvest(fast_path, figures, count, io_now());
    set_taker(fast_path, NULL);
    offload_free(offload);
}

/* The next process is told by the entries themselves what they count from here on. */
static void leave_all(struct fast_path *fast_path, struct offload *offload)
{
    look_at_all(fast_path, offload);
    offload_alive(offload, qw_time_add(io_now(), fast_path->alive_ns));
    set_taker(fast_path, NULL);
    offload_leave(offload);
}

void fast_path_close(struct fast_path *fast_path, bool stays)
{
    atomic_store(&fast_path->open, false);
    side_thread_end(&fast_path->thread);
    pthread_mutex_lock(&fast_path->lock);
    struct offload *offload = fast_path->offload;
    fast_path->offload = NULL;
    pthread_mutex_unlock(&fast_path->lock);
    if (!offload)
        return;
    fast_drops_end(&fast_path->drops);
    fast_limits_end(&fast_path->limits);
    say_figures(offload);
    if (stays)
        leave_all(fast_path, offload);
    else
        take_all(fast_path, offload);
    netlink_close(fast_path->news);
    fast_path->news = NULL;
}

void fast_path_end(struct fast_path *fast_path)
{
    if (fast_path->engine)
        engine_paths_taker(fast_path->engine, NULL, NULL);
    pthread_mutex_destroy(&fast_path->ends);
    pthread_mutex_destroy(&fast_path->linking);
    pthread_mutex_destroy(&fast_path->lock);
}
