#include "daemon.h"
#include <quicward/base/log.h>

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
    if (result == QW_ERR_NO_MEMORY)
        return fail(qw_error_text(result));
    if (result == QW_OK)
        qw_log_set_level(daemon->config->log_level);
    return result == QW_OK;
}

static void free_config(struct daemon *daemon)
{
    config_free(daemon->config);
}

static bool start_engine(struct daemon *daemon)
{
    const struct engine_options options = {
        .config = daemon->config, .errors = stderr, .secret = io_random_key(), .now = io_now()};
    const struct io_error silent = {0};
    return check(engine_new(&options, &daemon->engine), "engine", &silent);
}

static void stop_engine(struct daemon *daemon)
{
    engine_free(daemon->engine);
}

static bool start_queues(struct daemon *daemon)
{
    struct io_error error = {0};
    return check(io_queues_start(daemon->engine, daemon->config, &daemon->queues, &error), "queues", &error);
}

static void stop_queues(struct daemon *daemon)
{
    io_queues_stop(daemon->queues);
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

static bool reload_for_client(void *context, FILE *errors)
{
    return daemon_reload(context, errors);
}

static bool start_control(struct daemon *daemon)
{
    struct io_error error = {0};
    const struct control_handlers handlers = {.context = daemon, .reload = reload_for_client};
    return check(control_server_start(daemon->config->control, daemon->engine, daemon->queues, &handlers,
                                      &daemon->control, &error),
                 "control socket", &error);
}

static void stop_control(struct daemon *daemon)
{
    control_server_stop(daemon->control);
}

static void remove_rules(struct daemon *daemon)
{
    struct io_error error = {0};
    if (io_rules_apply(daemon->config, daemon->backend, true, &error) != QW_OK)
        qw_log(QW_LOG_WARNING, "the kernel rules stay: %s", error.text);
}

/* Without them a router would send inside addresses to the outside: in mode nat they stay, and drop. */
static void end_rules(struct daemon *daemon)
{
    if (!daemon->config->manage_rules)
        return;
    if (daemon->config->mode != CONFIG_NAT)
        remove_rules(daemon);
    else
        qw_log(QW_LOG_INFO, "the kernel rules stay and drop; \"quicward rules --remove\" takes them away");
}

/* Rules that fail halfway must not stay: without a daemon they could drop everything. In mode nat that is
 * what rules which stood before are for, and the script takes away only its own. */
static bool apply_rules(struct daemon *daemon)
{
    struct io_error error = {0};
    if (!daemon->config->manage_rules)
        return true;
    daemon->backend = io_rules_backend(daemon->config);
    if (check(io_rules_apply(daemon->config, daemon->backend, false, &error), "kernel rules", &error))
        return true;
    if (daemon->config->mode != CONFIG_NAT)
        remove_rules(daemon);
    return false;
}

/* In this order. A second daemon fails at the queues, or with other queues at the control socket: before it
 * touches the rules that the first one needs. */
static const struct step {
    bool (*start)(struct daemon *daemon);
    void (*stop)(struct daemon *daemon);
} STEPS[] = {
    {load_config, free_config},    {start_engine, stop_engine}, {start_queues, stop_queues},
    {start_control, stop_control}, {start_watch, stop_watch},   {apply_rules, end_rules},
};

#define STEP_COUNT (sizeof(STEPS) / sizeof(STEPS[0]))

static void undo(struct daemon *daemon, size_t started)
{
    while (started-- > 0)
        STEPS[started].stop(daemon);
}

bool daemon_start(struct daemon *daemon, const char *path)
{
    *daemon = (struct daemon){.path = path};
    for (size_t i = 0; i < STEP_COUNT; i++)
        if (!STEPS[i].start(daemon)) {
            undo(daemon, i);
            return false;
        }
    return true;
}

void daemon_stop(struct daemon *daemon)
{
    undo(daemon, STEP_COUNT);
}

/* `config` has no errors of its own. */
static bool take_over(struct daemon *daemon, const struct config *config, FILE *errors)
{
    const char *key = config_fixed_difference(daemon->config, config);
    if (key) {
        fprintf(errors, "%s: %s cannot change while running; restart quicward\n", daemon->path, key);
        return false;
    }
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

bool daemon_reload(struct daemon *daemon, FILE *errors)
{
    struct config *config;
    enum qw_error result = config_load(daemon->path, errors, &config);
    if (result == QW_ERR_NO_MEMORY)
        fprintf(errors, "%s: %s\n", daemon->path, qw_error_text(result));
    bool taken = result == QW_OK && take_over(daemon, config, errors);
    config_free(config);
    return taken;
}
