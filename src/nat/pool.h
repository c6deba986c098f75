/* The ports of one external address: which are free, which rest, and what the mappings on them need that
 * packets do not look at. Every operation on one port is O(1). Not thread safe. */
#ifndef NAT_POOL_H
#define NAT_POOL_H

#include "nat_table.h"
#include <quicward/nat.h>

#define POOL_PORTS 65536

enum port_state {
    PORT_FOREIGN,  /* never handed out */
    PORT_FREE,     /* stands in the array of its kind */
    PORT_RESERVED, /* would be free, but the router uses it */
    PORT_RESTING,  /* stands in the queue of its kind, released at since_ns */
    PORT_MAPPED,
    PORT_FORWARD,
    PORT_STATES
};

/* What a crash must not lose of a port; in memory handed in. `state` is written last. */
struct port {
    uint64_t since_ns;    /* in this state, unless free or reserved */
    uint32_t host;        /* mapped or resting: the inside endpoint that has or had it; 0: unknown */
    uint16_t inside_port; /* its port */
    uint8_t state;        /* enum port_state */
    uint8_t counts;       /* resting: as one of the host's mappings still */
};

/* What belongs to the process. */
union link {
    uint32_t sessions; /* of a mapping or forward: that hold it */
    uint32_t at;       /* free: place in the array */
    struct {
        uint16_t older, newer; /* resting: neighbours in the queue, 0 for none */
    };
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
    struct port *ports; /* in memory handed in, by number */
    union link *links;  /* owned, by number */
    uint16_t *free;     /* owned, the kinds' arrays */
    struct pool_kind kinds[POOL_KINDS];
    uint32_t resting, mapped;
    uint64_t hold_down_ns;
    const uint64_t *usable;  /* borrowed: the ports that may be handed out; NULL: none, the address left */
    const uint64_t *router;  /* borrowed: the set of ports that the router uses now */
    struct nat_table *hosts; /* borrowed: what counts as a host's mapping (hosts.h) */
    unsigned slot;           /* of its address */
};

/* An inside endpoint, as a port remembers it. */
struct owner {
    uint32_t host;
    uint16_t port;
};

/* Takes what belongs to the process, once; nothing is handed out before pool_change. What is borrowed was set
 * before. False when memory is short. */
bool pool_take_memory(struct pool *pool);
void pool_free(struct pool *pool);

/* `usable` is another set, or other ports are those of forwards: what entered it is free, and what left it is
 * handed out no more. A port that has a mapping keeps it, and one that rests goes on resting. */
void pool_change(struct pool *pool);

/* Ports that have a mapping or rest, and are not usable. */
uint32_t pool_left(const struct pool *pool, const uint64_t *usable);

uint32_t pool_configured(const struct pool *pool);

/* Ports as they are now, those that the router uses left out. */
struct nat_ports pool_ports(const struct pool *pool);

unsigned pool_kind_of(uint16_t port);

/* The kind of port that an inside endpoint with `inside_port` gets: the same kind, or the one above when the
 * configured pool has none below 1024 with that parity. It depends on the configuration only, never on what
 * is in use (RFC 4787 REQ-11). */
unsigned pool_kind_for(const struct pool *pool, uint16_t inside_port);

/* Before each choice: some ports of the kind that have rested become free; true when one is free then. */
bool pool_prepare(struct pool *pool, unsigned kind, struct qw_time now);

/* A free port of a kind that has one, evenly chosen by `random`. */
uint16_t pool_pick(const struct pool *pool, unsigned kind, uint64_t random);

/* May `owner` have this port now? It is free, or has rested enough, or rests for that very endpoint, and the
 * router does not use it. */
bool pool_open_to(const struct pool *pool, uint16_t port, struct owner owner, struct qw_time now);

/* Does the port rest, and count as a mapping of `host`? */
bool pool_counts_for(const struct pool *pool, uint16_t port, uint32_t host);

/* Gives a port that is open to `owner` to its mapping. */
void pool_take(struct pool *pool, uint16_t port, struct owner owner, struct qw_time now);

/* The mapping on `port` ended: the port rests. With `counts` it counts as a mapping of its host meanwhile. */
void pool_release(struct pool *pool, uint16_t port, bool counts, struct qw_time now);

/* The port of a forward is that of a mapping of `owner` from now on. Ports are counted anew by pool_change.
 */
void pool_drain(struct pool *pool, uint16_t port, struct owner owner, struct qw_time now);

/* The port is handed out no more, and neither rests nor has a mapping: a forward gets it. */
void pool_give(struct pool *pool, uint16_t port);

/* A free port, one that the router uses, or that of a forward, rests since `since`, or since the youngest
 * that rests. */
void pool_rest(struct pool *pool, uint16_t port, struct owner owner, bool counts, struct qw_time since);

/* Ports that have rested enough rest no longer: some thousand at most, oldest first. */
void pool_wake_rested(struct pool *pool, struct qw_time now);

/* Nothing rests any longer. */
void pool_wake(struct pool *pool);

/* The router's set has `port` from now on, or has it no longer. */
void pool_router_port(struct pool *pool, uint16_t port);

#endif
