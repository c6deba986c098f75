/* What of the fast path outlives the daemon: where it is pinned, and how the next daemon goes on with it. */
#include "fast_pins.h"
#include "privileges.h"
#include <inttypes.h>
#include <quicward/base/log.h>
#include <quicward/io.h>
#include <string.h>

#define FIGURES 64

static bool wanted(const struct config *config)
{
    return config->offload_pins[0] != '\0' && strcmp(config->offload_pins, CONFIG_NO_PINS) != 0;
}

static const char *instance_of(const struct config *config)
{
    return config->instance[0] ? config->instance : CONFIG_INSTANCE_DEFAULT;
}

/* A path of a configuration may have any sign but NUL: none of them ends the quotes. */
static void print_quoted(const char *text, FILE *out)
{
    putc('\'', out);
    for (; *text; text++)
        fputs(*text == '\'' ? "'\\''" : (char[]){*text, '\0'}, out);
    putc('\'', out);
}

void io_pins_remove_print(const struct config *config, FILE *out)
{
    if (!wanted(config))
        return;
    fputs("\n# What forwards without a daemon.\nrm -rf ", out);
    print_quoted(config->offload_pins, out);
    fprintf(out, "/%s\n", instance_of(config));
}

struct offload_pins *io_pins_open(const struct config *config)
{
    char error[OFFLOAD_ERROR_MAX];
    struct privileges_user user;
    struct io_error ignored;
    if (!wanted(config) || privileges_user_find(config, &user, &ignored) != QW_OK)
        return NULL;
    const struct offload_pins_for who = {
        .instance = instance_of(config), .user = user.uid, .make = config->offload != CONFIG_OFFLOAD_OFF};
    struct offload_pins *pins = offload_pins_open(config->offload_pins, &who, error);
    if (!pins && error[0])
        qw_log(QW_LOG_WARNING, "offload_pins: %s; what goes fast will end with this process", error);
    return pins;
}

static struct qw_time seen(void *context, const struct qw_tuple *up)
{
    return offload_pins_seen(context, up, io_now());
}

void io_pins_recall(struct offload_pins *pins, struct engine *engine)
{
    if (pins && offload_pins_look(pins))
        engine_paths_recall(engine, seen, pins);
}

void fast_pins_clear(struct offload_pins *pins, const struct config *config)
{
    if (pins && !offload_pins_clear(pins))
        qw_log(
            QW_LOG_ERROR,
            "offload_pins: what an earlier daemon left in %s cannot be removed; its flows may be forwarded "
            "for a minute after its end",
            config->offload_pins);
}

static bool adopt(void *context, struct flow_path *path)
{
    return engine_path_adopt(context, path);
}

static void say(struct offload *offload)
{
    struct offload_stats stats;
    offload_stats(offload, &stats);
    if (stats.removed)
        qw_log(QW_LOG_INFO, "offload: what an earlier daemon left is of another kind and was removed");
    if (stats.recovered > 0 || stats.strangers > 0)
        qw_log(QW_LOG_INFO,
               "offload: %" PRIu64 " flows of an earlier daemon go on, %" PRIu64 " entries removed",
               stats.recovered, stats.strangers);
}

void fast_pins_recover(struct offload *offload, struct engine *engine)
{
    struct flow_path_figures figures[FIGURES];
    while (offload_recovers(offload)) {
        struct qw_time now = io_now();
        size_t count = offload_recover(offload, adopt, engine, now, figures, FIGURES);
        if (count > 0)
            engine_harvest(engine, figures, count, now);
    }
    say(offload);
}
