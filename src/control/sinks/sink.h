/* One place that events are written to: lines wait in a bounded buffer, and a thread of its own hands them
 * on. Who puts lines in never waits for who takes them. */
#ifndef CONTROL_SINK_H
#define CONTROL_SINK_H

#include <pthread.h>
#include <quicward/control.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SINK_ROOM (4u << 20) /* some 20,000 events */
#define SINK_CHUNK 65536     /* bytes that are handed on at once */

struct sink;

/* How a kind of sink hands lines on; its thread alone calls that. */
struct sink_kind {
    const char *name;
    /* Takes from the beginning of `text`, `len` bytes of whole lines or the rest of one; returns how much.
     * What could not be taken is offered again a second later. 0 with errno: nothing. It may block. */
    size_t (*write)(struct sink *sink, const char *text, size_t len);
    /* Opens it anew. False with errno: it stays as it was, and is asked again. NULL: nothing is opened. */
    bool (*reopen)(struct sink *sink);
    void (*close)(struct sink *sink);
};

struct sink {
    const struct sink_kind *kind;
    char path[CONFIG_PATH_MAX]; /* of the file, or of the socket */
    unsigned facility;          /* of syslog */
    int fd;                     /* -1: not open */
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t change;
    bool stopping, reopening, ended;
    char *text; /* owned: a ring of SINK_ROOM bytes */
    size_t first, len;
    uint64_t missed; /* events that were lost and of which no line tells yet */
    struct control_sink_stats stats;
};

/* A file at `path`, opened now; the syslog or the journal that listens at `path`, which need not be there.
 * QW_OK and *out; QW_ERR_SYSTEM with `error`; QW_ERR_NO_MEMORY. */
enum qw_error sink_file(const char *path, struct sink **out, struct io_error *error);
enum qw_error sink_syslog(const char *path, unsigned facility, struct sink **out, struct io_error *error);
enum qw_error sink_journal(const char *path, struct sink **out, struct io_error *error);

/* For those: a sink whose thread does not run yet, and its start. */
struct sink *sink_new(const struct sink_kind *kind, const char *path);
enum qw_error sink_start(struct sink *sink, struct io_error *error); /* frees it when that fails */
void sink_free(struct sink *sink);                                   /* without a thread */

/* Puts in a line, `len` bytes with its newline. It is lost, and counted, when there is no room. */
void sink_put(struct sink *sink, const char *line, size_t len);

/* Counts events that were lost before they got here. */
void sink_miss(struct sink *sink, uint64_t count);

void sink_reopen(struct sink *sink);

/* The thread goes on for at most `patience_ms` to hand on what waits; one that hangs is left behind with the
 * memory it uses. */
void sink_stop(struct sink *sink, unsigned patience_ms);

#endif
