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
#include <quicward/icmp.h>
#include <quicward/nat.h>
#include <quicward/throttle.h>
#include <quicward/tls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct engine;
struct engine_worker;

/* Which side a packet came from. UNKNOWN is for captures: the sender of a flow's first packet is then its
 * inside. */
enum engine_origin { ENGINE_INSIDE, ENGINE_OUTSIDE, ENGINE_UNKNOWN };

struct engine_packet {
    const uint8_t *data; /* from the IP header on; borrowed for the call */
    uint8_t *writable; /* the same bytes, where mode nat may translate them in place; NULL: it does nothing */
    size_t captured;   /* bytes at `data` */
    uint32_t wire_len; /* IP packet's length on the wire, >= captured */
    enum engine_origin from;
    const char *from_interface, *to_interface; /* names, borrowed for the call; NULL when not known. What
                                                  comes from inside by no interface the router made itself */
    bool unrouted;     /* taken before the routing decision: `to_interface` cannot be known yet */
    uint32_t link_mtu; /* of the interface it came by, 0 when not known: a longer packet was put together from
                          fragments, so its length is none of a wire packet */
    uint64_t token;    /* the driver's name for the packet, given back when it was held */
};

/* HOLD: the packet waits, and its token comes back from engine_released. */
enum engine_action { ENGINE_ACCEPT, ENGINE_DROP, ENGINE_HOLD };

struct engine_verdict {
    enum engine_action action;
    enum qw_reason reason; /* QW_REASON_NONE unless the packet was dropped, or monitor mode would have */
    uint64_t flow;         /* id of the packet's flow, 0 without one */
    bool translated; /* the packet's bytes were changed: they must go back; for HOLD, with the release */
    const struct icmp_message *reply; /* to be sent, NULL mostly; the worker's, valid until its next call */
};

/* A packet that was held and is now decided: ENGINE_ACCEPT or ENGINE_DROP. */
struct engine_release {
    uint64_t token;
    enum engine_action action;
};

#define ENGINE_RULE_MAX 64 /* rule names are shorter (quicward/config.h) */
#define ENGINE_ALPN_MAX 64 /* what is kept of an ALPN list */

/* A flow as reports show it: a copy, nothing borrowed. */
struct engine_flow {
    uint64_t id;
    enum qw_family family;
    bool client_known; /* else `client` is who spoke first */
    struct qw_endpoint client, server;
    bool mapped; /* nat mode: `external` stands for the inside endpoint */
    struct qw_endpoint external;
    bool placed;    /* throttles are configured: `place` is known */
    uint32_t place; /* of throttle_place: blocked from a share of place / 2^32 on */
    enum flow_state state;
    uint32_t version;             /* 0: none */
    char rule[ENGINE_RULE_MAX];   /* name of the rule that admitted it; "" for the default */
    bool undecided;               /* no packet of it has been let through yet */
    uint64_t idle_ms, expires_ms; /* since the last packet; until the timer runs out */
    struct engine_direction {
        uint64_t packets, bytes;
        uint32_t ce;
    } up, down; /* client to server, server to client */
    struct engine_hello {
        bool known;
        bool ech; /* offered: `sni` is only the public name */
        uint8_t sni_len, alpn_len;
        char sni[TLS_NAME_MAX];
        char alpn[ENGINE_ALPN_MAX]; /* protocols, each behind its length (RFC 7301 3.1) */
    } hello;                        /* of the client; from the network, so any bytes but NUL in the name */
};

/* Sums over all workers and shards. */
struct engine_stats {
    enum config_mode mode;
    uint64_t packets, accepted, dropped; /* packets handled = accepted + dropped + waiting */
    uint64_t reasons[QW_REASON_COUNT];   /* [NONE]: packets without a reason */
    uint64_t flows_created, flows_expired, flows_evicted, flows_unmapped, flows_confirmed;
    uint64_t handshakes_displaced; /* handshakes no longer followed because flows.handshakes were in use */
    uint64_t held, hold_limits;    /* packets held; attempts that the default decided because of a limit */
    uint64_t hellos, hellos_unreadable; /* ClientHellos read; given up: malformed, too long, no memory */
    uint64_t replies, replies_refused;  /* ICMP messages made; not made because of their limits */
    uint32_t flows[FLOW_CLASSES];       /* now in the table */
    uint32_t flows_max;
    uint64_t ptbs, ptbs_refused;                /* PTBs made; not made because of ptb.rate or ptb.per_host */
    struct nat_stats nat;                       /* nat mode */
    unsigned external_count;                    /* nat mode: of the addresses below */
    struct qw_addr external[NAT_ADDRESSES_MAX]; /* zero: not known now */
    unsigned throttle_count;
    struct throttle_view throttles[THROTTLE_LIMITS_MAX];
};

/* What happened, for logs. */
enum engine_event_kind {
    ENGINE_EVENT_MAPPING_CREATED,
    ENGINE_EVENT_MAPPING_REMOVED,
    ENGINE_EVENT_NO_PORT,    /* a mapping was refused for the reason of that name; */
    ENGINE_EVENT_HOST_LIMIT, /* one event a second and kind, with `count` of them */
    ENGINE_EVENT_NO_ADDRESS,
    ENGINE_EVENT_ADDRESS_CHANGED /* `external`: the new address, zero for none */
};

struct engine_event {
    uint64_t number; /* 1, 2, ... without a gap, so that a reader sees what it missed */
    enum engine_event_kind kind;
    struct qw_time time;
    struct qw_endpoint inside, external; /* port 0: does not apply */
    uint64_t count;                      /* of refusals since the last such event */
};

/* Called for each flow that ends, from the thread whose packet or tick ended it, with a shard locked: keep it
 * short, and call nothing of the engine. */
typedef void engine_flow_ended(void *context, const struct engine_flow *flow, enum flow_end why);

struct engine_options {
    const struct config *config; /* read during engine_new only */
    FILE *errors;                /* for mistakes in files that the configuration names; NULL: nowhere */
    unsigned shards;             /* power of two; 0: chosen from flows_max and workers */
    struct qw_hash_key secret;   /* random in service, fixed in tests */
    struct qw_time now;          /* of the start: forwards and throttles begin with it */
    engine_flow_ended *ended;    /* may be NULL */
    void *context;
};

/* QW_OK and *out, owned by the caller; QW_ERR_NO_MEMORY; QW_ERR_CRYPTO; QW_ERR_INVALID, also for a list of
 * names that cannot be read. All memory that packets need is taken here. */
enum qw_error engine_new(const struct engine_options *options, struct engine **out);
/* All workers must have been freed. */
void engine_free(struct engine *engine);

/* One per thread. NULL when memory or the crypto library refuses, or CONFIG_WORKERS_MAX exist. */
struct engine_worker *engine_worker_new(struct engine *engine);
void engine_worker_free(struct engine_worker *worker);

/* Tells which packets come next, in the order of the calls of engine_handle: their headers are read and the
 * memory of their flows is fetched, all at once instead of one after the other. Only data, captured, wire_len
 * and from are read of `packets`, which may go then; the bytes must stay where they are. At most ENGINE_AHEAD
 * count; what was told before and has not come is forgotten. Optional: engine_handle does without. */
#define ENGINE_AHEAD 64
void engine_expect(struct engine_worker *worker, const struct engine_packet *packets, unsigned count);

/* Walks one packet. `now` must not go backwards within a worker. */
void engine_handle(struct engine_worker *worker, const struct engine_packet *packet, struct qw_time now,
                   struct engine_verdict *out);

/* To be called between batches: decides held packets that waited long enough, and ends up to `budget` expired
 * flows. Returns how many ended: fewer than `budget` when nothing more is to be done now. */
unsigned engine_tick(struct engine_worker *worker, struct qw_time now, unsigned budget);

/* The held packets that the last engine_handle or engine_tick decided, in the order they came. They must
 * leave before the packet that was just handled. The list is the worker's, valid until its next call. Returns
 * how many. */
size_t engine_released(const struct engine_worker *worker, const struct engine_release **out);

/* When the next held packet is to be decided at the latest; UINT64_MAX ns when none is held. */
struct qw_time engine_deadline(const struct engine_worker *worker);

/* Packets that the worker holds now. */
size_t engine_held(const struct engine_worker *worker);

/* Replaces timers and rules by those of `config` (read during the call only); flows go on. Any thread.
 * QW_ERR_INVALID, with a line in `errors` (may be NULL), when a list of names cannot be read, or when what an
 * engine cannot change differs: mode, flows.max, flows.handshakes. QW_ERR_NO_MEMORY. Nothing has changed
 * then. */
enum qw_error engine_reload(struct engine *engine, const struct config *config, FILE *errors);

/* The name and the hits of rule `index` (0, 1, ...) in the order of the file; after the last one the
 * default's, as "default"; then false. Any thread. */
struct engine_rule {
    char name[ENGINE_RULE_MAX];
    uint64_t hits; /* flows, or attempts, that it decided */
};
bool engine_rule(struct engine *engine, uint32_t index, struct engine_rule *out);

/* Copies up to `max` flows into `out`, starting at *cursor (0 at first), and moves it on. Returns how many; 0
 * at the end. Each call locks one shard for at most `max` flows; flows that come or go meanwhile may be
 * missed, none is shown twice. Any thread. */
size_t engine_flows(struct engine *engine, uint64_t *cursor, struct qw_time now, struct engine_flow *out,
                    size_t max);

/* Any thread. */
void engine_stats(struct engine *engine, struct engine_stats *out);

/* ---- nat mode ---- */

/* Takes the router's external address (NULL: none now) for external = "auto": when it is another than before,
 * the mappings and flows of the old one end. Any thread; not for packets' threads, it may take milliseconds.
 */
void engine_set_external(struct engine *engine, const struct qw_addr *address, struct qw_time now);

/* Ports that the router uses or reserves are not handed out. Any thread. */
void engine_set_router_ports(struct engine *engine, const uint64_t ports[static NAT_PORT_WORDS]);

/* As nat_mappings; 0 in other modes. Any thread. */
size_t engine_mappings(struct engine *engine, uint64_t *cursor, struct nat_mapping *out, size_t max);

/* Copies up to `max` events after number *after (0: the oldest kept), moves *after on, returns how many. The
 * newest 4,096 are kept; where `number` jumps, some were missed. Any thread. */
size_t engine_events(struct engine *engine, uint64_t *after, struct engine_event *out, size_t max);

#endif
