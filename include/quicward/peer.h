/* The other router of a pair: this one's flows are copied into a Redis of its own, and when it becomes the
 * active one it enters those that stand in the copy of the other's.
 *
 * A store has one writer for ever: nothing is elected. It is a mirror of the flow table, a record of 64 bytes
 * a slot (src/peer/record.h) in one string a shard, and a header. Who is active is decided elsewhere, by who
 * has an address, or by a command.
 *
 * One thread does all of it; no packet ever waits for it or for Redis. Memory is that of the copy and one
 * window of unanswered writes. What a store says is from the network: each field is checked. */
#ifndef QUICWARD_PEER_H
#define QUICWARD_PEER_H

#include <quicward/base/addr.h>
#include <quicward/base/error.h>
#include <quicward/base/hash.h>
#include <quicward/base/time.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct peer_pair;

#define PEER_NAME_MAX 33
#define PEER_PATH_MAX 108
#define PEER_PASSWORD_MAX 129
#define PEER_ADDRESSES_MAX 64
#define PEER_ERROR_MAX 160

struct peer_options {
    struct engine *engine;       /* made with engine_options.mirror; outlives the peer */
    struct qw_time (*now)(void); /* the clock of the engine's packets */
    char site[PEER_NAME_MAX], router[PEER_NAME_MAX], other[PEER_NAME_MAX]; /* names in the keys */
    char store[PEER_PATH_MAX], other_store[PEER_PATH_MAX];                 /* sockets */
    char user[PEER_NAME_MAX], password[PEER_PASSWORD_MAX];                 /* "": none */
    uint64_t digest;        /* of what both configurations must agree about */
    struct qw_hash_key key; /* that records are checked with; both routers have it */
    bool nat;               /* flows may have an external endpoint, on one of these addresses: */
    struct qw_addr external[PEER_ADDRESSES_MAX];
    unsigned external_count; /* 0: not known, the engine judges */
    unsigned flush_ms, refresh_s;

    /* Who is active: asked at the start and whenever `fd` is readable, which the call must take away. NULL:
     * peer_set says so, and until then the router stands by. */
    bool (*owns)(void *context);
    int fd; /* with `owns` */
    void *context;
};

enum peer_role { PEER_STANDS_BY, PEER_TAKES_OVER, PEER_ACTIVE };

struct peer_stats {
    bool on;
    enum peer_role role;
    uint64_t epoch;                 /* one more with each takeover of either router */
    bool store_up, other_up;        /* Redis answers */
    bool other_known, other_active; /* its header is there and of our form; it says that it is active */
    bool mismatch;                  /* it has another configuration or version */
    bool split;                     /* both say that they are active */
    bool level;                     /* nothing waits to be written */
    uint64_t other_epoch;
    uint64_t other_age_ns;                           /* since its header last changed */
    uint64_t unsent_ns;                              /* how long something has been waiting to be written */
    uint64_t foreign;                                /* its flows in the copy here */
    uint64_t written, write_errors;                  /* records; refusals and broken connections */
    uint64_t bad;                                    /* its records that were no flows, and no empty ones */
    uint64_t takeovers, adopted, conflicts, refused; /* flows, but for the first */
    uint64_t last_ns;                                /* that the last takeover took */
};

/* Was this program built with hiredis? */
bool peer_available(void);

/* Starts the thread. *out is the caller's: peer_stop. QW_OK; QW_ERR_UNSUPPORTED: built without hiredis;
 * QW_ERR_NO_MEMORY; QW_ERR_SYSTEM: no thread. The options are copied. That Redis answers is not waited for.
 */
enum qw_error peer_start(const struct peer_options *options, struct peer_pair **out);

/* Says in the store that this router is active no longer, for a quarter of a second at most, ends the thread
 * and frees. `peer` may be NULL. */
void peer_stop(struct peer_pair *peer);

/* Makes the router the active one, or not. False where an address decides. Any thread. */
bool peer_set(struct peer_pair *peer, bool active);

/* What all configurations must agree about, when a reload changed it: as in peer_options, copied. The next
 * header says so, and what others say is held against it. Any thread; `peer` may be NULL. */
void peer_agree(struct peer_pair *peer, uint64_t digest, const struct qw_addr *external,
                unsigned external_count);

/* Any thread; NULL: all is zero. */
void peer_stats(struct peer_pair *peer, struct peer_stats *out);

/* "standby", "taking-over", "active". */
const char *peer_role_word(enum peer_role role);

#endif
