/* The first datagram of a connection: a new flow, a client Initial opened, its ClientHello read; beside the
 * bare primitives of the same OpenSSL, turn by turn so that a busy machine is busy for both. */
#include "floor.h"
#include "initials.h"
#include "measure.h"
#ifdef BENCH_NDPI
#include "ndpi.h"
#endif
#include <quicward/engine.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TARGET 1.6
#define BATCH 50
_Static_assert(BATCH <= ENGINE_AHEAD && INITIALS % BATCH == 0, "whole batches");

static void check(struct engine *engine, struct qw_time now)
{
    struct engine_stats stats;
    struct engine_flow flow;
    uint64_t cursor = 0;
    engine_stats(engine, &stats);
    bench_require(stats.counters.accepted == 2 * INITIALS && stats.counters.hellos == 2 * INITIALS &&
                      stats.counters.flows_created == 2 * INITIALS,
                  "every Initial makes a flow and shows its ClientHello");
    bench_require(engine_flows(engine, &cursor, now, &flow, 1) == 1 &&
                      strcmp(flow.hello.sni, INITIAL_NAME) == 0,
                  "the server's name");
}

/* Tells the engine of the batch that begins with Initial `first`. */
static void expect(struct engine_worker *worker, const struct initials *set, uint32_t first,
                   struct engine_packet packets[static BATCH])
{
    for (uint32_t i = 0; i < BATCH; i++)
        packets[i] = (struct engine_packet){.data = set->packet[first + i],
                                            .captured = INITIAL_PACKET_LEN,
                                            .wire_len = INITIAL_PACKET_LEN,
                                            .from = ENGINE_INSIDE};
    engine_expect(worker, packets, BATCH);
}

/* Nanoseconds for the whole set, in batches as the daemon takes them from the queue. */
static uint64_t pass(struct engine_worker *worker, const struct initials *set, struct qw_time now)
{
    struct engine_packet packets[BATCH];
    struct engine_verdict verdict;
    uint64_t began = bench_now();
    for (uint32_t i = 0; i < INITIALS; i++) {
        if (i % BATCH == 0)
            expect(worker, set, i, packets);
        engine_handle(worker, &packets[i % BATCH], now, &verdict);
    }
    return bench_now() - began;
}

/* Nanoseconds an Initial, in an engine without flows that has had some: memory is in place, as in service. */
static double engine_round(const struct initials *set)
{
    struct config config;
    struct engine *engine;
    config_defaults(&config);
    config.initials_rate = config.initials_per_source = 0; /* its clock stands */
    config.handshakes_max = 1 << 15;                       /* room for all, none displaced */
    struct engine_options options = {.config = &config, .secret = {3, 4}};
    bench_require(engine_new(&options, &engine) == QW_OK, "engine_new");
    struct engine_worker *worker = engine_worker_new(engine);
    bench_require(worker != NULL, "engine_worker_new");
    struct qw_time now = {QW_NS_PER_SECOND};
    pass(worker, set, now);
    now = qw_time_add(now, 3600 * QW_NS_PER_SECOND);
    bench_require(engine_tick(worker, now, 2 * INITIALS) == INITIALS, "the first pass's flows end");
    uint64_t took = pass(worker, set, now);
    check(engine, now);
    engine_worker_free(worker);
    engine_free(engine);
    return (double)took / INITIALS;
}

static void show(const char *what, double ns[static ROUNDS], const char *to, double ratio, double target)
{
    char measured[64];
    double median = bench_median(ns);
    snprintf(measured, sizeof measured, "%.2f us, %.0f thousand/s a core", median / 1e3, 1e6 / median);
    if (to)
        bench_ratio(what, measured, to, ratio, target);
    else
        bench_row(what, measured);
}

int main(void)
{
    double ours[ROUNDS], bare[ROUNDS], ratio[ROUNDS];
    struct initials *set = initials_new();
    floor_prepare();
    engine_round(set);
    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = engine_round(set);
        bare[i] = floor_round();
        ratio[i] = ours[i] / bare[i];
    }
    show("initial: bare OpenSSL primitives", bare, NULL, 0, 0);
    show("initial: new flow, Initial opened, SNI read", ours, "bare", bench_median(ratio), TARGET);
#ifdef BENCH_NDPI
    double theirs[ROUNDS], against[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        theirs[i] = ndpi_round(set);
        against[i] = theirs[i] / engine_round(set);
    }
    show("initial: nDPI, Initial opened, SNI read", theirs, "quicward", bench_median(against), 0);
#endif
    floor_free();
    free(set);
    return 0;
}
