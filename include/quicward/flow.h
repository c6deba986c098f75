/* The 5-tuple table of one shard: bounded, no allocation after flow_table_new, every operation O(1). The
 * records stand in memory that is handed in (store.h), so that they may outlive the process; the rest is
 * rebuilt.
 *
 * A flow is found by addresses and ports alone. This room cannot see QUIC (tests/check_includes.sh proves
 * it), so no connection ID can ever become a key (RFC 9312 3.5, 4.2).
 *
 * Idle timers. Each class of flow stands in one queue, least recently used first, and a class has one
 * timeout: so the head of a queue is always the next to expire and the first to be evicted. A packet moves
 * its flow to the tail at most once a second; the rest of the time it writes one field. Expiry is exact for
 * packets (flow_lookup does not find an expired flow) and at most a second late for the sweep that gives the
 * memory back; a 500th of the longest timer late for flows of another router that have had no packet here.
 *
 * Not thread safe: the engine holds the shard's lock. */
#ifndef QUICWARD_FLOW_H
#define QUICWARD_FLOW_H

#include <assert.h>
#include <quicward/base/addr.h>
#include <quicward/base/hash.h>
#include <quicward/base/known.h>
#include <quicward/base/time.h>
#include <quicward/store.h>
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

/* A timer and an eviction class. The source address of a first packet proves nothing, and neither does an
 * answer to it, for a server answers forged packets too. A flow has returned once the side that began it
 * spoke again after the answer. "Outer" flows were begun outside. */
enum flow_class {
    FLOW_OUTER_ATTEMPT, /* nobody answered yet */
    FLOW_ATTEMPT,
    FLOW_ASKED,          /* one question of the inside to port 53, and one answer */
    FLOW_OUTER_ANSWERED, /* both sides spoke, the one that began it only before the answer */
    FLOW_ANSWERED,
    FLOW_RETURNED, /* evicted only after FLOW_EVICT_IDLE_S without a packet */
    FLOW_KNOWN,    /* confirmed QUIC: never evicted within its timer */
    FLOW_CLASSES
};

static inline bool flow_is_attempt(enum flow_class class)
{
    return class <= FLOW_ATTEMPT;
}

static inline bool flow_is_unproven(enum flow_class class)
{
    return class < FLOW_RETURNED;
}

#define FLOW_EVICT_IDLE_S 120 /* RFC 4787 REQ-5: no UDP mapping ends sooner */
/* The time that an answer may take, and the packet after it: a client sends again after so long (RFC 9002
 * 6.2.2). Younger flows go only when there are no older ones to go. */
#define FLOW_EVICT_YOUNG_NS QW_NS_PER_SECOND
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
    FLOW_QUIC = 1 << 7           /* its first packet began a QUIC handshake, or went on with a connection of
                                    another port, or a later one began one */
};

/* More of them. */
enum flow_mark {
    FLOW_HELLO_PARTIAL = 1 << 0,    /* a limit ended the wait for its ClientHello, and none was read since */
    FLOW_HELLO_UNREADABLE = 1 << 1, /* its ClientHello was given up, and none was read since */
    FLOW_LISTED = 1 << 2,           /* flows of its inside host to its server may inherit from it */
    FLOW_INHERITED = 1 << 3,        /* it began without a handshake and inherited its rule */
    FLOW_SERVER_INSIDE = 1 << 4,    /* FLOW_LISTED: as a flow of an outside client to a server inside */
    FLOW_CAME_ON = 1 << 5, /* it began without a handshake, as QUIC of such a client: by its own rule */
    FLOW_COUNTED = 1 << 6  /* it counts for its source */
};

/* The record. Two cache lines; the first alone serves a packet of a confirmed flow but for its counters.
 * Fields down to `external` are what a crash must not lose. A record is valid while its `id` is not 0: that
 * is written last when a flow begins and cleared first when it ends. The rest is private to the process and
 * rebuilt. */
struct flow {
    _Atomic uint64_t id; /* 0: free. Never used twice in the life of a table */
    struct flow_key key;
    uint8_t state;    /* enum flow_state */
    uint8_t flags;    /* enum flow_flag */
    uint32_t version; /* of QUIC; 0 when unknown */
    uint16_t rule;    /* that admitted it, as the engine numbers them; FLOW_NO_RULE for the default */
    uint8_t class;    /* enum flow_class */
    uint8_t marks;    /* enum flow_mark */
    uint64_t last_seen_ns;
    uint64_t packets[2], bytes[2]; /* by sender; bytes are IP lengths */
    uint32_t ce[2];                /* packets marked CE (RFC 3168) by sender */
    uint32_t external;             /* the mapping that stands for its inside endpoint (nat.h); 0 without */
    /* private */
    uint32_t older, newer;  /* neighbours in the queue of its class */
    uint32_t queued_s : 30; /* the second in which it was moved to the tail */
    uint32_t adopted : 1;   /* and has had no packet since; in a table with marks */
    uint32_t measured : 1;  /* the engine's record of measures is in use beyond ECT(1); the engine's */
    uint32_t handshake;     /* index of the engine's handshake scratch, FLOW_NONE without */
    uint32_t names;         /* index of what its ClientHello said, FLOW_NONE without; the engine's */
};
static_assert(sizeof(struct flow) == 128, "a flow is two cache lines");

static inline bool flow_begun_inside(const struct flow *flow)
{
    return !(flow->flags & FLOW_INITIATOR_HI) == !(flow->flags & FLOW_INSIDE_HI);
}

enum flow_end { FLOW_EXPIRED, FLOW_EVICTED, FLOW_UNMAPPED /* its external address vanished */ };

/* Called for every flow that ends, while its record is still whole. */
typedef void flow_ended(void *context, struct flow *flow, enum flow_end why);

struct flow_timers {
    uint64_t idle_ns[FLOW_CLASSES];
};

struct flow_table;

/* The part of a store that a table of `capacity` flows needs, under the name "flows.NUMBER". */
struct store_part flow_part(unsigned number, uint32_t capacity);

/* A table for `capacity` flows (1..2^30), all free, its memory taken and touched now. `memory` is a region of
 * flow_part for the same capacity, which stays as long as the table; NULL: anonymous memory of its own. What
 * was in it is gone. `secret` is the one that callers give to flow_hash. Flow ids are `first_id` (not 0),
 * `first_id + id_step`, ...: shards that share a step and start differently never share an id. `ended` may be
 * NULL. All timers are 0 until flow_set_timers. NULL when memory is short. The caller owns the table. */
struct flow_table *flow_table_new(const struct store_region *memory, uint32_t capacity,
                                  struct qw_hash_key secret, uint64_t first_id, uint64_t id_step,
                                  flow_ended *ended, void *context);
void flow_table_free(struct flow_table *table);

/* Takes effect for every flow at once, also for those that exist. */
void flow_set_timers(struct flow_table *table, const struct flow_timers *timers);

/* From now on `lines` (known->buckets counts, shared by tables) counts the flows of this table, those that it
 * has now among them: each before it is found, and no longer after it ended. `known` does not change. Both
 * are the caller's, borrowed until another call or flow_table_free. NULL: nobody looks any more. */
void flow_show(struct flow_table *table, const struct qw_known *known, struct qw_known_line *lines);

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

/* More than four fifths of the records are in use. */
bool flow_is_scarce(const struct flow_table *table);

/* Ends what has expired, or else the flow begun outside that has not returned and is the first to go; false
 * when there is none. */
bool flow_evict_outer(struct flow_table *table, struct qw_time now);

/* Adds a flow (no live one has the key): FLOW_ONE_WAY, FLOW_ATTEMPT, last seen now, counters 0, flags 0.
 * When the table is full room is made, in this order: what has expired; the least recently used of the first
 * class, from FLOW_OUTER_ATTEMPT to FLOW_ANSWERED, that has one idle for FLOW_EVICT_YOUNG_NS; the least
 * recently used of those that are begun outside and have not returned; of those begun inside; the least
 * recently used that returned, if it is idle for FLOW_EVICT_IDLE_S. NULL when nothing may go. */
struct flow *flow_create(struct flow_table *table, const struct flow_key *key, uint64_t hash,
                         struct qw_time now);

/* flow_create in two steps, for callers that write more into the record before it is valid: flow_begin gives
 * a record without an id, which is none for a reader of the memory, and flow_publish gives it its id. Between
 * them the table must not be used. */
struct flow *flow_begin(struct flow_table *table, const struct flow_key *key, uint64_t hash,
                        struct qw_time now);
void flow_publish(struct flow_table *table, struct flow *flow);

/* Restarts the idle timer. */
void flow_refresh(struct flow_table *table, struct flow *flow, struct qw_time now);

/* Moves the flow to another class (its timer and its place in the eviction order) and restarts its timer.
 * Flows begin as FLOW_ATTEMPT. */
void flow_set_class(struct flow_table *table, struct flow *flow, enum flow_class class, struct qw_time now);

/* Ends up to `budget` expired flows; returns how many. Fewer than `budget`: nothing more has expired. */
unsigned flow_sweep(struct flow_table *table, struct qw_time now, unsigned budget);

/* Ends the flow now. */
void flow_finish(struct flow_table *table, struct flow *flow, enum flow_end why);

/* When the flow was last seen: the one place to ask, so that an offload may answer for it later. */
struct qw_time flow_last_seen(const struct flow_table *table, const struct flow *flow);

/* The idle timeout of the flow's class, in nanoseconds. */
uint64_t flow_timeout(const struct flow_table *table, const struct flow *flow);

/* ---- records of an earlier process, or of another router ---- */

/* What became of records that were offered. One that is free is none of them. */
enum flow_adopted {
    FLOW_ADOPTED,
    FLOW_ADOPT_IMPOSSIBLE, /* a value that no flow has: family, order or form of the endpoints, state, class,
                              flags, id */
    FLOW_ADOPT_UNDECIDED,  /* no packet of it was let through yet: the client's next one decides */
    FLOW_ADOPT_AHEAD,      /* last seen later than now */
    FLOW_ADOPT_EXPIRED,    /* its timer ran out meanwhile */
    FLOW_ADOPT_TWIN,       /* a live flow has its key */
    FLOW_ADOPT_FULL,       /* no room: an adopted flow displaces none */
    FLOW_ADOPT_RESULTS
};

/* The word for JSON and logs: "adopted", "impossible", "undecided", "ahead", "expired", "twin", "full". */
const char *flow_adopted_word(enum flow_adopted result);

/* Makes a live flow of a copy of `record`, whose fields down to `external` count, whatever the rest says;
 * with *out (may be NULL) when it was adopted. Its hash is that of its key under the table's secret. It keeps
 * its id where that is one of this table's and below 2^62, else it gets the next. In a table with marks it
 * stands where its last packet puts it; in others behind all flows of its class, until flow_order. */
enum flow_adopted flow_adopt(struct flow_table *table, const struct flow *record, struct qw_time now,
                             struct flow **out);

/* The same for a record of the caller's own, which is written over, with a key that flow_key_of made and its
 * hash; *out is not NULL. */
enum flow_adopted flow_adopt_own(struct flow_table *table, struct flow *record, uint64_t hash,
                                 struct qw_time now, struct flow **out);

/* Puts the queues of a table without marks in order after flow_adopt, by the second of the last packet:
 * O(flows + seconds of the longest timer). False when memory is short: expiry stays exact for packets, and
 * what expired is swept later. */
bool flow_order(struct flow_table *table, struct qw_time now);

/* The ids that the table gives from now on are above those of the one that worked on `memory`. */
void flow_continue_ids(struct flow_table *table, const struct store_region *memory);

/* A record on its way into a table. */
struct flow_offer {
    struct flow record;       /* a copy, whose key has no stray bytes; else nothing in it has been checked */
    struct flow_table *table; /* it belongs there; NULL: nowhere. Written by `choose` */
    uint64_t hash;            /* of its key under that table's secret. Written by `choose` */
    struct flow *flow;        /* as the table has it; NULL: it was not adopted */
    bool refused;             /* written by `taken`: the flow cannot go on, and ends without a word */
};

/* So many go together: the memory that each needs is on its way while others are looked at. */
#define FLOW_OFFERS 32

/* Who takes over. */
struct flow_taker {
    void *context;

    /* For each record, before anything is done with those that go together: writes offer->table and
     * offer->hash. `index` is its place among them. What is fetched here has come when `taken` is called. */
    void (*choose)(void *context, struct flow_offer *offer, unsigned index);

    /* Before each use of offer->table: locks it where other threads work on it too. May be NULL. */
    void (*turn)(void *context, const struct flow_offer *offer);

    /* After all that go together were adopted, or not; among them are some whose flow is NULL. May be NULL.
     */
    void (*taken)(void *context, struct flow_offer *offers, unsigned count);
};

struct flow_recovery {
    uint64_t results[FLOW_ADOPT_RESULTS];
    uint64_t refused; /* by `taken` or for want of a table; not in results[FLOW_ADOPTED] */
};

/* Walks over `memory`, a region of flow_part of any capacity that no table works on, and adopts what is in
 * it. The caller calls flow_order for each table then. Counts are added to *counts. False, and nothing was
 * done, when the region's records are of another size. */
bool flow_recover(const struct store_region *memory, const struct flow_taker *taker, struct qw_time now,
                  struct flow_recovery *counts);

/* ---- for whoever keeps a copy of the table elsewhere ---- */

/* From now on a slot is marked when its flow ends, changes its class or was adopted; at first all are. What
 * else changes a flow is the caller's to mark. The table has its timers. False when memory is short: nothing
 * is marked. */
bool flow_marks_start(struct flow_table *table);

/* Marks the slot of `flow`, or `count` slots from `first` on, as far as there are such; does nothing in a
 * table without marks. */
void flow_mark(struct flow_table *table, const struct flow *flow);
void flow_mark_slots(struct flow_table *table, uint32_t first, uint32_t count);

/* The first marked slot from `from` on, whose mark is taken away; FLOW_NONE: there is none. */
uint32_t flow_take_mark(struct flow_table *table, uint32_t from);

/* Is any slot marked from `from` on? */
bool flow_is_marked(const struct flow_table *table, uint32_t from);

/* ---- views ---- */

/* For iteration: the number of slots, and the flow in slot `slot`, NULL when it is free or expired. */
uint32_t flow_slots(const struct flow_table *table);
struct flow *flow_at(struct flow_table *table, uint32_t slot, struct qw_time now);

/* The slot that `flow`, a record of the table, stands in: for what belongs to a flow and stands elsewhere. */
uint32_t flow_slot(const struct flow_table *table, const struct flow *flow);

/* The record of slot 0; those of the other slots follow it. For callers that need slots for each packet. */
const struct flow *flow_records(const struct flow_table *table);

/* Flows in the table by class, expired but not yet swept ones included. */
uint32_t flow_count(const struct flow_table *table, enum flow_class class);

#endif
