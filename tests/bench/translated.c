#include "translated.h"
#include "known.h"
#include "measure.h"
#include "packets.h"
#include "random.h"
#include <stdio.h>
#include <string.h>

#define PAYLOAD 1200 /* with IPv4 and UDP headers: 1,228 bytes */
#define HOSTS 20000u /* inside endpoints at most; a flow for each remote that one of them speaks to */
#define INSIDE_PORT 5000u
enum { SRC = 12, DST = 16, SRC_PORT = 20, DST_PORT = 22 }; /* RFC 791 3.1, RFC 768 */
static const uint8_t EXTERNAL[4] = {203, 0, 113, 1};

static struct {
    struct engine *engine;
    struct engine_worker *worker;
    struct qw_time now;
    uint32_t flows, hosts;
    uint64_t random;
    uint16_t port_of[HOSTS];       /* external, of each inside endpoint */
    uint32_t flow_of[KNOWN_BATCH]; /* that the packet belongs to */
    struct engine_packet packets[KNOWN_BATCH];
    struct known_packet batch[KNOWN_BATCH];
} g;

static void start(uint32_t flows_max)
{
    struct config config;
    config_defaults(&config);
    config.initials_rate = config.initials_per_source = 0; /* its clock stands */
    config.mode = CONFIG_NAT;
    config.flows_max = flows_max;
    config.flows_per_host = flows_max;
    config.external_count = 1;
    bench_require(qw_addr_parse("203.0.113.1", &config.external[0], &(enum qw_family){0}), "an address");
    struct engine_options options = {.config = &config, .secret = {3, 4}};
    bench_require(engine_new(&options, &g.engine) == QW_OK, "engine_new");
    g.worker = engine_worker_new(g.engine);
    bench_require(g.worker != NULL, "engine_worker_new");
    g.now = (struct qw_time){1000 * QW_NS_PER_SECOND};
}

/* Even places are from inside. */
static bool goes_up(unsigned place)
{
    return place % 2 == 0;
}

static void make_packets(void)
{
    static const uint8_t SHORT_HEADER[PAYLOAD] = {0x43};
    for (unsigned i = 0; i < KNOWN_BATCH; i++) {
        uint8_t *bytes = g.batch[i].bytes;
        size_t len = test_udp(bytes, sizeof g.batch[i].bytes, goes_up(i) ? "10.0.0.0:5000" : "198.18.0.0:443",
                              goes_up(i) ? "198.18.0.0:443" : "203.0.113.1:5000", SHORT_HEADER, PAYLOAD);
        g.packets[i] = (struct engine_packet){.data = bytes,
                                              .captured = len,
                                              .wire_len = (uint32_t)len,
                                              .writable = bytes,
                                              .from = goes_up(i) ? ENGINE_INSIDE : ENGINE_OUTSIDE};
    }
}

static void put_port(uint8_t *at, unsigned port)
{
    at[0] = (uint8_t)(port >> 8);
    at[1] = (uint8_t)port;
}

static void put_inside(uint8_t *address, uint32_t flow)
{
    uint32_t host = flow % g.hosts;
    const uint8_t bytes[4] = {10, 0, (uint8_t)(host >> 8), (uint8_t)host};
    memcpy(address, bytes, sizeof bytes);
}

static void put_remote(uint8_t *address, uint32_t flow)
{
    uint32_t remote = flow / g.hosts;
    const uint8_t bytes[4] = {198, 18, (uint8_t)(remote >> 8), (uint8_t)remote};
    memcpy(address, bytes, sizeof bytes);
}

/* Undoes the last translation. The checksums follow no more; the engine changes them, and judges none. */
static void name_flow(unsigned place, uint32_t flow)
{
    uint8_t *bytes = g.batch[place].bytes;
    g.flow_of[place] = flow;
    put_remote(bytes + (goes_up(place) ? DST : SRC), flow);
    if (goes_up(place)) {
        put_inside(bytes + SRC, flow);
        put_port(bytes + SRC_PORT, INSIDE_PORT);
    } else {
        memcpy(bytes + DST, EXTERNAL, sizeof EXTERNAL);
        put_port(bytes + DST_PORT, g.port_of[flow % g.hosts]);
    }
}

/* The packet shows what the other side is to see. */
static bool is_translated(unsigned place)
{
    const uint8_t *bytes = g.batch[place].bytes;
    uint8_t wanted[6];
    if (goes_up(place)) {
        memcpy(wanted, EXTERNAL, sizeof EXTERNAL);
        put_port(wanted + 4, g.port_of[g.flow_of[place] % g.hosts]);
        return memcmp(bytes + SRC, wanted, 4) == 0 && memcmp(bytes + SRC_PORT, wanted + 4, 2) == 0;
    }
    put_inside(wanted, g.flow_of[place]);
    put_port(wanted + 4, INSIDE_PORT);
    return memcmp(bytes + DST, wanted, 4) == 0 && memcmp(bytes + DST_PORT, wanted + 4, 2) == 0;
}

static void handle(unsigned place)
{
    struct engine_verdict verdict;
    engine_handle(g.worker, &g.packets[place], g.now, &verdict);
    bench_require(verdict.action == ENGINE_ACCEPT && verdict.translated, "a packet passes, translated");
}

/* Every flow begins inside and is answered; the first of an inside endpoint shows its external port. */
static void fill(void)
{
    for (uint32_t flow = 0; flow < g.flows; flow++) {
        const uint8_t *port = g.batch[0].bytes + SRC_PORT;
        name_flow(0, flow);
        handle(0);
        if (flow < g.hosts)
            g.port_of[flow] = (uint16_t)(port[0] << 8 | port[1]);
        name_flow(1, flow);
        handle(1);
        bench_require(is_translated(0) && is_translated(1), "translated to where it should");
    }
}

static uint64_t handle_batch(void)
{
    uint64_t began = bench_now();
    engine_expect(g.worker, g.packets, KNOWN_BATCH);
    for (unsigned i = 0; i < KNOWN_BATCH; i++)
        handle(i);
    return bench_now() - began;
}

static double round_of(void)
{
    uint64_t took = 0;
    for (uint32_t done = 0; done < KNOWN_PACKETS; done += KNOWN_BATCH) {
        for (unsigned i = 0; i < KNOWN_BATCH; i++)
            name_flow(i, test_random(&g.random) % g.flows);
        took += handle_batch();
        for (unsigned i = 0; i < KNOWN_BATCH; i++)
            bench_require(is_translated(i), "translated to where it should");
        g.now.ns += 1000 * KNOWN_BATCH;
    }
    return (double)took / KNOWN_PACKETS;
}

static void show(double ns, double at_thousand)
{
    char what[64], measured[64];
    snprintf(what, sizeof what, "engine: nat both ways, %u known flows", g.flows);
    snprintf(measured, sizeof measured, "%.0f ns, %.2f Mpps a core", ns, 1e3 / ns);
    bench_ratio(what, measured, "1000 flows", ns / at_thousand, 0);
}

double translated_show(uint32_t flows, uint32_t flows_max, double at_thousand)
{
    double ns[ROUNDS];
    start(flows_max);
    g.flows = flows;
    g.hosts = flows < HOSTS ? flows : HOSTS;
    g.random = 1;
    make_packets();
    fill();
    round_of();
    for (int i = 0; i < ROUNDS; i++)
        ns[i] = round_of();
    engine_worker_free(g.worker);
    engine_free(g.engine);
    double median = bench_median(ns);
    show(median, at_thousand > 0 ? at_thousand : median);
    return median;
}
