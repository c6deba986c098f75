/* A router of the cluster's benchmarks: an engine in mode nat, a worker, and flows of QUIC whose handshakes
 * both sides have finished, each of a client of its own up to ENDPOINTS, or of several servers of one. */
#ifndef BENCH_CLUSTER_ROUTER_H
#define BENCH_CLUSTER_ROUTER_H

#include <quicward/engine.h>

#define ENDPOINTS 250000u
#define EXTERNALS 16

struct cluster_router {
    struct engine *engine;
    struct engine_worker *worker;
    uint16_t
        inside_port; /* of all its clients: its parity is that of their external ports (RFC 4787 REQ-4) */
    uint32_t flows;
    struct qw_endpoint *external; /* owned; by client */
    uint64_t took_ns;             /* that the last packet took in the engine */
};

/* Its clock, which is the machine's. */
struct qw_time cluster_now(void);

/* Addresses outside; all routers have the same. */
struct qw_addr cluster_external(unsigned number);

/* `flows_max` slots. Ends the program when it cannot; cluster_router_stop frees. */
void cluster_router_start(struct cluster_router *router, uint32_t flows_max, uint16_t inside_port);
void cluster_router_stop(struct cluster_router *router);

/* Flows `first` to `first + count - 1` begin, with a handshake each. Returns how many do: a table that is
 * nearly full has no place for some. */
uint32_t cluster_connect(struct cluster_router *router, uint32_t first, uint32_t count);

/* Flow `flow` sends a packet from inside, and has an answer: after both it is a flow that is copied. */
bool cluster_up(struct cluster_router *router, uint32_t flow);
bool cluster_down(struct cluster_router *router, uint32_t flow);

/* The endpoints of a flow inside. */
struct qw_tuple cluster_tuple(const struct cluster_router *router, uint32_t flow);

/* The place of a flow in its table, which no other thread changes. */
struct cluster_place {
    uint32_t shard, slot;
};
struct cluster_place cluster_place(const struct cluster_router *router, uint32_t flow);

/* Flows that are copied: in the table, as far as both sides use them. */
uint64_t cluster_flows(const struct cluster_router *router);

#endif
