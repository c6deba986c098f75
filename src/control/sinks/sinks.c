/* Events from the engine to all sinks. The engine keeps the newest events in bounded rings, so they are read
 * often; a sink has far more room. */
#include "sink.h"
#include "text.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define SYSLOG_PATH "/dev/log"
#define JOURNAL_PATH "/run/systemd/journal/socket"
#define AT_ONCE 64
#define BUSY_MS 10 /* between two looks while events come */
#define QUIET_MS 100
#define PATIENCE_MS 2000 /* for what waits at the end */

struct control_sinks {
    struct engine *engine;
    struct control_veil *veil; /* may be NULL */
    struct sink *all[CONTROL_SINKS_MAX];
    unsigned count;
    uint64_t after; /* number of the last event that was handed on */
    int stop;       /* an eventfd */
    pthread_t thread;
};

static int64_t epoch(void)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    return wall.tv_sec * (int64_t)QW_NS_PER_SECOND + wall.tv_nsec - (int64_t)io_now().ns;
}

static void put_all(struct control_sinks *sinks, const char *line, size_t len, uint64_t missed)
{
    for (unsigned i = 0; i < sinks->count; i++) {
        if (missed)
            sink_miss(sinks->all[i], missed);
        if (len)
            sink_put(sinks->all[i], line, len);
        else
            sink_miss(sinks->all[i], 1);
    }
}

#define LINE_MAX_BYTES 2048

/* One event as a line; numbers have no gaps, so one in them is what the ring lost. */
static void hand_on(struct control_sinks *sinks, const struct engine_event *event, int64_t epoch_ns)
{
    char line[LINE_MAX_BYTES];
    FILE *out = fmemopen(line, sizeof line, "w");
    bool written = out && control_event_json(event, epoch_ns, out);
    long len = out ? ftell(out) : 0;
    if (out && fclose(out) != 0)
        written = false;
    put_all(sinks, line, written && len > 0 ? (size_t)len : 0, event->number - sinks->after - 1);
    sinks->after = event->number;
}

/* All that came; returns how many. */
static uint64_t look(struct control_sinks *sinks)
{
    struct engine_event events[AT_ONCE];
    uint64_t all = 0, after = sinks->after;
    size_t count;
    int64_t epoch_ns = epoch();
    while ((count = engine_events(sinks->engine, &after, events, AT_ONCE)) > 0) {
        for (size_t i = 0; i < count; i++) {
            control_veil_event(sinks->veil, &events[i]);
            hand_on(sinks, &events[i], epoch_ns);
        }
        all += count;
    }
    return all;
}

static void *collect(void *context)
{
    struct control_sinks *sinks = context;
    struct pollfd stop = {.fd = sinks->stop, .events = POLLIN};
    bool busy = true;
    while (poll(&stop, 1, busy ? BUSY_MS : QUIET_MS) <= 0)
        busy = look(sinks) > 0;
    look(sinks);
    return NULL;
}

static enum qw_error add_all(struct control_sinks *sinks, const struct config *config, struct io_error *error)
{
    enum qw_error result = QW_OK;
    struct sink **next = sinks->all;
    if (strcmp(config->events_file, CONFIG_NO_EVENTS) != 0)
        result = sink_file(config->events_file, next++, error);
    if (result == QW_OK && config->events_syslog != CONFIG_NO_SYSLOG)
        result = sink_syslog(SYSLOG_PATH, config->events_syslog, next++, error);
    if (result == QW_OK && config->events_journal)
        result = sink_journal(JOURNAL_PATH, next++, error);
    while (sinks->count < CONTROL_SINKS_MAX && sinks->all[sinks->count])
        sinks->count++;
    return result;
}

static void release(struct control_sinks *sinks)
{
    for (unsigned i = 0; i < sinks->count; i++)
        sink_stop(sinks->all[i], PATIENCE_MS);
    if (sinks->stop >= 0)
        close(sinks->stop);
    free(sinks);
}

static enum qw_error start(struct control_sinks *sinks, const struct config *config, struct io_error *error)
{
    enum qw_error result = add_all(sinks, config, error);
    if (result != QW_OK)
        return result;
    sinks->stop = eventfd(0, EFD_CLOEXEC);
    int failed = sinks->stop < 0 ? errno : pthread_create(&sinks->thread, NULL, collect, sinks);
    if (failed == 0)
        return QW_OK;
    control_say(error, "events: cannot start the thread that hands them on: %s", strerror(failed));
    return QW_ERR_SYSTEM;
}

enum qw_error control_sinks_start(const struct config *config, struct engine *engine,
                                  struct control_veil *veil, struct control_sinks **out,
                                  struct io_error *error)
{
    bool any = strcmp(config->events_file, CONFIG_NO_EVENTS) != 0 ||
               config->events_syslog != CONFIG_NO_SYSLOG || config->events_journal;
    *out = NULL;
    if (!any)
        return QW_OK;
    struct control_sinks *sinks = calloc(1, sizeof *sinks);
    if (!sinks)
        return QW_ERR_NO_MEMORY;
    sinks->engine = engine;
    sinks->veil = veil;
    sinks->stop = -1;
    enum qw_error result = start(sinks, config, error);
    if (result == QW_OK)
        *out = sinks;
    else
        release(sinks);
    return result;
}

void control_sinks_reopen(struct control_sinks *sinks)
{
    for (unsigned i = 0; sinks && i < sinks->count; i++)
        sink_reopen(sinks->all[i]);
}

unsigned control_sinks_stats(struct control_sinks *sinks,
                             struct control_sink_stats out[static CONTROL_SINKS_MAX])
{
    for (unsigned i = 0; sinks && i < sinks->count; i++) {
        pthread_mutex_lock(&sinks->all[i]->lock);
        out[i] = sinks->all[i]->stats;
        pthread_mutex_unlock(&sinks->all[i]->lock);
    }
    return sinks ? sinks->count : 0;
}

void control_sinks_stop(struct control_sinks *sinks)
{
    if (!sinks)
        return;
    eventfd_write(sinks->stop, 1);
    pthread_join(sinks->thread, NULL);
    release(sinks);
}
