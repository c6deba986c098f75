/* The engine alone, in this process: packets of flows it knows, a million flows that end, and their memory;
 * and packets while it reloads.
 */
#include "known.h"
#include "measure.h"
#include "reload.h"
#include "translated.h"
#include "workers.h"
#include <quicward/flow.h>
#include <stdio.h>

#define TARGET_NS 150.0   /* a packet, at 1,000 flows */
#define TARGET_SPREAD 3.0 /* a million flows against a thousand */
#define BUDGET 64         /* what the daemon gives engine_tick */

static double known_flows(struct known *known)
{
    double ns[ROUNDS];
    known_round(known);
    for (int i = 0; i < ROUNDS; i++)
        ns[i] = known_round(known);
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
static uint64_t end_all(struct known *known, uint64_t *longest_wait, uint64_t *longest_work)
{
    uint64_t ended = 0, began = bench_now(), packet = known->flows;
    *longest_wait = *longest_work = 0;
    while (ended < known->flows) {
        uint64_t wall = bench_now(), cpu = bench_cpu();
        unsigned now_ended = engine_tick(known->worker, known->now, BUDGET);
        bench_require(now_ended > 0 && known_send(known, (uint32_t)packet), "flows end, and a packet passes");
        uint64_t work = bench_cpu() - cpu, wait = bench_now() - wall;
        *longest_work = work > *longest_work ? work : *longest_work;
        *longest_wait = wait > *longest_wait ? wait : *longest_wait;
        ended += now_ended;
    }
    return bench_now() - began;
}

static void expire(struct known *known)
{
    struct config config;
    char measured[96];
    uint64_t wait, work;
    config_defaults(&config);
    config.initials_rate = config.initials_per_source = 0; /* its clock stands */
    known->now = qw_time_add(known->now, ((uint64_t)config.timer_two_way_s + 2) * QW_NS_PER_SECOND);
    uint64_t took = end_all(known, &wait, &work);
    bench_require(known_count(known) == 1, "no flow is left but the packets' own");
    snprintf(measured, sizeof measured, "%.0f ms in all, %.0f ns a flow", (double)took / 1e6,
             (double)took / known->flows);
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

/* Rows of one engine with `flows` flows; returns the nanoseconds a packet. */
static double one_size(uint32_t flows, uint32_t flows_max, double at_thousand)
{
    static struct known known;
    double before = bench_rss();
    known_start(&known, known_engine(flows_max));
    known_take(&known, 0, flows, KNOWN_BOTH);
    known_fill(&known);
    double memory = bench_rss() - before, ns = known_flows(&known);
    show_speed(flows, ns, at_thousand > 0 ? at_thousand : ns);
    if (flows == 1000000) {
        show_memory(flows, memory);
        expire(&known);
    }
    known_stop(&known);
    engine_free(known.engine);
    return ns;
}

int main(void)
{
    double at_thousand = one_size(1000, 1 << 18, 0);
    one_size(100000, 1 << 18, at_thousand);
    one_size(1000000, 1 << 20, at_thousand);
    at_thousand = translated_show(1000, 1 << 18, 0);
    translated_show(100000, 1 << 18, at_thousand);
    translated_show(1000000, 1 << 20, at_thousand);
    workers_show(1000, 1 << 18);
    workers_show(1000000, 1 << 20);
    reload_show();
    return 0;
}
