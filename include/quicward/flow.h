/* The 5-tuple table of one shard: bounded, no allocation after flow_table_new, every operation O(1).
 *
 * A flow is found by addresses and ports alone. This room cannot see QUIC (tests/check_includes.sh proves
 * it), so no connection ID can ever become a key (RFC 9312 3.5, 4.2).
 *
 * Idle timers. Each class of flow stands in one queue, least recently used first, and a class has one
 * timeout: so the head of a queue is always the next to expire and the first to be evicted. A packet moves
 * its flow to the tail at most once a second; the rest of the time it writes one field. Expiry is exact for
 * packets (flow_lookup does not find an expired flow) and at most a second late for the sweep that gives the
 * memory back.
 *
 * Not thread safe: the engine holds the shard's lock. */
#ifndef QUICWARD_FLOW_H
#define QUICWARD_FLOW_H

#include <assert.h>
#include <quicward/base/addr.h>
#include <quicward/base/hash.h>
#include <quicward/base/time.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The two endpoints in byte order, so that both directions of a flow have one key. */
struct flow_key {
    struct qw_addr addr[2];
    uint16_t port[2]; /* host order */
    uint8_t family;   /* enum qw_family */
};

/* An endpoint of a flow: index into flow_key's arrays, and the direction of a packet by who sent it. */
enum flow_side { FLOW_LO = 0, FLOW_HI = 1 };

static inline enum flow_side flow_peer(enum flow_side side)
{
    return side == FLOW_LO ? FLOW_HI : FLOW_LO;
}

/* What is known of a flow; never goes down (RFC 9312 3.2: a second connection, a key update or a CID change
 * does not make a known flow less known). */
enum flow_state {
    FLOW_ONE_WAY,  /* one side spoke */
    FLOW_TWO_WAY,  /* both did */
    FLOW_INITIAL,  /* a client Initial was opened */
    FLOW_REPLIED,  /* and a server answered it */
    FLOW_CONFIRMED /* and the client went on: a handshake was seen from both ends */
};

/* The word for JSON and tables: "one-way", "two-way", "initial", "replied", "confirmed". */
const char *flow_state_word(enum flow_state state);

/* A timer and an eviction class. */
enum flow_class {
    FLOW_ATTEMPT,  /* nobody answered yet: evicted first, at any age */
    FLOW_ANSWERED, /* both sides spoke: evicted only after FLOW_EVICT_IDLE_S without a packet */
    FLOW_KNOWN,    /* confirmed QUIC: never evicted within its timer */
    FLOW_CLASSES
};

#define FLOW_EVICT_IDLE_S 120 /* RFC 4787 REQ-5: no UDP mapping ends sooner */
#define FLOW_NONE UINT32_MAX
#define FLOW_NO_RULE UINT16_MAX

enum flow_flag {
    FLOW_INSIDE_HI = 1 << 0,     /* the inside endpoint is FLOW_HI */
    FLOW_INITIATOR_HI = 1 << 1,  /* the first packet came from FLOW_HI */
    FLOW_CLIENT_SEEN = 1 << 2,   /* the handshake told client from server */
    FLOW_CLIENT_HI = 1 << 3,     /* then: the client is FLOW_HI */
    FLOW_SETTLED = 1 << 4,       /* long headers of unknown versions led nowhere: no longer looked at */
    FLOW_UNDECIDED = 1 << 5,     /* no packet of it has been let through yet */
    FLOW_HOLDS_MAPPING = 1 << 6, /* it keeps its mapping alive */
    FLOW_QUIC = 1 << 7           /* its first packet began a QUIC handshake, or a later one did */
};

/* The record. Two cache lines; the first alone serves a packet of a confirmed flow but for its counters.
 * Fields down to `external` are what a crash must not lose; `id` is written last when a record becomes valid
 * and cleared first when it ends. The rest is private to the process and rebuilt. */
struct flow {
    _Atomic uint64_t id; /* 0: free. Never used twice in the life of a table */
    struct flow_key key;
    uint8_t state;    /* enum flow_state */
    uint8_t flags;    /* enum flow_flag */
    uint32_t version; /* of QUIC; 0 when unknown */
    uint16_t rule;    /* that admitted it, as the engine numbers them; FLOW_NO_RULE for the default */
    uint8_t class;    /* enum flow_class */
    uint8_t spare;
    uint64_t last_seen_ns;
    uint64_t packets[2], bytes[2]; /* by sender; bytes are IP lengths */
    uint32_t ce[2];                /* packets marked CE (RFC 3168) by sender */
    uint32_t external;             /* the mapping that stands for its inside endpoint (nat.h); 0 without */
    /* private */
    uint32_t older, newer; /* neighbours in the queue of its class */
    uint32_t queued_s;     /* the second in which it was moved to the tail */
    uint32_t handshake;    /* index of the engine's handshake scratch, FLOW_NONE without */
    uint32_t names;        /* index of what its ClientHello said, FLOW_NONE without; the engine's */
};
static_assert(sizeof(struct flow) == 128, "a flow is two cache lines");

enum flow_end { FLOW_EXPIRED, FLOW_EVICTED, FLOW_UNMAPPED /* its external address vanished */ };

/* Called for every flow that ends, while its record is still whole. */
typedef void flow_ended(void *context, struct flow *flow, enum flow_end why);

struct flow_timers {
    uint64_t idle_ns[FLOW_CLASSES];
};

struct flow_table;

/* A table for `capacity` flows (1..2^30), its memory taken and touched now. `secret` is the one that callers
 * give to flow_hash. Flow ids are `first_id` (not 0), `first_id + id_step`, ...: shards that share a step and
 * start differently never share an id. `ended` may be NULL. All timers are 0 until flow_set_timers. NULL when
 * memory is short. The caller owns the table. */
struct flow_table *flow_table_new(uint32_t capacity, struct qw_hash_key secret, uint64_t first_id,
                                  uint64_t id_step, flow_ended *ended, void *context);
void flow_table_free(struct flow_table *table);

/* Takes effect for every flow at once, also for those that exist. */
void flow_set_timers(struct flow_table *table, const struct flow_timers *timers);

/* The key of a packet's tuple; returns which side sent it. */
enum flow_side flow_key_of(const struct qw_tuple *tuple, struct flow_key *out);

/* The hash under which the functions below expect `key`: the same for both directions. */
uint64_t flow_hash(struct qw_hash_key secret, const struct flow_key *key);

/* Begin to fetch the memory that flow_lookup will read for `hash`, so that the lookups of a batch wait for it
 * together: flow_fetch_index for all of them first, flow_fetch then. Only hints: no lock is needed. */
void flow_fetch_index(const struct flow_table *table, uint64_t hash);
void flow_fetch(const struct flow_table *table, uint64_t hash);

/* The live flow with `key`, or NULL. A flow whose timer ran out is ended and not found. The record stays the
 * table's; it is valid until the next call that may end flows (create, sweep, lookup of its key). */
struct flow *flow_lookup(struct flow_table *table, const struct flow_key *key, uint64_t hash,
                         struct qw_time now);

/* Makes room for one more flow, as flow_create does; false when nothing may go. */
bool flow_make_room(struct flow_table *table, struct qw_time now);

/* Adds a flow (no live one has the key): FLOW_ONE_WAY, FLOW_ATTEMPT, last seen now, counters 0, flags 0.
 * When the table is full room is made, in this order: what has expired, the least recently used attempt, the
 * least recently used answered flow idle for FLOW_EVICT_IDLE_S. NULL when nothing may go. */
struct flow *flow_create(struct flow_table *table, const struct flow_key *key, uint64_t hash,
                         struct qw_time now);

/* Restarts the idle timer. */
void flow_refresh(struct flow_table *table, struct flow *flow, struct qw_time now);

/* Moves the flow to another class (its timer and its place in the eviction order) and restarts its timer. */
void flow_set_class(struct flow_table *table, struct flow *flow, enum flow_class class, struct qw_time now);

/* Ends up to `budget` expired flows; returns how many. Fewer than `budget`: nothing more has expired. */
unsigned flow_sweep(struct flow_table *table, struct qw_time now, unsigned budget);

/* Ends the flow now. */
void flow_finish(struct flow_table *table, struct flow *flow, enum flow_end why);

/* When the flow was last seen: the one place to ask, so that an offload may answer for it later. */
struct qw_time flow_last_seen(const struct flow_table *table, const struct flow *flow);

/* The idle timeout of the flow's class, in nanoseconds. */
uint64_t flow_timeout(const struct flow_table *table, const struct flow *flow);

/* For iteration: the number of slots, and the flow in slot `slot`, NULL when it is free or expired. */
uint32_t flow_slots(const struct flow_table *table);
struct flow *flow_at(struct flow_table *table, uint32_t slot, struct qw_time now);

/* Flows in the table by class, expired but not yet swept ones included. */
uint32_t flow_count(const struct flow_table *table, enum flow_class class);

#endif
