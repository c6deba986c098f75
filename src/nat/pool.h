/* The ports of one external address: which are free, which rest, and what the mappings on them need that
 * packets do not look at. Every operation on one port is O(1). Not thread safe. */
#ifndef NAT_POOL_H
#define NAT_POOL_H

#include "ports.h"
#include "table.h"
#include <quicward/nat.h>

#define POOL_PORTS 65536

enum port_state {
    PORT_FOREIGN,  /* never handed out */
    PORT_FREE,     /* stands in the array of its kind */
    PORT_RESERVED, /* would be free, but the router uses it */
    PORT_RESTING,  /* stands in the queue of its kind, released at since_ns */
    PORT_MAPPED,
    PORT_FORWARD
};

struct port {
    uint64_t since_ns; /* in this state, unless free or reserved */
    union {
        uint32_t sessions; /* of a mapping: that hold it */
        uint32_t host;     /* resting: counts as one of its mappings still; 0: as nobody's */
    };
    uint16_t at;   /* free: place in the array; resting: the next of the queue, 0 for none */
    uint8_t state; /* enum port_state */
};

/* Below 1024 or not (RFC 4787 REQ-3a) times even or odd (REQ-4): a port is replaced by one of its kind. */
enum { KIND_ODD = 1, KIND_HIGH = 2, POOL_KINDS = 4 };

struct pool_kind {
    uint16_t *free; /* in the pool's array */
    uint32_t free_count;
    uint32_t configured;     /* ports of this kind, in whatever state */
    uint16_t oldest, newest; /* of those that rest, 0 when none does */
};

struct pool {
    struct port *ports; /* owned, by number */
    uint16_t *free;     /* owned, the kinds' arrays */
    struct pool_kind kinds[POOL_KINDS];
    uint32_t resting;
    uint64_t hold_down_ns;
    const uint64_t *router;  /* borrowed: the set of ports that the router uses now */
    struct nat_table *hosts; /* borrowed: what counts as a host's mapping */
};

/* All usable ports but 0 are free, and the router uses none. False when memory is short: pool_free all the
 * same. */
bool pool_init(struct pool *pool, const uint64_t usable[static NAT_PORT_WORDS], uint64_t hold_down_ns,
               const uint64_t *router, struct nat_table *hosts);
void pool_free(struct pool *pool);

uint32_t pool_configured(const struct pool *pool);

/* A port for a mapping of an inside endpoint with `inside_port`, evenly chosen by `random`: of the same kind;
 * of the kind above when the configured pool has none below 1024 with that parity. 0 when none is free now.
 */
uint16_t pool_take(struct pool *pool, uint16_t inside_port, uint64_t random, struct qw_time now);

/* The mapping on `port` ended: the port rests. Meanwhile it counts as a mapping of `host`, unless 0. */
void pool_release(struct pool *pool, uint16_t port, uint32_t host, struct qw_time now);

/* Ports that have rested enough rest no longer: some thousand at most, oldest first. */
void pool_wake_rested(struct pool *pool, struct qw_time now);

/* Nothing rests any longer. */
void pool_wake(struct pool *pool);

/* The router's set has `port` from now on, or has it no longer. */
void pool_router_port(struct pool *pool, uint16_t port);

#endif
