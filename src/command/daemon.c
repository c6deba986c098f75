#include "daemon.h"
#include "closed.h"
#include "feeder.h"
#include <assert.h>
#include <errno.h>
#include <quicward/base/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool fail(const char *text)
{
    qw_log(QW_LOG_ERROR, "%s", text);
    return false;
}

/* A room's result, whose message is in `error` only for what the system refused. */
static bool check(enum qw_error result, const char *what, const struct io_error *error)
{
    if (result == QW_OK)
        return true;
    if (error->text[0])
        return fail(error->text);
    qw_log(QW_LOG_ERROR, "%s: %s", what, qw_error_text(result));
    return false;
}

static bool load_config(struct daemon *daemon)
{
    enum qw_error result = config_load(daemon->path, stderr, &daemon->config);
    if (result == QW_ERR_INVALID)
        daemon->failure = COMMAND_CONFIG;
    if (result == QW_ERR_NO_MEMORY)
        return fail(qw_error_text(result));
    if (result == QW_OK)
        qw_log_set_level(daemon->config->log_level);
    else
        closed_by_known(daemon->path, CLOSED_BETWEEN);
    return result == QW_OK;
}

static void free_config(struct daemon *daemon)
{
    config_free(daemon->config);
    config_free(daemon->reloaded);
    daemon->reloaded = NULL;
}

/* As the last reload left it. */
static const struct config *current(const struct daemon *daemon)
{
    return daemon->reloaded ? daemon->reloaded : daemon->config;
}

/* Only mode nat has something to keep. */
static bool keeps_secret(const struct config *config)
{
    return config->mode == CONFIG_NAT && strcmp(config->secret, CONFIG_NO_SECRET) != 0;
}

/* What fails before there are rules must not let UDP pass. */
static bool or_closed(struct daemon *daemon, bool started)
{
    if (!started)
        closed_by_known(daemon->path, CLOSED_BETWEEN);
    return started;
}

/* The files are root's: they are read before the daemon becomes another user. */
static bool load_secret(struct daemon *daemon)
{
    struct io_error error = {0};
    bool read = !keeps_secret(daemon->config) ||
                check(io_secret(daemon->config->secret, &daemon->secret, &error), "secret", &error);
    return or_closed(
        daemon, read && check(pair_read(daemon->config, &daemon->pair, &error), "cluster.password", &error));
}

static void forget_secret(struct daemon *daemon)
{
    explicit_bzero(&daemon->pair.password, sizeof(daemon->pair.password));
    explicit_bzero(&daemon->secret, sizeof(daemon->secret));
}

static bool prepare_engine(struct daemon *daemon)
{
    struct io_error error = {0};
    const struct engine_options options = {.config = daemon->config,
                                           .errors = stderr,
                                           .kept = keeps_secret(daemon->config) ? &daemon->secret : NULL,
                                           .now = io_now(),
                                           .paths = daemon->config->offload != CONFIG_OFFLOAD_OFF,
                                           .mirror = config_has_cluster(daemon->config)};
    enum qw_error result = io_state_prepare(&options, &daemon->engine, &daemon->state, &error);
    if (result == QW_ERR_INVALID)
        daemon->failure = COMMAND_CONFIG;
    return check(result, "engine", &error);
}

static void free_engine(struct daemon *daemon)
{
    engine_free(daemon->engine);
    io_state_close(daemon->state);
}

static bool take_state(struct daemon *daemon)
{
    struct io_error error = {0};
    io_pins_recall(daemon->pins, daemon->engine);
    if (!check(io_state_take(daemon->state, daemon->engine, io_now(), &error), "state", &error))
        return false;
    io_keeper_tell(daemon->keeper, daemon->engine);
    return true;
}

static void leave_state(struct daemon *daemon)
{
    io_keeper_tell(daemon->keeper, NULL);
}

static bool start_queues(struct daemon *daemon)
{
    struct io_error error = {0};
    bool started = check(io_queues_start(daemon->engine, daemon->config, daemon->stand_in, &daemon->handed,
                                         daemon->pins, &daemon->queues, &error),
                         "queues", &error);
    if (started && daemon->handed.stopped.ns)
        qw_log(QW_LOG_INFO, "took over: packets waited for %llu ms",
               (unsigned long long)(qw_time_since(io_now(), daemon->handed.stopped) / QW_NS_PER_MS));
    io_handover_close(&daemon->handed);
    return started;
}

static void stop_queues(struct daemon *daemon)
{
    io_queues_stop(daemon->queues);
}

static bool start_feeder(struct daemon *daemon)
{
    daemon->feeder = feeder_start(daemon->queues, daemon->config->queue_first);
    if (!daemon->feeder)
        qw_log(QW_LOG_ERROR, "no thread to watch the workers: %s", strerror(errno));
    return daemon->feeder || daemon->taking_over;
}

static void stop_feeder(struct daemon *daemon)
{
    feeder_stop(daemon->feeder);
    daemon->feeder = NULL;
}

static bool start_watch(struct daemon *daemon)
{
    struct io_error error = {0};
    return check(io_watch_start(daemon->engine, daemon->config, &daemon->watch, &error), "router", &error);
}

static void stop_watch(struct daemon *daemon)
{
    io_watch_stop(daemon->watch);
}

static bool start_pair(struct daemon *daemon)
{
    struct io_error error = {0};
    return check(pair_start(&daemon->pair, daemon->config, daemon->secret, daemon->engine, &error), "cluster",
                 &error);
}

static void stop_pair(struct daemon *daemon)
{
    pair_stop(&daemon->pair);
}

static bool cluster_for_client(void *context, int active, const char *name, struct peer_stats *out)
{
    struct daemon *daemon = context;
    bool set = active < 0 || peer_set(daemon->pair.peer, name, active > 0);
    peer_stats(daemon->pair.peer, out);
    return set;
}

static bool start_inside(struct daemon *daemon)
{
    struct io_error error = {0};
    return check(io_inside_start(daemon->engine, daemon->config, &daemon->inside, &error), "routes inside",
                 &error);
}

static void stop_inside(struct daemon *daemon)
{
    io_inside_stop(daemon->inside);
}

static bool reload_for_client(void *context, FILE *errors)
{
    return daemon_reload(context, errors);
}

static void rules_for_client(void *context, struct io_rules_stats *out)
{
    const struct daemon *daemon = context;
    io_keeper_stats(daemon->keeper, out);
}

static bool make_veils(struct daemon *daemon)
{
    return or_closed(daemon, veils_make(daemon->config, &daemon->veils));
}

static void free_veils(struct daemon *daemon)
{
    veils_free(&daemon->veils);
}

static unsigned sinks_for_client(void *context, struct control_sink_stats out[static CONTROL_SINKS_MAX])
{
    const struct daemon *daemon = context;
    return control_sinks_stats(daemon->sinks, out);
}

static bool start_sinks(struct daemon *daemon)
{
    struct io_error error = {0};
    return check(
        control_sinks_start(daemon->config, daemon->engine, daemon->veils.written, &daemon->sinks, &error),
        "events", &error);
}

static void stop_sinks(struct daemon *daemon)
{
    control_sinks_stop(daemon->sinks);
}

static bool start_control(struct daemon *daemon)
{
    struct io_error error = {0};
    const struct control_handlers handlers = {.context = daemon,
                                              .reload = reload_for_client,
                                              .rules = rules_for_client,
                                              .cluster = daemon->pair.peer ? cluster_for_client : NULL,
                                              .mode = daemon->config->control_mode,
                                              .group = daemon->config->control_group,
                                              .veil = daemon->veils.shown,
                                              .sinks = sinks_for_client};
    return check(control_server_start(daemon->config->control, daemon->engine, daemon->queues, &handlers,
                                      &daemon->control, &error),
                 "control socket", &error);
}

static void stop_control(struct daemon *daemon)
{
    control_server_stop(daemon->control);
}

/* Once another has let go, a router goes on without metrics or records rather than not at all. */
static bool spare_done(struct daemon *daemon, enum qw_error result, const char *what,
                       const struct io_error *error)
{
    return check(result, what, error) || daemon->taking_over;
}

static bool start_ipfix(struct daemon *daemon)
{
    struct io_error error = {0};
    enum qw_error result = ipfix_open(daemon->config, &daemon->ipfix, &error);
    if (result == QW_OK)
        result = ipfix_start(daemon->ipfix, daemon->engine, &error);
    return spare_done(daemon, result, "nat.ipfix", &error);
}

static void stop_ipfix(struct daemon *daemon)
{
    ipfix_stop(daemon->ipfix);
    daemon->ipfix = NULL;
}

static bool open_metrics(struct daemon *daemon)
{
    struct io_error error = {0};
    enum qw_error result = metrics_open(daemon->config->metrics, &daemon->metrics, &error);
    return spare_done(daemon, result, "metrics", &error);
}

static void close_metrics(struct daemon *daemon)
{
    metrics_close(daemon->metrics);
    daemon->metrics = NULL;
}

static bool start_metrics(struct daemon *daemon)
{
    struct io_error error = {0};
    struct metrics_source source = {.version = QUICWARD_VERSION,
                                    .engine = daemon->engine,
                                    .ipfix = daemon->ipfix,
                                    .peer = daemon->pair.peer,
                                    .queues = daemon->queues,
                                    .rules = rules_for_client,
                                    .context = daemon};
    const char *instance = daemon->config->instance;
    snprintf(source.instance, sizeof source.instance, "%s", *instance ? instance : CONFIG_INSTANCE_DEFAULT);
    return spare_done(daemon, metrics_start(daemon->metrics, &source, &error), "metrics", &error);
}

static bool take_instance(struct daemon *daemon)
{
    struct io_error error = {0};
    return check(io_instance_take(daemon->config, &daemon->instance, &error), "instance", &error);
}

/* The one that runs lets go only now. Of what it hands over the instance is ours at once, the queues when
 * they are started. */
static bool take_over_instance(struct daemon *daemon)
{
    struct io_error error = {0};
    if (!check(io_handover_ask(daemon->config, &daemon->handed, &error), "taking over", &error))
        return false;
    daemon->taking_over = true;
    daemon->instance = daemon->handed.instance;
    daemon->handed.instance = -1;
    return true;
}

static void release_instance(struct daemon *daemon)
{
    io_handover_close(&daemon->handed);
    io_instance_release(daemon->instance);
}

/* That it cannot be had is no reason not to start. */
static bool start_stand_in(struct daemon *daemon)
{
    daemon->stand_in = io_stand_in_start(daemon->config);
    return true;
}

static void stop_stand_in(struct daemon *daemon)
{
    io_stand_in_stop(daemon->stand_in);
}

static bool start_helper(struct daemon *daemon)
{
    struct io_error error = {0};
    return or_closed(daemon,
                     check(io_helper_start(daemon->config, &daemon->helper, &error), "helper", &error));
}

static void stop_helper(struct daemon *daemon)
{
    io_helper_stop(daemon->helper);
}

/* Only who starts the daemon may be able to come to the folder. */
static bool open_pins(struct daemon *daemon)
{
    daemon->pins = io_pins_open(daemon->config);
    return true;
}

static void close_pins(struct daemon *daemon)
{
    offload_pins_close(daemon->pins);
}

static bool drop_privileges(struct daemon *daemon)
{
    struct io_error error = {0};
    enum qw_error result = io_privileges_drop(daemon->config, &error);
    if (result == QW_ERR_INVALID)
        daemon->failure = COMMAND_CONFIG;
    return or_closed(daemon, check(result, "privileges", &error));
}

static bool install_filter(struct daemon *daemon)
{
    struct io_error error = {0};
    return check(io_filter_install(daemon->config, &error), "seccomp", &error);
}

/* Privileges that are gone do not come back. */
static void keep_as_is(struct daemon *daemon)
{
    (void)daemon;
}

static void remove_rules(struct daemon *daemon)
{
    struct io_error error = {0};
    if (io_rules_apply(daemon->config, daemon->backend, true, &error) != QW_OK)
        qw_log(QW_LOG_WARNING, "the kernel rules stay: %s", error.text);
}

static bool may_pass(const struct config *config)
{
    return config->mode == CONFIG_MONITOR ||
           (config->mode == CONFIG_FIREWALL && config->when_down == CONFIG_DOWN_PASS);
}

/* What stays without a daemon is what queue.when_down says. */
static void end_rules(struct daemon *daemon)
{
    io_keeper_stop(daemon->keeper);
    daemon->keeper = NULL;
    if (!daemon->config->manage_rules || daemon->leaving)
        return;
    if (may_pass(daemon->config))
        remove_rules(daemon);
    else
        qw_log(
            QW_LOG_INFO,
            "the kernel rules stay and drop; \"quicward rules --remove\" prints a script that removes them");
}

/* What left nat.external before a crash, and has mappings still, gets its packets from the first moment on.
 */
static struct config with_left(const struct config *config)
{
    struct qw_addr left[NAT_ADDRESSES_MAX];
    struct config wide = *config;
    unsigned count =
        config->mode == CONFIG_NAT && !config->external_auto ? io_state_addresses(config, left) : 0;
    for (unsigned i = 0; i < count && wide.external_count < CONFIG_EXTERNAL_MAX; i++) {
        unsigned known = 0;
        while (known < wide.external_count && !qw_addr_equal(&wide.external[known], &left[i]))
            known++;
        if (known == wide.external_count)
            wide.external[wide.external_count++] = left[i];
    }
    return wide;
}

/* Rules that fail half way must not stay where packets may pass. Elsewhere those that stood before do. */
static bool start_rules(struct daemon *daemon)
{
    struct io_error error = {0};
    const struct config wide = with_left(daemon->config);
    if (daemon->config->manage_rules &&
        !check(io_rules_choose(daemon->config, &daemon->backend, &error), "kernel rules", &error))
        return false;
    if (check(io_keeper_start(&wide, daemon->backend, &daemon->keeper, &error), "kernel rules", &error)) {
        io_keeper_tell(daemon->keeper, daemon->engine);
        return true;
    }
    if (daemon->config->manage_rules && may_pass(daemon->config))
        remove_rules(daemon);
    return false;
}

struct startup_step {
    bool (*start)(struct daemon *daemon);
    void (*stop)(struct daemon *daemon);
};

/* In this order: the rules come before everything that can fail, so that UDP does not pass meanwhile. A
 * second daemon fails at the instance, before it touches the rules that the first one needs. The processes
 * beside this one are made before there is any thread, and before privileges go, which every thread has its
 * own of. */
static const struct startup_step STEPS[] = {
    {load_config, free_config},    {take_instance, release_instance}, {start_stand_in, stop_stand_in},
    {start_helper, stop_helper},   {load_secret, forget_secret},      {make_veils, free_veils},
    {open_pins, close_pins},       {drop_privileges, keep_as_is},     {start_rules, end_rules},
    {open_metrics, close_metrics}, {prepare_engine, free_engine},     {take_state, leave_state},
    {start_ipfix, stop_ipfix},     {start_inside, stop_inside},       {start_watch, stop_watch},
    {start_pair, stop_pair},       {start_queues, stop_queues},       {start_feeder, stop_feeder},
    {start_sinks, stop_sinks},     {start_control, stop_control},     {start_metrics, close_metrics},
    {install_filter, keep_as_is},
};

/* The rules of the one before stand, and packets wait: what takes long comes before it lets go, or after they
 * go on. */
static const struct startup_step TAKEOVER[] = {
    {load_config, free_config},    {start_stand_in, stop_stand_in}, {start_helper, stop_helper},
    {load_secret, forget_secret},  {make_veils, free_veils},        {open_pins, close_pins},
    {drop_privileges, keep_as_is}, {prepare_engine, free_engine},   {take_over_instance, release_instance},
    {take_state, leave_state},     {start_ipfix, stop_ipfix},       {start_inside, stop_inside},
    {start_watch, stop_watch},     {start_pair, stop_pair},         {start_queues, stop_queues},
    {start_feeder, stop_feeder},   {start_rules, end_rules},        {start_sinks, stop_sinks},
    {start_control, stop_control}, {open_metrics, close_metrics},   {start_metrics, close_metrics},
    {install_filter, keep_as_is},
};

#define STEP_COUNT (sizeof(STEPS) / sizeof(STEPS[0]))
static_assert(sizeof(TAKEOVER) == sizeof(STEPS), "both orders have all steps");

static void undo(struct daemon *daemon, const struct startup_step *steps, size_t started)
{
    while (started-- > 0)
        steps[started].stop(daemon);
}

/* Which order it is to be. A configuration that cannot be read fails in either. */
static const struct startup_step *choose_steps(struct daemon *daemon, bool take_over)
{
    struct config *config = NULL;
    if (!take_over)
        return STEPS;
    enum qw_error result = config_load(daemon->path, stderr, &config);
    if (result == QW_ERR_INVALID)
        daemon->failure = COMMAND_CONFIG;
    if (result != QW_OK)
        return NULL;
    const struct startup_step *steps = io_instance_held(config) ? TAKEOVER : STEPS;
    struct io_error error = {0};
    if (steps == STEPS)
        qw_log(QW_LOG_INFO, "no daemon runs that could be taken over from");
    else if (!check(io_handover_check(config, &error), "taking over", &error))
        steps = NULL;
    config_free(config);
    return steps;
}

static void tell(struct daemon *daemon, enum engine_event_kind kind)
{
    struct engine_event event = {.kind = kind, .time = io_now()};
    snprintf(event.text, sizeof(event.text), "%s", daemon->path);
    engine_tell(daemon->engine, &event);
}

/* Who follows the events asks four times a second: the last one shall be read before nobody answers. Packets
 * are handled meanwhile. */
#define FAREWELL_NS (400 * QW_NS_PER_MS)

static void say_farewell(struct daemon *daemon)
{
    const struct timespec pause = {.tv_nsec = FAREWELL_NS};
    tell(daemon, ENGINE_EVENT_STOPPED);
    if (control_server_is_followed(daemon->control))
        nanosleep(&pause, NULL);
}

/* Those that left are for none. */
static void put_addresses(struct config *config, const struct config *from, const struct qw_addr *addresses,
                          unsigned count)
{
    config->external_count = count;
    for (unsigned i = 0; i < count; i++) {
        config->external[i] = addresses[i];
        config->external_uplink[i] = 0;
        for (unsigned n = 0; n < from->external_count; n++)
            if (qw_addr_equal(&from->external[n], &addresses[i]))
                config->external_uplink[i] = from->external_uplink[n];
    }
}

/* The rules are for the addresses that stand for hosts inside now. With "auto" all addresses of the router
 * count as external ones. With `reloading` held, or at the start. */
static bool follow_addresses(struct daemon *daemon)
{
    struct qw_addr addresses[NAT_ADDRESSES_MAX];
    struct config now = *current(daemon);
    if (now.mode != CONFIG_NAT)
        return true;
    if (!now.external_auto)
        put_addresses(&now, current(daemon), addresses, engine_addresses(daemon->engine, addresses));
    return io_keeper_change(daemon->keeper, &now);
}

void daemon_look(struct daemon *daemon)
{
    pthread_mutex_lock(&daemon->reloading);
    follow_addresses(daemon);
    pthread_mutex_unlock(&daemon->reloading);
}

bool daemon_start(struct daemon *daemon, const char *path, bool take_over)
{
    *daemon = (struct daemon){.path = path,
                              .failure = COMMAND_FAILED,
                              .instance = -1,
                              .handed = {.instance = -1},
                              .reloading = PTHREAD_MUTEX_INITIALIZER};
    const struct startup_step *steps = choose_steps(daemon, take_over);
    if (!steps)
        return false;
    for (size_t i = 0; i < STEP_COUNT; i++)
        if (!steps[i].start(daemon)) {
            undo(daemon, steps, i);
            return false;
        }
    follow_addresses(daemon);
    tell(daemon, ENGINE_EVENT_STARTED);
    return true;
}

void daemon_stop(struct daemon *daemon)
{
    say_farewell(daemon);
    undo(daemon, STEPS, STEP_COUNT);
}

/* Nothing of it works any more when the next one is told, so neither two keepers of rules nor two writers of
 * the state meet. */
bool daemon_hand_over(struct daemon *daemon, int to)
{
    struct io_handover handed = {.instance = daemon->instance};
    struct io_error error = {0};
    daemon->leaving = true;
    close_metrics(daemon);
    stop_control(daemon);
    stop_sinks(daemon);
    free_veils(daemon);
    leave_state(daemon);
    end_rules(daemon);
    stop_watch(daemon);
    stop_inside(daemon);
    stop_feeder(daemon);
    io_queues_release(daemon->queues, &handed);
    stop_stand_in(daemon);
    stop_helper(daemon);
    io_state_let_go(daemon->state);
    bool sent = check(io_handover_send(to, &handed, &error), "handing over", &error);
    io_handover_close(&handed);
    stop_ipfix(daemon); /* what happened until now is told; the next one has its own events */
    free_engine(daemon);
    close_pins(daemon);
    free_config(daemon);
    return sent;
}

/* `config` has no errors of its own. */
static bool apply(struct daemon *daemon, const struct config *config, FILE *errors)
{
    if (config_fixed_differences(daemon->config, config, daemon->path, errors) > 0)
        return false;
    enum qw_error result = engine_reload(daemon->engine, config, errors);
    if (result == QW_ERR_INVALID)
        return false;
    if (result != QW_OK) {
        fprintf(errors, "%s: %s\n", daemon->path, qw_error_text(result));
        return false;
    }
    qw_log_set_level(config->log_level);
    qw_log(QW_LOG_INFO, "read %s again", daemon->path);
    return true;
}

/* Owned by the daemon from now on. */
static void take(struct daemon *daemon, struct config *config, FILE *errors)
{
    config_free(daemon->reloaded);
    daemon->reloaded = config;
    io_watch_change(daemon->watch, config);
    pair_change(&daemon->pair, config);
    if (!follow_addresses(daemon))
        fprintf(errors, "the kernel rules cannot be changed yet; the log says why\n");
}

/* A reload that changes nothing else is also how an operator asks for the rules. */
static bool restore_rules(struct daemon *daemon, FILE *errors)
{
    if (io_keeper_restore(daemon->keeper))
        return true;
    fprintf(errors, "the kernel rules cannot be put back; the log says why\n");
    return false;
}

/* `errors` takes one line a mistake. */
static bool reload(struct daemon *daemon, FILE *errors)
{
    struct config *config;
    pthread_mutex_lock(&daemon->reloading);
    enum qw_error result = config_load(daemon->path, errors, &config);
    if (result == QW_ERR_NO_MEMORY)
        fprintf(errors, "%s: %s\n", daemon->path, qw_error_text(result));
    bool taken = result == QW_OK && apply(daemon, config, errors);
    if (taken)
        take(daemon, config, errors);
    else
        config_free(config);
    pthread_mutex_unlock(&daemon->reloading);
    tell(daemon, taken ? ENGINE_EVENT_RELOADED : ENGINE_EVENT_RELOAD_REFUSED);
    bool standing = restore_rules(daemon, errors);
    return taken && standing;
}

/* More mistakes than that are no news for the log. */
#define LOGGED_MAX 40u

static void log_lines(char *text)
{
    unsigned lines = 0;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (++lines <= LOGGED_MAX)
            qw_log(QW_LOG_ERROR, "reload: %s", line);
    if (lines > LOGGED_MAX)
        qw_log(QW_LOG_ERROR, "reload: and %u more", lines - LOGGED_MAX);
}

bool daemon_reload(struct daemon *daemon, FILE *errors)
{
    char *text = NULL;
    size_t len = 0;
    FILE *both = open_memstream(&text, &len);
    if (!both) {
        qw_log(QW_LOG_ERROR, "reload: %s", strerror(errno));
        return false;
    }
    bool done = reload(daemon, both);
    bool whole = fclose(both) == 0;
    if (whole && errors)
        fputs(text, errors);
    if (whole)
        log_lines(text);
    free(text);
    return done;
}
