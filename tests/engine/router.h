/* An engine with one worker, a clock the test moves, and packets in both directions. */
#ifndef TEST_ROUTER_H
#define TEST_ROUTER_H

#include <quicward/engine.h>

#define SECOND QW_NS_PER_SECOND

struct router {
    struct engine *engine;
    struct engine_worker *worker;
    struct qw_time now;
    struct engine_verdict last;
    uint64_t token;       /* of the last packet */
    uint8_t packet[9216]; /* the last one as it left, or would have */
    size_t packet_len;
    bool unrouted;         /* of the next packets: taken before routing */
    bool own;              /* of the next packets: the router made them itself */
    uint32_t link_mtu;     /* of the next packets */
    uint32_t fragment_len; /* likewise */
};

struct config router_config(enum config_mode mode);

/* One shard, a fixed key. */
struct router router_start(const struct config *config);
void router_stop(struct router *r);

/* The next router tells of paths. Tests that set it clear it. */
extern bool router_paths;

/* The next router tells what changed (engine_mirror.h); likewise. */
extern bool router_mirror;

/* The next router tells it of flows that end; likewise. */
extern engine_flow_ended *router_ended;

#define LAN "10.0.0.5:5000"
#define WAN "192.0.2.1:443"
#define LAN6 "[2001:db8:1::5]:5000"
#define WAN6 "[2001:db8:2::1]:443"

/* Sends a UDP packet through; true when it is accepted. */
bool out(struct router *r, const char *from, const char *to, const void *payload, size_t len);
bool in(struct router *r, const char *from, const char *to, const void *payload, size_t len);

/* Likewise any packet. */
bool raw(struct router *r, enum engine_origin from, const uint8_t *data, size_t len);

/* The only flow in the engine. */
struct engine_flow only_flow(struct router *r);

struct engine_stats stats(struct router *r);

void suite_firewall(void);
void suite_handshake(void);
void suite_handshake_threads(void);
void suite_icmp(void);
void suite_lane(void);
void suite_mirror(void);
void suite_owners(void);
void suite_layout(void);
void suite_limits(void);
void suite_shares(void);
void suite_inside(void);
void suite_guard(void);
void suite_initials(void);
void suite_views(void);
void suite_round_trips(void);
void suite_hints(void);
void suite_inspect(void);
void suite_attempts(void);
void suite_histories(void);
void suite_rules(void);
void suite_corpus(void);
void suite_names(void);
void suite_nat(void);
void suite_nat_errors(void);
void suite_nat_reload(void);
void suite_sizes(void);
void suite_ahead(void);
void suite_throttle(void);
void suite_nat_threads(void);
void suite_events(void);
void suite_recover(void);
void suite_scratch(void);
void suite_settings(void);
void suite_settings_threads(void);
void suite_paths(void);
void suite_path_rewrites(void);
void suite_path_spin(void);
void suite_path_threads(void);
void suite_harvest(void);
void suite_path_ends(void);
void suite_path_adopt(void);

#endif
