/* Throttling UDP by whole flows (RFC 9312 4.6): a keyed hash of the 5-tuple gives each flow its place between
 * 0 and 1, and a flow is blocked while its place is below the share that is blocked. No table decides it, so
 * a flow loses all of its packets or none, in both directions alike; a larger share only adds flows, a
 * smaller one only frees some. Knows addresses and ports only.
 *
 * A controller for each interface and direction moves the share towards what keeps the passed load within
 * the capacity. The share of an interface is the larger one of its two directions: a flow blocked one way
 * is blocked both ways.
 *
 * Flows may be spared. With `spare_confirmed` the flows that the caller calls confirmed are blocked only once
 * all others are. With `spare_small` a flow that offers less than its fair share of the capacity is blocked
 * only once all that offer more are: then each direction has a share of its own, and a flow is blocked, both
 * ways, by those directions in which it is not small. */
#ifndef QUICWARD_THROTTLE_H
#define QUICWARD_THROTTLE_H

#include <quicward/base/hash.h>
#include <quicward/base/share.h>
#include <quicward/base/time.h>
#include <quicward/flow.h>
#include <stdbool.h>
#include <stdint.h>

#define THROTTLE_NAME_MAX 16 /* of an interface, NUL included */
#define THROTTLE_LIMITS_MAX 16

enum throttle_direction { THROTTLE_OUT, THROTTLE_IN, THROTTLE_DIRECTIONS };

struct throttle_limit {
    char interface[THROTTLE_NAME_MAX];
    enum throttle_direction direction;
    uint64_t capacity; /* bits a second, not 0 */
};

struct throttle_options {
    const struct throttle_limit *limits;
    unsigned limit_count;    /* 0..THROTTLE_LIMITS_MAX; no two of the same interface and direction */
    uint64_t interval_ns;    /* between two looks at the load, not 0 */
    unsigned gain;           /* percent of the way to the share that is needed, at each look; 1..100 */
    unsigned hysteresis;     /* percent of the capacity: a load this close to it changes nothing; 0..50 */
    unsigned floor, ceiling; /* percent: the share stays between them; floor <= ceiling <= 100 */
    bool spare_confirmed, spare_small;
    struct qw_hash_key key;
    struct qw_time now;
};

struct throttle;

/* NULL when memory is short. Borrows nothing. The caller owns it. */
struct throttle *throttle_new(const struct throttle_options *options);
void throttle_free(struct throttle *throttle);

/* Where the flow stands: blocked while place < share * 2^32. SipHash-2-4 of the key, the same for both
 * directions and both orders of its endpoints. */
uint32_t throttle_place(struct qw_hash_key key, const struct flow_key *flow);

/* The limited interface of that name, or -1 (also for NULL). */
int throttle_find(const struct throttle *throttle, const char *interface);

/* Is anything blocked on the interface (index of throttle_find) now? While not, no place need be known. */
bool throttle_active(const struct throttle *throttle, int interface);

/* A flow as packets name it. */
struct throttle_flow {
    const struct flow_key *key; /* borrowed */
    uint64_t hash;              /* of the key, the same for both directions, nobody else can foretell it */
    bool confirmed;
};

/* Is the flow blocked there now, with one more IP packet of `bytes` in that direction? Counts it among the
 * flows blocked or spared. Any thread. */
bool throttle_blocks(struct throttle *throttle, int interface, enum throttle_direction direction,
                     const struct throttle_flow *flow, uint32_t bytes);

/* What became of a packet. */
enum throttle_fate {
    THROTTLE_PASSED,
    THROTTLE_BLOCKED,  /* as throttle_blocks said */
    THROTTLE_ELSEWHERE /* dropped for another reason: it is offered, and nothing else is made of it */
};

/* Adds an IP packet of `bytes` to the load, every one. `hash`: as throttle_flow's. Any thread. */
void throttle_count(struct throttle *throttle, int interface, enum throttle_direction direction,
                    uint64_t hash, uint32_t bytes, enum throttle_fate fate);

/* Looks at the load if an interval is over: one of the threads that call it does. Cheap otherwise. After a
 * call that comes late (the router stood still) the look goes on for a second more, so that what was queued
 * meanwhile is measured over the time in which it came. */
void throttle_tick(struct throttle *throttle, struct qw_time now);

/* Takes over other limits and settings (capacities, gain, ...); shares of limits that stay go on. The key,
 * and `now`, are not taken. `generation` counts changes from 1 on: options that are no newer than those it
 * has change nothing, so that everybody who has newer ones may hand them over. Any thread. */
void throttle_change(struct throttle *throttle, const struct throttle_options *options, uint64_t generation);

/* ---- a fast path ---- */

enum throttle_kind { THROTTLE_OTHERS, THROTTLE_CONFIRMED, THROTTLE_KINDS }; /* of flows */

/* What is in force at one interface. A flow is blocked there, both ways, while its place is on a step that
 * one of the two directions blocks (base/share.h): shares[direction][kind][small], where it is small in a
 * direction if it is not fat there, which decides only while `weighs`; else all flows count as fat. */
struct throttle_force {
    char interface[THROTTLE_NAME_MAX];
    bool limited[THROTTLE_DIRECTIONS];
    bool active[THROTTLE_DIRECTIONS]; /* if not, nothing is blocked because of it */
    bool weighs;                      /* the cells of a direction that is limited are to be counted */
    bool spares;                      /* confirmed flows are spared now */
    uint32_t shares[THROTTLE_DIRECTIONS][THROTTLE_KINDS][2];
};

#define THROTTLE_MARKS (65536u / 64) /* words of a bit for each of 65,536 flows, more share bits */

/* What came by an interface of flows that are forwarded by somebody else, since he was last asked. */
struct throttle_came {
    struct throttle_load {
        uint64_t offered, passed; /* bytes of IP */
        uint64_t dropped;         /* packets, because of this throttle */
    } load[THROTTLE_DIRECTIONS];
    struct throttle_cells {
        uint32_t bytes[QW_SHARE_ROWS][QW_SHARE_CELLS]; /* by qw_share_cell of throttle_flow.hash */
        uint32_t who[QW_SHARE_CELLS];                  /* qw_share_name of fat flows; 0: none */
    } cells[THROTTLE_DIRECTIONS];
    /* Flows, by a number of sixteen bits each. The others passed because they are confirmed, or small. */
    uint64_t blocked[THROTTLE_MARKS], confirmed[THROTTLE_MARKS], small[THROTTLE_MARKS];
};

/* The room of the cells of a direction (base/share.h). */
struct throttle_rooms {
    uint32_t rows[QW_SHARE_ROWS][QW_SHARE_CELLS];
};

/* Who forwards packets of some flows without throttle_blocks and throttle_count, and heeds what is in force
 * by himself. All are called with the lock of the throttle held: call nothing of it. */
struct throttle_fast {
    void *context;
    /* *came is zero. False: nothing came. */
    bool (*look)(void *context, const char *interface, struct throttle_came *came);
    /* From now on these, and no other interfaces, are limited. At each look and each change. */
    void (*tell)(void *context, const struct throttle_force *force, unsigned count);
    /* Behind `tell`, for each direction that is limited while its interface weighs flows. */
    void (*rooms)(void *context, const char *interface, enum throttle_direction direction,
                  const struct throttle_rooms *rooms);
};

/* From now on; NULL: nobody any more, and when this returns nobody is called. Told at once. Copied. */
void throttle_set_fast(struct throttle *throttle, const struct throttle_fast *fast);

/* One limit for reports. Flows are counted by estimates, within 3 % up to 10,000. */
struct throttle_view {
    struct throttle_limit limit;
    uint64_t offered, passed; /* bits a second in the last interval */
    double share;             /* 0..1 of the flows that are not spared: of the interface, with spare_small of
                                 this direction */
    double share_confirmed;   /* of those that are confirmed */
    double share_small;       /* of those that are small */
    uint64_t fair;            /* bits a second from which on a flow is not small; 0: all flows are */
    uint64_t dropped;         /* packets that this throttle dropped, this direction, ever */
    /* of the interface: */
    uint32_t flows_blocked;                  /* in the last second or two */
    uint32_t flows_hit;                      /* blocked in the last 10 seconds */
    uint32_t spared_confirmed, spared_small; /* in these: flows that passed while others were blocked,
                                                because they are confirmed, or else because they are small */
};

/* Fills `out` (room for THROTTLE_LIMITS_MAX); returns how many. Any thread. */
unsigned throttle_views(struct throttle *throttle, struct throttle_view *out);

#endif
