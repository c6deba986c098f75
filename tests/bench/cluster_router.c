#include "cluster_router.h"
#include "handshakes.h"
#include "measure.h"
#include "packets.h"
#include <stdlib.h>
#include <string.h>

#define TIMER_S 3600                                       /* nothing ends meanwhile */
enum { SRC = 12, DST = 16, SRC_PORT = 20, DST_PORT = 22 }; /* RFC 791 3.1, RFC 768 */

struct qw_time cluster_now(void)
{
    return (struct qw_time){bench_now()};
}

struct qw_addr cluster_external(unsigned number)
{
    return qw_addr_v4((const uint8_t[4]){203, 0, 113, (uint8_t)(number + 1)});
}

static struct config config_of(uint32_t flows_max)
{
    struct config config;
    config_defaults(&config);
    config.mode = CONFIG_NAT;
    config.flows_max = config.flows_per_host = flows_max;
    config.initials_rate = config.initials_per_source = 0;
    config.timer_two_way_s = config.timer_confirmed_s = TIMER_S;
    config.external_count = EXTERNALS;
    for (unsigned i = 0; i < EXTERNALS; i++)
        config.external[i] = cluster_external(i);
    return config;
}

void cluster_router_start(struct cluster_router *router, uint32_t flows_max, uint16_t inside_port)
{
    struct config config = config_of(flows_max);
    struct engine_options options = {
        .config = &config, .secret = {3, 4}, .now = cluster_now(), .mirror = true};
    *router = (struct cluster_router){.inside_port = inside_port};
    router->external = calloc(ENDPOINTS, sizeof *router->external);
    bench_require(router->external && engine_new(&options, &router->engine) == QW_OK, "engine_new");
    router->worker = engine_worker_new(router->engine);
    bench_require(router->worker != NULL, "engine_worker_new");
}

void cluster_router_stop(struct cluster_router *router)
{
    engine_worker_free(router->worker);
    engine_free(router->engine);
    free(router->external);
}

/* ---- packets ---- */

static void put_port(uint8_t *at, unsigned port)
{
    at[0] = (uint8_t)(port >> 8);
    at[1] = (uint8_t)port;
}

static void put_client(uint8_t *at, uint32_t flow)
{
    uint32_t client = flow % ENDPOINTS;
    const uint8_t bytes[4] = {10, (uint8_t)(client >> 16), (uint8_t)(client >> 8), (uint8_t)client};
    memcpy(at, bytes, sizeof bytes);
}

static void put_server(uint8_t *at, uint32_t flow)
{
    const uint8_t bytes[4] = {198, 18, 0, (uint8_t)(flow / ENDPOINTS)};
    memcpy(at, bytes, sizeof bytes);
}

/* Checksums are right for other endpoints: the engine changes them, and judges none. */
static bool pass(struct cluster_router *router, uint8_t *bytes, size_t len, enum engine_origin from)
{
    struct engine_verdict verdict;
    const struct engine_packet packet = {
        .data = bytes, .writable = bytes, .captured = len, .wire_len = (uint32_t)len, .from = from};
    struct qw_time began = cluster_now();
    engine_handle(router->worker, &packet, began, &verdict);
    router->took_ns = bench_now() - began.ns;
    return verdict.action == ENGINE_ACCEPT && verdict.translated;
}

/* A new mapping shows itself in the packet. */
static bool send_up(struct cluster_router *router, uint32_t flow, const uint8_t *payload, size_t payload_len)
{
    uint8_t bytes[INITIAL_PACKET_LEN];
    struct qw_endpoint *external = &router->external[flow % ENDPOINTS];
    size_t len = test_udp(bytes, sizeof bytes, "10.0.0.0:1", "198.18.0.0:443", payload, payload_len);
    put_client(bytes + SRC, flow);
    put_port(bytes + SRC_PORT, router->inside_port);
    put_server(bytes + DST, flow);
    bool passed = pass(router, bytes, len, ENGINE_INSIDE);
    *external =
        (struct qw_endpoint){qw_addr_v4(bytes + SRC), (uint16_t)(bytes[SRC_PORT] << 8 | bytes[SRC_PORT + 1])};
    return passed;
}

static bool send_down(struct cluster_router *router, uint32_t flow, const uint8_t *payload,
                      size_t payload_len)
{
    uint8_t bytes[INITIAL_PACKET_LEN];
    const struct qw_endpoint *external = &router->external[flow % ENDPOINTS];
    size_t len = test_udp(bytes, sizeof bytes, "198.18.0.0:443", "203.0.113.1:1", payload, payload_len);
    put_server(bytes + SRC, flow);
    memcpy(bytes + DST, external->addr.bytes + 12, 4);
    put_port(bytes + DST_PORT, external->port);
    return pass(router, bytes, len, ENGINE_OUTSIDE);
}

static const uint8_t SHORT_HEADER[32] = {0x43};

bool cluster_up(struct cluster_router *router, uint32_t flow)
{
    return send_up(router, flow, SHORT_HEADER, sizeof SHORT_HEADER);
}

bool cluster_down(struct cluster_router *router, uint32_t flow)
{
    return send_down(router, flow, SHORT_HEADER, sizeof SHORT_HEADER);
}

static bool connect_one(struct cluster_router *router, uint32_t flow, const struct handshake *handshake)
{
    return send_up(router, flow, handshake->initial, INITIAL_LEN) &&
           send_down(router, flow, handshake->answer, INITIAL_LEN) &&
           send_up(router, flow, handshake->finish, handshake->finish_len);
}

uint32_t cluster_connect(struct cluster_router *router, uint32_t first, uint32_t count)
{
    struct handshake *handshakes = handshakes_new();
    uint32_t connected = 0;
    for (uint32_t flow = first; flow < first + count; flow++)
        connected += connect_one(router, flow, &handshakes[flow % HANDSHAKES]);
    router->flows += connected;
    free(handshakes);
    return connected;
}

struct qw_tuple cluster_tuple(const struct cluster_router *router, uint32_t flow)
{
    struct qw_tuple tuple = {.src.port = router->inside_port, .dst.port = 443, .family = QW_IPV4};
    uint8_t address[4];
    put_client(address, flow);
    tuple.src.addr = qw_addr_v4(address);
    put_server(address, flow);
    tuple.dst.addr = qw_addr_v4(address);
    return tuple;
}

uint64_t cluster_flows(const struct cluster_router *router)
{
    struct engine_stats stats;
    engine_stats(router->engine, &stats);
    return stats.counters.flows_answered + stats.counters.flows_known;
}
