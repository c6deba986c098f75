/* The engine: packets in, verdicts out. No socket, no clock, no hidden randomness: the queue, a capture file,
 * the unit tests and the benchmarks drive the same code. The packet's walk stands in src/engine/walk.c. */
#ifndef QUICWARD_ENGINE_H
#define QUICWARD_ENGINE_H

#include <quicward/base/error.h>
#include <quicward/base/hash.h>
#include <quicward/base/reason.h>
#include <quicward/base/time.h>
#include <quicward/config.h>
#include <quicward/flow.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct engine_worker;

/* Which side a packet came from. UNKNOWN is for captures: the sender of a flow's first packet is then its
 * inside. */
enum engine_origin { ENGINE_INSIDE, ENGINE_OUTSIDE, ENGINE_UNKNOWN };

struct engine_packet {
    const uint8_t *data; /* from the IP header on; borrowed for the call */
    size_t captured;     /* bytes at `data` */
    uint32_t wire_len;   /* IP packet's length on the wire, >= captured */
    enum engine_origin from;
};

enum engine_action { ENGINE_ACCEPT, ENGINE_DROP };

struct engine_verdict {
    enum engine_action action;
    enum qw_reason reason; /* QW_REASON_NONE unless the packet was dropped, or monitor mode would have */
    uint64_t flow;         /* id of the packet's flow, 0 without one */
};

/* A flow as reports show it: a copy, nothing borrowed. */
struct engine_flow {
    uint64_t id;
    enum qw_family family;
    bool client_known; /* else `client` is who spoke first */
    struct qw_endpoint client, server;
    enum flow_state state;
    uint32_t version;             /* 0: none */
    uint32_t rule;                /* FLOW_NONE: the default */
    uint64_t idle_ms, expires_ms; /* since the last packet; until the timer runs out */
    struct engine_direction {
        uint64_t packets, bytes;
        uint32_t ce;
    } up, down; /* client to server, server to client */
};

/* Sums over all workers and shards. */
struct engine_stats {
    enum config_mode mode;
    uint64_t packets, accepted, dropped; /* packets handled = accepted + dropped */
    uint64_t reasons[QW_REASON_COUNT];   /* [NONE]: packets without a reason */
    uint64_t flows_created, flows_expired, flows_evicted, flows_confirmed;
    uint64_t handshakes_displaced; /* handshakes no longer followed because flows.handshakes were in use */
    uint32_t flows[FLOW_CLASSES];  /* now in the table */
    uint32_t flows_max;
};

/* Called for each flow that ends, from the thread whose packet or tick ended it, with a shard locked: keep it
 * short, and call nothing of the engine. */
typedef void engine_flow_ended(void *context, const struct engine_flow *flow, enum flow_end why);

struct engine_options {
    const struct config *config; /* copied */
    unsigned shards;             /* power of two; 0: chosen from flows_max and workers */
    struct qw_hash_key secret;   /* random in service, fixed in tests */
    engine_flow_ended *ended;    /* may be NULL */
    void *context;
};

/* QW_OK and *out, owned by the caller; QW_ERR_NO_MEMORY; QW_ERR_CRYPTO; QW_ERR_INVALID. All memory that
 * packets need is taken here. */
enum qw_error engine_new(const struct engine_options *options, struct engine **out);
/* All workers must have been freed. */
void engine_free(struct engine *engine);

/* One per thread. NULL when memory or the crypto library refuses, or CONFIG_WORKERS_MAX exist. */
struct engine_worker *engine_worker_new(struct engine *engine);
void engine_worker_free(struct engine_worker *worker);

/* Walks one packet. `now` must not go backwards within a worker. */
void engine_handle(struct engine_worker *worker, const struct engine_packet *packet, struct qw_time now,
                   struct engine_verdict *out);

/* To be called between batches: ends up to `budget` expired flows. Returns how many: fewer than `budget` when
 * nothing more is to be done now. */
unsigned engine_tick(struct engine_worker *worker, struct qw_time now, unsigned budget);

/* Replaces the timers by those of `config` (copied); flows go on, under the new timers at once. Any thread.
 * QW_ERR_INVALID when a fixed key differs (config_fixed_difference), and nothing changes. */
enum qw_error engine_reload(struct engine *engine, const struct config *config);

/* Copies up to `max` flows into `out`, starting at *cursor (0 at first), and moves it on. Returns how many; 0
 * at the end. Each call locks one shard for at most `max` flows; flows that come or go meanwhile may be
 * missed, none is shown twice. Any thread. */
size_t engine_flows(struct engine *engine, uint64_t *cursor, struct qw_time now, struct engine_flow *out,
                    size_t max);

/* Any thread. */
void engine_stats(struct engine *engine, struct engine_stats *out);

#endif
