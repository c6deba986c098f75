/* The engine alone, in this process: packets of flows it knows, a million flows that end, and their memory.
 * Packets lie in the cache, as they do behind the kernel's copy; flows are met in random order, so that at a
 * million each is fetched from memory. */
#include "measure.h"
#include "packets.h"
#include "random.h"
#include <quicward/engine.h>
#include <quicward/flow.h>
#include <stdio.h>
#include <string.h>

#define PAYLOAD 1200      /* with IPv4 and UDP headers: 1,228 bytes */
#define PACKETS 1920000u  /* a round */
#define TARGET_NS 150.0   /* a packet, at 1,000 flows */
#define TARGET_SPREAD 3.0 /* a million flows against a thousand */
#define BATCH ENGINE_AHEAD
#define BUDGET 64      /* what the daemon gives engine_tick */
#define IPV4_SOURCE 12 /* RFC 791 3.1 */
#define IPV4_DESTINATION 16

struct bench_packet {
    _Alignas(64) uint8_t bytes[2048 - 64]; /* no power of two, which would share few cache sets */
};

struct bench {
    struct engine *engine;
    struct engine_worker *worker;
    struct qw_time now;
    uint32_t flows;
    uint8_t up[2048], down[2048];
    struct bench_packet batch[BATCH];
    struct engine_packet packets[BATCH];
    size_t len;
};

static struct bench start(uint32_t flows, uint32_t flows_max)
{
    static const uint8_t SHORT_HEADER[PAYLOAD] = {0x43};
    struct bench b = {.flows = flows, .now = {1000 * QW_NS_PER_SECOND}};
    struct config config;
    config_defaults(&config);
    config.flows_max = flows_max;
    struct engine_options options = {.config = &config, .secret = {3, 4}};
    bench_require(engine_new(&options, &b.engine) == QW_OK, "engine_new");
    b.worker = engine_worker_new(b.engine);
    bench_require(b.worker != NULL, "engine_worker_new");
    b.len = test_udp(b.up, sizeof b.up, "10.0.0.0:5000", "192.0.2.1:443", SHORT_HEADER, PAYLOAD);
    test_udp(b.down, sizeof b.down, "192.0.2.1:443", "10.0.0.0:5000", SHORT_HEADER, PAYLOAD);
    for (unsigned i = 0; i < BATCH; i++)
        memcpy(b.batch[i].bytes, i % 2 ? b.down : b.up, b.len);
    return b;
}

static void stop(struct bench *b)
{
    engine_worker_free(b->worker);
    engine_free(b->engine);
}

/* Flows differ by the three low bytes of the inside address. */
static void name_flow(uint8_t *address, uint32_t flow)
{
    address[1] = (uint8_t)(flow >> 16);
    address[2] = (uint8_t)(flow >> 8);
    address[3] = (uint8_t)flow;
}

static unsigned send_up(struct bench *b, uint32_t flow)
{
    struct engine_verdict verdict;
    name_flow(b->up + IPV4_SOURCE, flow);
    struct engine_packet packet = {
        .data = b->up, .captured = b->len, .wire_len = (uint32_t)b->len, .from = ENGINE_INSIDE};
    engine_handle(b->worker, &packet, b->now, &verdict);
    return verdict.action == ENGINE_ACCEPT;
}

static unsigned send_down(struct bench *b, uint32_t flow)
{
    struct engine_verdict verdict;
    name_flow(b->down + IPV4_DESTINATION, flow);
    struct engine_packet packet = {
        .data = b->down, .captured = b->len, .wire_len = (uint32_t)b->len, .from = ENGINE_OUTSIDE};
    engine_handle(b->worker, &packet, b->now, &verdict);
    return verdict.action == ENGINE_ACCEPT;
}

static uint64_t flows_of(struct bench *b)
{
    struct engine_stats stats;
    engine_stats(b->engine, &stats);
    return (uint64_t)stats.flows[FLOW_ATTEMPT] + stats.flows[FLOW_ANSWERED] + stats.flows[FLOW_KNOWN];
}

/* Every flow begins inside and is answered. */
static void fill(struct bench *b)
{
    unsigned accepted = 0;
    for (uint32_t flow = 0; flow < b->flows; flow++)
        accepted += send_up(b, flow) + send_down(b, flow);
    bench_require(accepted == 2 * b->flows && flows_of(b) == b->flows, "every flow is in the table");
}

/* A batch as the daemon takes it from the queue: both directions, flows in random order. */
static void name_batch(struct bench *b, uint64_t *random)
{
    for (unsigned i = 0; i < BATCH; i++)
        name_flow(b->batch[i].bytes + (i % 2 ? IPV4_DESTINATION : IPV4_SOURCE),
                  test_random(random) % b->flows);
}

static unsigned handle_batch(struct bench *b)
{
    unsigned accepted = 0;
    struct engine_verdict verdict;
    engine_expect(b->worker, b->packets, BATCH);
    for (unsigned i = 0; i < BATCH; i++) {
        engine_handle(b->worker, &b->packets[i], b->now, &verdict);
        accepted += verdict.action == ENGINE_ACCEPT;
    }
    return accepted;
}

/* Nanoseconds a packet. */
static double round_of(struct bench *b, uint64_t *random)
{
    unsigned accepted = 0;
    uint64_t took = 0;
    for (uint32_t i = 0; i < PACKETS; i += BATCH) {
        name_batch(b, random);
        uint64_t began = bench_now();
        accepted += handle_batch(b);
        took += bench_now() - began;
        b->now.ns += 1000 * BATCH;
    }
    bench_require(accepted == PACKETS, "every packet of a known flow passes");
    return (double)took / PACKETS;
}

static void take_batch(struct bench *b)
{
    for (unsigned i = 0; i < BATCH; i++)
        b->packets[i] = (struct engine_packet){.data = b->batch[i].bytes,
                                               .captured = b->len,
                                               .wire_len = (uint32_t)b->len,
                                               .from = i % 2 ? ENGINE_OUTSIDE : ENGINE_INSIDE};
}

static double known_flows(struct bench *b)
{
    take_batch(b);
    double ns[ROUNDS];
    uint64_t random = 1;
    round_of(b, &random);
    for (int i = 0; i < ROUNDS; i++)
        ns[i] = round_of(b, &random);
    return bench_median(ns);
}

static void show_speed(uint32_t flows, double ns, double at_thousand)
{
    char what[64], measured[64];
    snprintf(what, sizeof what, "engine: short header, %u known flows", flows);
    snprintf(measured, sizeof measured, "%.0f ns, %.2f Mpps a core", ns, 1000 / ns);
    if (flows == 1000)
        bench_ratio(what, measured, "150 ns", ns / TARGET_NS, 1);
    else
        bench_ratio(what, measured, "1000 flows", ns / at_thousand, flows == 1000000 ? TARGET_SPREAD : 0);
}

/* Ends all flows as the daemon does, a few between two packets. What a packet waits for is counted twice: by
 * the clock, which goes on while the machine does other things, and in this thread's own time. */
static uint64_t end_all(struct bench *b, uint64_t *longest_wait, uint64_t *longest_work)
{
    uint64_t ended = 0, began = bench_now(), packet = b->flows;
    *longest_wait = *longest_work = 0;
    while (ended < b->flows) {
        uint64_t wall = bench_now(), cpu = bench_cpu();
        unsigned now_ended = engine_tick(b->worker, b->now, BUDGET);
        bench_require(now_ended > 0 && send_up(b, (uint32_t)packet) == 1, "flows end, and a packet passes");
        uint64_t work = bench_cpu() - cpu, wait = bench_now() - wall;
        *longest_work = work > *longest_work ? work : *longest_work;
        *longest_wait = wait > *longest_wait ? wait : *longest_wait;
        ended += now_ended;
    }
    return bench_now() - began;
}

static void expire(struct bench *b)
{
    struct config config;
    char measured[96];
    uint64_t wait, work;
    config_defaults(&config);
    b->now = qw_time_add(b->now, ((uint64_t)config.timer_two_way_s + 2) * QW_NS_PER_SECOND);
    uint64_t took = end_all(b, &wait, &work);
    bench_require(flows_of(b) == 1, "no flow is left but the packets' own");
    snprintf(measured, sizeof measured, "%.0f ms in all, %.0f ns a flow", (double)took / 1e6,
             (double)took / b->flows);
    bench_row("engine: 1000000 flows expire", measured);
    snprintf(measured, sizeof measured, "%.0f us of work, %.0f us by the clock", (double)work / 1e3,
             (double)wait / 1e3);
    bench_ratio("engine: longest stall of a packet meanwhile", measured, "1 ms", (double)work / 1e6, 1);
}

static void show_memory(uint32_t flows, double bytes)
{
    char measured[96];
    snprintf(measured, sizeof measured, "%.0f bytes, record %zu; %.0f MiB in all", bytes / flows,
             sizeof(struct flow), bytes / 1048576);
    bench_row("engine: resident memory a flow at 1000000", measured);
}

int main(void)
{
    static const struct {
        uint32_t flows, flows_max;
    } SIZES[] = {{1000, 1 << 18}, {100000, 1 << 18}, {1000000, 1 << 20}};
    double at_thousand = 0;
    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        double before = bench_rss();
        struct bench b = start(SIZES[i].flows, SIZES[i].flows_max);
        fill(&b);
        double memory = bench_rss() - before, ns = known_flows(&b);
        at_thousand = i == 0 ? ns : at_thousand;
        show_speed(b.flows, ns, at_thousand);
        if (b.flows == 1000000) {
            show_memory(b.flows, memory);
            expire(&b);
        }
        stop(&b);
    }
    return 0;
}
