#include "sink.h"
#include "text.h"
#include <errno.h>
#include <inttypes.h>
#include <quicward/base/log.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RETRY_S 1
#define COMPLAIN_NS (60 * QW_NS_PER_SECOND) /* between two lines in the log */
#define MISSED_MAX 48                       /* of the line that tells of lost events */

struct sink *sink_new(const struct sink_kind *kind, const char *path)
{
    struct sink *sink = calloc(1, sizeof *sink);
    char *text = malloc(SINK_ROOM);
    if (!sink || !text) {
        free(sink);
        free(text);
        return NULL;
    }
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&sink->change, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&sink->lock, NULL);
    snprintf(sink->path, sizeof sink->path, "%s", path);
    sink->kind = kind;
    sink->text = text;
    sink->fd = -1;
    sink->stats.name = kind->name;
    return sink;
}

void sink_free(struct sink *sink)
{
    sink->kind->close(sink);
    pthread_cond_destroy(&sink->change);
    pthread_mutex_destroy(&sink->lock);
    free(sink->text);
    free(sink);
}

/* ---- the buffer; with the lock held ---- */

static void append(struct sink *sink, const char *line, size_t len)
{
    size_t at = (sink->first + sink->len) % SINK_ROOM, to_end = SINK_ROOM - at;
    size_t part = len < to_end ? len : to_end;
    memcpy(sink->text + at, line, part);
    memcpy(sink->text, line + part, len - part);
    sink->len += len;
}

/* Copies from the beginning, without taking it out. */
static size_t peek(const struct sink *sink, char out[static SINK_CHUNK])
{
    size_t len = sink->len < SINK_CHUNK ? sink->len : SINK_CHUNK, to_end = SINK_ROOM - sink->first;
    size_t part = len < to_end ? len : to_end;
    memcpy(out, sink->text + sink->first, part);
    memcpy(out + part, sink->text, len - part);
    while (len > 0 && out[len - 1] != '\n')
        len--;
    return len;
}

static void take_out(struct sink *sink, size_t len)
{
    sink->first = (sink->first + len) % SINK_ROOM;
    sink->len -= len;
}

static bool has_room(const struct sink *sink, size_t len)
{
    return SINK_ROOM - sink->len >= len + (sink->missed ? MISSED_MAX : 0);
}

/* What was lost is told where it would have stood. */
static void append_missed(struct sink *sink)
{
    char line[MISSED_MAX];
    if (sink->missed == 0)
        return;
    int len = snprintf(line, sizeof line, "{\"missed\":%" PRIu64 "}\n", sink->missed);
    append(sink, line, (size_t)len);
    sink->missed = 0;
}

/* ---- what others call ---- */

static void count_missed(struct sink *sink, uint64_t count)
{
    sink->missed += count;
    sink->stats.lost += count;
}

void sink_put(struct sink *sink, const char *line, size_t len)
{
    pthread_mutex_lock(&sink->lock);
    if (has_room(sink, len)) {
        append_missed(sink);
        append(sink, line, len);
        pthread_cond_signal(&sink->change);
    } else {
        count_missed(sink, 1);
    }
    pthread_mutex_unlock(&sink->lock);
}

void sink_miss(struct sink *sink, uint64_t count)
{
    pthread_mutex_lock(&sink->lock);
    count_missed(sink, count);
    pthread_mutex_unlock(&sink->lock);
}

void sink_reopen(struct sink *sink)
{
    pthread_mutex_lock(&sink->lock);
    sink->reopening = sink->kind->reopen != NULL;
    pthread_cond_signal(&sink->change);
    pthread_mutex_unlock(&sink->lock);
}

static struct timespec from_now(uint64_t ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    uint64_t ns = (uint64_t)at.tv_nsec + ms * QW_NS_PER_MS;
    at.tv_sec += (time_t)(ns / QW_NS_PER_SECOND);
    at.tv_nsec = (long)(ns % QW_NS_PER_SECOND);
    return at;
}

void sink_stop(struct sink *sink, unsigned patience_ms)
{
    struct timespec end;
    pthread_mutex_lock(&sink->lock);
    sink->stopping = true;
    pthread_cond_broadcast(&sink->change);
    end = from_now(patience_ms);
    int waited = 0;
    while (!sink->ended && waited == 0)
        waited = pthread_cond_timedwait(&sink->change, &sink->lock, &end);
    bool ended = sink->ended;
    pthread_mutex_unlock(&sink->lock);
    if (ended) {
        pthread_join(sink->thread, NULL);
        sink_free(sink);
        return;
    }
    qw_log(QW_LOG_WARNING, "events: %s hangs; the events that wait for it are lost", sink->kind->name);
    pthread_detach(sink->thread);
}

/* ---- its thread ---- */

struct complaint {
    uint64_t told_ns; /* of the last line in the log; 0: it works */
    uint64_t lost;    /* that the log told of */
};

static void complain(struct sink *sink, struct complaint *complaint, int reason)
{
    uint64_t now = io_now().ns, lost;
    if (complaint->told_ns && now - complaint->told_ns < COMPLAIN_NS)
        return;
    complaint->told_ns = now;
    pthread_mutex_lock(&sink->lock);
    lost = sink->stats.lost;
    pthread_mutex_unlock(&sink->lock);
    qw_log(QW_LOG_WARNING, "events: %s: %s; trying again every second, %" PRIu64 " events lost so far",
           sink->path, strerror(reason), lost);
}

static void praise(struct sink *sink, struct complaint *complaint)
{
    uint64_t lost;
    pthread_mutex_lock(&sink->lock);
    lost = sink->stats.lost;
    pthread_mutex_unlock(&sink->lock);
    if (complaint->told_ns || lost != complaint->lost)
        qw_log(QW_LOG_WARNING, "events: %s takes them again; %" PRIu64 " were lost", sink->path,
               lost - complaint->lost);
    *complaint = (struct complaint){.lost = lost};
}

/* Waits for something to do. Copies what is to be handed on; 0: nothing. False when it is to end. */
static bool wait_for_lines(struct sink *sink, char chunk[static SINK_CHUNK], size_t *len, bool *reopening)
{
    pthread_mutex_lock(&sink->lock);
    while (sink->len == 0 && !sink->stopping && !sink->reopening)
        pthread_cond_wait(&sink->change, &sink->lock);
    *reopening = sink->reopening;
    *len = peek(sink, chunk);
    bool goes_on = *len > 0 || !sink->stopping;
    pthread_mutex_unlock(&sink->lock);
    return goes_on;
}

/* How many lines end in it. */
static uint64_t lines_of(const char *text, size_t len)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    return lines;
}

static void note(struct sink *sink, const char *chunk, size_t taken)
{
    pthread_mutex_lock(&sink->lock);
    take_out(sink, taken);
    sink->stats.written += lines_of(chunk, taken);
    pthread_mutex_unlock(&sink->lock);
}

/* A second, or until it is to end. False: it is. */
static bool pause_writing(struct sink *sink)
{
    struct timespec end = from_now(RETRY_S * 1000);
    pthread_mutex_lock(&sink->lock);
    int waited = 0;
    while (!sink->stopping && waited == 0)
        waited = pthread_cond_timedwait(&sink->change, &sink->lock, &end);
    bool goes_on = !sink->stopping;
    pthread_mutex_unlock(&sink->lock);
    return goes_on;
}

static bool reopen(struct sink *sink)
{
    if (!sink->kind->reopen(sink)) {
        qw_log(QW_LOG_ERROR, "events: cannot open %s again: %s; the old file stays in use", sink->path,
               strerror(errno));
        pthread_mutex_lock(&sink->lock);
        sink->reopening = false;
        pthread_mutex_unlock(&sink->lock);
        return false;
    }
    pthread_mutex_lock(&sink->lock);
    sink->reopening = false;
    pthread_mutex_unlock(&sink->lock);
    qw_log(QW_LOG_INFO, "events: opened %s again", sink->path);
    return true;
}

static void *hand_on(void *context)
{
    struct sink *sink = context;
    struct complaint complaint = {0};
    char *chunk = malloc(SINK_CHUNK);
    size_t len;
    bool reopening, goes_on = chunk;
    while (goes_on && wait_for_lines(sink, chunk, &len, &reopening)) {
        if (reopening)
            reopen(sink);
        errno = 0;
        size_t taken = len ? sink->kind->write(sink, chunk, len) : 0;
        int reason = errno;
        note(sink, chunk, taken);
        if (taken == len) {
            if (len)
                praise(sink, &complaint);
            continue;
        }
        complain(sink, &complaint, reason);
        goes_on = pause_writing(sink);
    }
    free(chunk);
    pthread_mutex_lock(&sink->lock);
    sink->ended = true;
    pthread_cond_broadcast(&sink->change);
    pthread_mutex_unlock(&sink->lock);
    return NULL;
}

enum qw_error sink_start(struct sink *sink, struct io_error *error)
{
    int failed = pthread_create(&sink->thread, NULL, hand_on, sink);
    if (failed == 0)
        return QW_OK;
    control_say(error, "events: cannot start a thread for %s: %s", sink->path, strerror(failed));
    sink_free(sink);
    return QW_ERR_SYSTEM;
}
