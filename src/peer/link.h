/* A connection to one Redis, by its unix socket. Never waits: the owner polls. Commands are sent in the order
 * of the calls and their replies come in that order; when the connection ends, what has no reply is lost, and
 * the owner hears of it by `down`. */
#ifndef PEER_LINK_H
#define PEER_LINK_H

#include <quicward/base/time.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store_link;

#define LINK_WINDOW 1024 /* commands without a reply */
#define LINK_ERROR_MAX 128
#define LINK_STALL_NS QW_NS_PER_SECOND     /* without a reply, or without a connection: it is given up */
#define LINK_PAUSE_NS (100 * QW_NS_PER_MS) /* before the next attempt; doubles up to: */
#define LINK_PAUSE_MAX_NS (5 * QW_NS_PER_SECOND)

enum link_reply_kind { LINK_FINE, LINK_NOTHING, LINK_BYTES, LINK_REFUSED };

struct link_reply {
    enum link_reply_kind kind;
    const char *bytes; /* of LINK_BYTES, and the words of LINK_REFUSED; borrowed for the call */
    size_t len;
};

struct link_hears {
    void *context;
    void (*up)(void *context);
    void (*down)(void *context);
    void (*reply)(void *context, uint64_t tag, const struct link_reply *reply);
};

/* Was this program built with hiredis? */
bool link_available(void);

/* Copies the texts; `user` and `password` may be "". NULL when memory is short. */
struct store_link *link_new(const char *path, const char *user, const char *password,
                            const struct link_hears *hears);
void link_free(struct store_link *link); /* may be NULL */

/* For poll(2): the descriptor, -1 for none, and what to wait for. */
int link_fd(const struct store_link *link);
short link_events(const struct store_link *link);

/* Connects where it is time, writes and reads what goes, gives up what stalls. To be called often; `ready`:
 * poll(2) said that something can be read or written. */
void link_step(struct store_link *link, bool ready, struct qw_time now);

/* Redis answers and has let us in. */
bool link_is_up(const struct store_link *link);

/* The last attempt failed, or it is known that nothing comes. */
bool link_is_down(const struct store_link *link);

/* Commands without a reply. */
unsigned link_waiting(const struct store_link *link);

/* Sends a command of `count` words. False: the window is full, or it is not up; nothing was sent. */
bool link_send(struct store_link *link, uint64_t tag, int count, const char **words, const size_t *lens,
               struct qw_time now);

/* Why it is down; "" before the first attempt. */
const char *link_error(const struct store_link *link);

#endif
