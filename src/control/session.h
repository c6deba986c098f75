/* One client of the control socket: a request is read, an answer is made piece by piece and sent as fast as
 * the client takes it. Never blocks; time is an argument. */
#ifndef CONTROL_SESSION_H
#define CONTROL_SESSION_H

#include <quicward/base/time.h>
#include <quicward/control.h>
#include <stdbool.h>
#include <stddef.h>

#define SESSION_REQUEST_MAX 256 /* bytes of a request without its newline; the longest word has 6 */
#define SESSION_PATIENCE_NS                                                                                  \
    (5 * QW_NS_PER_SECOND) /* for the whole request, then for every step of the answer */
#define SESSION_FLOWS 64   /* flows copied at once: a shard is locked that long */

/* What answers are made of; borrowed. */
struct session_source {
    struct engine *engine;
    struct io_queues *queues; /* may be NULL */
    struct control_handlers handlers;
};

enum session_phase { SESSION_READING, SESSION_FLOW_LINES, SESSION_LAST_LINES };

struct session {
    int fd; /* owned; -1: no client */
    enum session_phase phase;
    struct qw_time deadline;
    char request[SESSION_REQUEST_MAX + 1];
    size_t request_len;
    uint64_t cursor;  /* of engine_flows */
    char *text;       /* the piece being sent, owned */
    size_t len, sent; /* of `text` */
};

/* Takes over `fd`, which does not block. */
void session_open(struct session *session, int fd, struct qw_time now);
void session_close(struct session *session);

/* The poll(2) events that it waits for. */
short session_events(const struct session *session);

/* Goes on after poll(2) found it ready. False when it is over: answered, gone, or memory is short. */
bool session_step(struct session *session, const struct session_source *source, struct qw_time now);

/* True when the client took too long. */
bool session_stalled(const struct session *session, struct qw_time now);

#endif
