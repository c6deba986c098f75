/* The other routers of a cluster: this one's flows are copied into a Redis of its own, and when it becomes
 * the owner of something it enters the flows of that which stand in the copy of another's.
 *
 * A store has one writer for ever: nothing is elected. It is a mirror of the flow table, a record of 64 bytes
 * a slot (src/peer/record.h) in one string a shard, and a header. Who owns what is decided elsewhere, by who
 * has an address, or by a command. What has one owner, and is taken over as one, is the router as a whole, or
 * each of the engine's owners (engine_owners.h).
 *
 * One thread does all of it; no packet ever waits for it or for Redis. Memory is that of the copies and one
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
#define PEER_OTHERS_MAX 15
#define PEER_OWNED_MAX 64

struct peer_other {
    char router[PEER_NAME_MAX]; /* its name in the keys */
    char store[PEER_PATH_MAX];  /* the socket of the copy of its store */
    uint32_t mark;              /* what leads packets to it (engine_own); 0: nothing does */
};

/* What is taken over as one. */
struct peer_owned {
    char name[QW_PREFIX_TEXT_MAX];        /* for reports: an address or a prefix, or "" */
    uint8_t routers[PEER_OTHERS_MAX + 1]; /* who may own it, in order: 0 is this one, n is others[n - 1] */
    unsigned router_count;
};

struct peer_options {
    struct engine *engine;                           /* made with engine_options.mirror; outlives the peer */
    struct qw_time (*now)(void);                     /* the clock of the engine's packets */
    char site[PEER_NAME_MAX], router[PEER_NAME_MAX]; /* names in the keys */
    char store[PEER_PATH_MAX];                       /* socket */
    struct peer_other others[PEER_OTHERS_MAX];
    unsigned other_count; /* at least 1 */
    bool owners; /* `owned` are the engine's owners, in their order; else one, the router as a whole */
    struct peer_owned owned[PEER_OWNED_MAX];
    unsigned owned_count;                                  /* at least 1 */
    char user[PEER_NAME_MAX], password[PEER_PASSWORD_MAX]; /* "": none */
    uint64_t digest;                                       /* of what all configurations must agree about */
    struct qw_hash_key key; /* that records are checked with; all routers have it */
    bool nat;               /* flows may have an external endpoint, on one of these addresses: */
    struct qw_addr external[PEER_ADDRESSES_MAX];
    unsigned external_count; /* 0: not known, the engine judges */
    unsigned flush_ms, refresh_s;

    /* Who owns what: `look` is called at the start and whenever `fd` is readable, which it must take away;
     * `owns` says then what is here. NULL: peer_set says so, and until then the router stands by. */
    void (*look)(void *context);
    bool (*owns)(void *context, unsigned owned);
    int fd; /* with `look` */
    void *context;
};

enum peer_role { PEER_STANDS_BY, PEER_TAKES_OVER, PEER_ACTIVE };

/* How it stands with one of `owned`. */
struct peer_owned_stats {
    char name[QW_PREFIX_TEXT_MAX];
    enum peer_role role;       /* of this router */
    uint64_t epoch;            /* one more with each takeover by any router */
    bool split;                /* another router says, too, that it owns it */
    char owner[PEER_NAME_MAX]; /* the router to which packets belong now; "": nowhere */
    uint32_t mark;             /* that they get; 0: none, or it is this router */
};

/* How it stands with another router. */
struct peer_other_stats {
    char router[PEER_NAME_MAX];
    bool up;            /* the Redis of its copy answers */
    bool known, active; /* its header is there and of our form; it says that it owns something */
    bool mismatch;      /* it has another configuration, secret or version */
    uint64_t epoch;     /* the highest one that it has */
    uint64_t age_ns;    /* since its header last changed */
    uint64_t flows;     /* of it, in the copy here */
};

struct peer_stats {
    bool on;
    bool owners;                    /* as in peer_options */
    enum peer_role role;            /* active: this router owns something */
    uint64_t epoch;                 /* the highest one of what it owned */
    bool split;                     /* of anything */
    bool mismatch;                  /* of any router */
    bool store_up;                  /* Redis answers */
    bool level;                     /* nothing waits to be written */
    uint64_t unsent_ns;             /* how long something has been waiting to be written */
    uint64_t written, write_errors; /* records; refusals and broken connections */
    uint64_t bad;                   /* records of others that were no flows, and no empty ones */
    uint64_t takeovers, adopted, conflicts, refused; /* flows, but for the first */
    uint64_t last_ns;                                /* that the last takeover took */
    struct peer_owned_stats owned[PEER_OWNED_MAX];
    unsigned owned_count;
    struct peer_other_stats others[PEER_OTHERS_MAX];
    unsigned other_count;
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

/* Makes the router the owner of what is called `name` (NULL: of everything), or not. False where an address
 * decides, or nothing is called so. Any thread. */
bool peer_set(struct peer_pair *peer, const char *name, bool active);

/* What all configurations must agree about, when a reload changed it: as in peer_options, copied. The next
 * header says so, and what others say is held against it. Any thread; `peer` may be NULL. */
void peer_agree(struct peer_pair *peer, uint64_t digest, const struct qw_addr *external,
                unsigned external_count);

/* Any thread; NULL: all is zero. */
void peer_stats(struct peer_pair *peer, struct peer_stats *out);

/* "standby", "taking-over", "active". */
const char *peer_role_word(enum peer_role role);

#endif
