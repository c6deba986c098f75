#include "router.h"
#include "packets.h"
#include <CUnit/CUnit.h>
#include <string.h>

struct config router_config(enum config_mode mode)
{
    struct config config;
    config_defaults(&config);
    config.mode = mode;
    config.flows_max = 64;
    config.flows_per_host = 1 << 24; /* the tests of shares have others */
    config.handshakes_max = 8;
    config.initials_rate = config.initials_per_source = 0;
    return config;
}

bool router_paths, router_mirror;
engine_flow_ended *router_ended;

struct router router_start(const struct config *config)
{
    struct router r = {.now = {1000 * SECOND}};
    struct engine_options options = {.config = config,
                                     .shards = 1,
                                     .secret = {3, 4},
                                     .ended = router_ended,
                                     .paths = router_paths,
                                     .mirror = router_mirror};
    CU_ASSERT_EQUAL_FATAL(engine_new(&options, &r.engine), QW_OK);
    r.worker = engine_worker_new(r.engine);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r.worker);
    return r;
}

void router_stop(struct router *r)
{
    engine_worker_free(r->worker);
    engine_free(r->engine);
}

bool raw(struct router *r, enum engine_origin from, const uint8_t *data, size_t len)
{
    CU_ASSERT_FATAL(len <= sizeof r->packet);
    memcpy(r->packet, data, len);
    r->packet_len = len;
    struct engine_packet packet = {.data = r->packet,
                                   .writable = r->packet,
                                   .captured = len,
                                   .wire_len = (uint32_t)len,
                                   .from = from,
                                   .from_interface = from == ENGINE_OUTSIDE ? "wan0" : "lan0",
                                   .to_interface = from == ENGINE_OUTSIDE ? "lan0" : "wan0",
                                   .unrouted = r->unrouted,
                                   .link_mtu = r->link_mtu,
                                   .fragment_len = r->fragment_len,
                                   .token = ++r->token};
    if (r->own)
        packet.from_interface = NULL;
    engine_handle(r->worker, &packet, r->now, &r->last);
    return r->last.action == ENGINE_ACCEPT;
}

static bool udp(struct router *r, enum engine_origin origin, const char *from, const char *to,
                const void *payload, size_t len)
{
    uint8_t packet[2048];
    return raw(r, origin, packet, test_udp(packet, sizeof packet, from, to, payload, len));
}

bool out(struct router *r, const char *from, const char *to, const void *payload, size_t len)
{
    return udp(r, ENGINE_INSIDE, from, to, payload, len);
}

bool in(struct router *r, const char *from, const char *to, const void *payload, size_t len)
{
    return udp(r, ENGINE_OUTSIDE, from, to, payload, len);
}

struct engine_flow only_flow(struct router *r)
{
    struct engine_flow flows[2] = {0};
    uint64_t cursor = 0;
    CU_ASSERT_EQUAL(engine_flows(r->engine, &cursor, r->now, flows, 2), 1);
    return flows[0];
}

struct engine_stats stats(struct router *r)
{
    struct engine_stats s;
    engine_stats(r->engine, &s);
    return s;
}
