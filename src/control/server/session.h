/* One client of the control socket: a request is read, an answer is made piece by piece and sent as fast as
 * the client takes it. Never blocks; time is an argument. */
#ifndef CONTROL_SESSION_H
#define CONTROL_SESSION_H

#include <quicward/base/time.h>
#include <quicward/control.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define SESSION_REQUEST_MAX                                                                                  \
    2048 /* bytes of a request without its newline; queries of flows are the longest */
#define SESSION_PATIENCE_NS                                                                                  \
    (5 * QW_NS_PER_SECOND) /* for the whole request, then for every step of the answer */
#define SESSION_PIECE 64   /* flows, mappings or events copied at once: something is locked that long */

typedef size_t session_mappings(struct engine *engine, uint64_t *cursor, struct nat_mapping *out, size_t max);
typedef size_t session_events_after(struct engine *engine, uint64_t *after, struct engine_event *out,
                                    size_t max);

/* What answers are made of; borrowed. */
struct session_source {
    struct engine *engine;
    struct io_queues *queues; /* may be NULL */
    struct control_handlers handlers;
    bool nat;                      /* the engine's mode has mappings */
    session_mappings *mappings;    /* engine_mappings */
    session_events_after *events;  /* engine_events */
    int64_t epoch_ns;              /* the wall clock at time 0, since 1970 */
    _Atomic uint64_t *followed_ns; /* when somebody last asked for events behind a number; may be NULL */
};

struct session;

/* Writes one piece of an answer. Before it stands session->next == NULL; it says there which piece follows,
 * if one does. False when memory is short. */
typedef bool session_write(struct session *session, const struct session_source *source, struct qw_time now,
                           FILE *out);

struct session {
    int fd;         /* owned; -1: no client */
    bool trusted;   /* all is shown in the clear */
    bool answering; /* else the request is not whole yet */
    session_write *next;
    struct qw_time deadline;
    char request[SESSION_REQUEST_MAX + 1];
    size_t request_len;
    struct control_query query; /* of flows */
    struct flow_rank *rank;     /* owned; NULL: flows are sent as they come */
    struct host_sums *hosts;    /* owned; NULL: flows are not summed */
    uint64_t matched;           /* flows so far */
    uint64_t cursor;            /* of flows and mappings; for events the number of the last */
    uint64_t left;              /* events that the answer may still have */
    bool counts_missed;         /* a jump from `cursor` on means events that were missed */
    char *text;                 /* the piece being sent, owned */
    size_t len, sent;           /* of `text` */
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

/* The first piece of the answer to a whole request, `request_len` bytes and a NUL. A session_write. */
bool answer_request(struct session *session, const struct session_source *source, struct qw_time now,
                    FILE *out);

/* What the client sees addresses and names through; NULL: nothing. */
const struct control_veil *session_veil(const struct session *session, const struct session_source *source);

/* The first piece of the answer to `flows`, with the words of a query behind it or without. (flow_answer.c)
 */
bool answer_flows(struct session *session, const struct session_source *source, struct qw_time now,
                  FILE *out);
bool answer_hosts(struct session *session, const struct session_source *source, struct qw_time now,
                  FILE *out);

#endif
