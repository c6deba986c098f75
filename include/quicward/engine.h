/* The engine: packets in, verdicts out. No socket, no clock, no hidden randomness: the queue, a capture file,
 * the unit tests and the benchmarks drive the same code.
 *
 * A packet's walk is a list of steps (src/engine/walk/walk.c), each in a file of its name: decode, whose,
 * address, related, find, throttle, begin, map, size, handshake, admit, account. The first that does not let
 * it go on decides. Then, with no lock held, an ICMP error is made if a step wants one (reply), and mode nat
 * writes the packet's new addresses (leave). What a step needs stands in the rooms below: packet, nat, flow,
 * throttle, policy, confirm (with quic and tls), icmp. */
#ifndef QUICWARD_ENGINE_H
#define QUICWARD_ENGINE_H

#include <quicward/base/counter.h>
#include <quicward/base/error.h>
#include <quicward/base/hash.h>
#include <quicward/base/reason.h>
#include <quicward/base/time.h>
#include <quicward/config.h>
#include <quicward/engine_events.h>
#include <quicward/engine_measured.h>
#include <quicward/engine_mirror.h>
#include <quicward/engine_owners.h>
#include <quicward/engine_path.h>
#include <quicward/flow.h>
#include <quicward/icmp.h>
#include <quicward/measure.h>
#include <quicward/nat.h>
#include <quicward/store.h>
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
    uint32_t fragment_len; /* it came in fragments, the first of them at most so long: these were the packets
                              on the wire. UINT32_MAX: of any length; 0: it came whole, or nobody knows */
    uint64_t token;        /* the driver's name for the packet, given back when it was held */
};

/* HOLD: the packet waits, and its token comes back from engine_released. */
enum engine_action { ENGINE_ACCEPT, ENGINE_DROP, ENGINE_HOLD };

struct engine_verdict {
    enum engine_action action;
    enum qw_reason reason; /* QW_REASON_NONE unless the packet was dropped, or monitor mode would have */
    uint64_t flow;         /* id of the packet's flow, 0 without one */
    bool translated; /* the packet's bytes were changed: they must go back; for HOLD, with the release */
    uint32_t mark;   /* the packet goes on with this mark (engine_owners.h); 0: with the one it has */
    const struct icmp_message *reply; /* to be sent, NULL mostly; the worker's, valid until its next call */
};

/* A packet that was held and is now decided: ENGINE_ACCEPT or ENGINE_DROP. */
struct engine_release {
    uint64_t token;
    enum engine_action action;
};

#define ENGINE_RULE_MAX 64 /* rule names are shorter (quicward/config.h) */
#define ENGINE_ALPN_MAX                                                                                      \
    255 /* bytes that are kept of an ALPN list, each protocol with its length; fits alpn_len */

/* What became of a ClientHello. Given up: malformed or too long (UNREADABLE); a limit ended the wait for it,
 * and none was read since (PARTIAL). */
enum engine_hello_state {
    ENGINE_HELLO_NONE,
    ENGINE_HELLO_READ,
    ENGINE_HELLO_UNREADABLE,
    ENGINE_HELLO_PARTIAL
};

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
    uint32_t version;           /* 0: none */
    char rule[ENGINE_RULE_MAX]; /* name of the rule that admitted it; "" for the default */
    bool undecided;             /* no packet of it has been let through yet */
    bool offloads, fast;        /* not the engine's to know: is there a fast path, does the flow take it? */
    uint64_t continues; /* id of the flow whose connection it may go on with (a hint); 0: none known */
    bool refused;       /* the rules refused an attempt of it, and it is not confirmed */
    uint64_t idle_ms, expires_ms; /* since the last packet; until the timer runs out */
    struct engine_direction {
        uint64_t packets, bytes;
        uint32_t ce;   /* packets marked CE (RFC 3168) */
        uint32_t ect1; /* packets marked ECT(1) (RFC 9331); not those of a fast path, nor before a crash */
    } up, down;        /* client to server, server to client */
    struct measure_report rtt;
    struct engine_hello {
        enum engine_hello_state state; /* the fields below are of the last one that was read, if `known` */
        bool known;
        bool ech;       /* offered: `sni` is only the public name */
        bool alpn_more; /* `alpn` lacks some of the protocols offered */
        uint8_t sni_len, alpn_len;
        char sni[TLS_NAME_MAX];
        char alpn[ENGINE_ALPN_MAX]; /* protocols, each behind its length (RFC 7301 3.1) */
    } hello;                        /* of the client; from the network, so any bytes but NUL in the name */
};

/* Sums over all workers and shards. */
struct engine_stats {
    enum config_mode mode;
    union qw_counters counters;                 /* packets = accepted + dropped + waiting */
    uint64_t reasons[QW_REASON_COUNT];          /* [NONE]: packets without a reason */
    unsigned external_count;                    /* nat mode: of the addresses below */
    struct qw_addr external[NAT_ADDRESSES_MAX]; /* zero: not known now */
    struct nat_ports ports[NAT_ADDRESSES_MAX];  /* of each of them */
    bool draining[NAT_ADDRESSES_MAX]; /* it left the configuration, and some of its mappings live on */
    unsigned throttle_count;
    struct throttle_view throttles[THROTTLE_LIMITS_MAX];
};

/* Called for each flow that ends, from the thread whose packet or tick ended it, with a shard locked: keep it
 * short, and call nothing of the engine. No event: the ring of events is bounded and shared by all kinds, so
 * the ends of a million flows would push out the mappings that a log has to have (RFC 6888 REQ-12), and a
 * report of a flow is many times as long as an event. Replay, which wants them all, has this; whoever follows
 * known flows gets PATH_END (engine_path.h). In the daemon it is NULL. */
typedef void engine_flow_ended(void *context, const struct engine_flow *flow, enum flow_end why);

struct engine_options {
    const struct config *config;    /* read during engine_new only */
    FILE *errors;                   /* for mistakes in files that the configuration names; NULL: nowhere */
    unsigned shards;                /* power of two; 0: chosen from flows_max and workers */
    struct qw_hash_key secret;      /* random in service, fixed in tests */
    const struct qw_hash_key *kept; /* nat mode, borrowed for the call: what addresses and ports are chosen
                                       with (nat.h); NULL: `secret` */
    struct store *store; /* borrowed, outlives the engine: parts of engine_parts for the same options, where
                            what a crash must not lose will stand. NULL: anonymous memory of its own */
    struct qw_time now;  /* of the start: forwards and throttles begin with it */
    bool paths;          /* it tells of paths (engine_path.h); else they cost nothing */
    bool mirror;         /* it tells what flows are to be copied (engine_mirror.h); likewise */
    engine_flow_ended *ended; /* may be NULL */
    void *context;
};

/* The parts that an engine of these options (config and shards count) needs of a store; returns how many. */
unsigned engine_parts(const struct engine_options *options, struct store_part out[static STORE_PARTS_MAX]);

/* The fields of their records, for the plan of the store; returns how many. */
unsigned engine_fields(struct store_field out[static STORE_FIELDS_MAX]);

/* `from`, a store of this program or of the one before, in this program's form: as store_adapt. */
enum qw_error engine_adapt(const struct store *from, struct store **out);

/* QW_OK and *out, owned by the caller; QW_ERR_NO_MEMORY; QW_ERR_CRYPTO; QW_ERR_INVALID, also for a list of
 * names that cannot be read. All memory that packets need is taken here. */
enum qw_error engine_new(const struct engine_options *options, struct engine **out);

/* What became of the records of an earlier process. */
struct engine_recovery {
    struct flow_recovery flows; /* `refused`: without the mapping or the rule that they had */
    struct nat_recovery nat;
    uint32_t unheld; /* mappings that no flow holds: they ended */
};

/* Takes over what `from` holds, a store of an earlier engine with any sizes, other than the one of this
 * engine: mappings, resting ports, flows, and the names of rules that flows remember. Every record is
 * checked, and flows and mappings against each other. Before the first worker. An engine that is to give
 * hosts the addresses they had without a kept secret has store_secret(from) as its `secret`. `threads` (up to
 * ENGINE_RECOVERY_THREADS_MAX, the caller's one among them) share the work; those that cannot be made are
 * done without. QW_OK, and what became of the records is added to *counts; QW_ERR_INVALID when a part is
 * missing or of another form; QW_ERR_NO_MEMORY: the engine works, but may have taken over a part only. */
#define ENGINE_RECOVERY_THREADS_MAX 8 /* more would wait for memory and for the NAT's lock */
enum qw_error engine_recover(struct engine *engine, const struct store *from, struct qw_time now,
                             unsigned threads, struct engine_recovery *counts);

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

/* Whose turn a packet is where not all can have one: the lanes of a queue that fills up. KNOWN: of a flow
 * that was answered, or the answer itself; what is no UDP from inside. INSIDE and OUTSIDE: of no such flow,
 * begun on that side; what is no UDP from outside, since anybody may send an ICMP error about anything. */
enum engine_lane { ENGINE_LANE_KNOWN, ENGINE_LANE_INSIDE, ENGINE_LANE_OUTSIDE, ENGINE_LANES };

/* The lane of packet `index` of those that engine_expect was told of, which came from `inside` or not, and in
 * *source a number for its sender: the same for an IPv4 address or an IPv6 /64 inside, a /24 or a /48
 * outside. Changes nothing, but that a flow ends whose timer ran out. A packet that nobody told of is a
 * newcomer. */
enum engine_lane engine_lane_of(struct engine_worker *worker, unsigned index, bool inside, struct qw_time now,
                                uint64_t *source);

/* The packet that is next of those expected does not come: it was dropped unjudged. */
void engine_pass_over(struct engine_worker *worker);

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

/* Replaces timers, rules, limits, throttles, and addresses, ports, forwards, exceptions, filtering and limits
 * of the NAT by those of `config` (read during the call only); flows go on, also on addresses and ports that
 * are no more (nat_change). A flow whose external endpoint a forward got goes on by another one. Packets wait
 * for nothing: each worker goes over with its next packet or tick. Any thread; calls at the same time are
 * done one after the other. The settings replaced are freed by engine_reclaim or engine_free. QW_ERR_INVALID,
 * with a line in `errors` (may be NULL), when a list of names cannot be read, or when what an engine cannot
 * change differs: mode, flows.max, flows.handshakes; or when there are too many new addresses.
 * QW_ERR_NO_MEMORY. Nothing has changed
 * then. */
enum qw_error engine_reload(struct engine *engine, const struct config *config, FILE *errors);

/* Frees settings that reloads replaced and all workers have passed. True while some are left: call it again
 * later. Any thread but a worker's: freeing a long list of names takes milliseconds. */
bool engine_reclaim(struct engine *engine);

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

/* Of these, throttles alone; returns how many. Any thread. */
unsigned engine_throttles(struct engine *engine, struct throttle_view out[static THROTTLE_LIMITS_MAX]);

/* As throttle_set_fast: who forwards packets of flows with a path, and heeds the throttles by itself. Any
 * thread. */
void engine_set_fast_throttle(struct engine *engine, const struct throttle_fast *fast);

/* Tells of the networks that the inside interfaces have routes to, all of them, for inside_prefixes = "auto";
 * read during the call only. Until the first call every source belongs inside. QW_OK; QW_ERR_NO_MEMORY, and
 * nothing has changed. Any thread; not for packets' threads. */
enum qw_error engine_set_inside(struct engine *engine, const struct qw_prefix *prefixes, size_t count);

/* ---- nat mode ---- */

/* Takes the router's external address (NULL: none now) for external = "auto": when it is another than before,
 * the mappings and flows of the old one end. Any thread; not for packets' threads, it may take milliseconds.
 */
void engine_set_external(struct engine *engine, const struct qw_addr *address, struct qw_time now);

/* Likewise of one of several interfaces, by its place in the configuration's `outside`. */
void engine_set_external_of(struct engine *engine, unsigned interface, const struct qw_addr *address,
                            struct qw_time now);

/* The addresses that stand for hosts inside now: those of the configuration as far as they are known, then
 * those that left it and have mappings still. Returns how many; 0 in other modes. Any thread. */
unsigned engine_addresses(struct engine *engine, struct qw_addr out[static NAT_ADDRESSES_MAX]);

/* Ports that the router uses or reserves are not handed out. Any thread. */
void engine_set_router_ports(struct engine *engine, const uint64_t ports[static QW_PORT_WORDS]);

/* As nat_mappings; 0 in other modes. Any thread. */
size_t engine_mappings(struct engine *engine, uint64_t *cursor, struct nat_mapping *out, size_t max);

#endif
