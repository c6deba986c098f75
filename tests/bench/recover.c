/* A million flows of a killed daemon: how long a start takes until it may judge packets again, and how much
 * of that passes while nobody reads the queues when the daemon before hands over. */
#include "measure.h"
#include "packets.h"
#include <quicward/base/log.h>
#include <quicward/io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLOWS 1000000u
#define HOSTS 20000u /* inside endpoints, each with a mapping where there is NAT */
#define TARGET_NS 1e9
#define GAP_TARGET_NS 3e8

enum { SRC = 12, DST = 16, SRC_PORT = 20 }; /* RFC 791 3.1, RFC 768 */

static struct config config_of(enum config_mode mode, const char *folder)
{
    struct config config;
    config_defaults(&config);
    config.mode = mode;
    config.flows_max = 1 << 20;
    config.nat_per_host = HOSTS;
    config.external_count = 1;
    bench_require(qw_addr_parse("203.0.113.1", &config.external[0], &(enum qw_family){0}), "an address");
    snprintf(config.state, sizeof config.state, "%s", folder);
    return config;
}

/* What a translation changed is written again: the checksums do not matter here. */
static void name_flow(uint8_t *packet, uint32_t flow)
{
    uint32_t host = flow % HOSTS, remote = flow / HOSTS;
    const uint8_t inside[4] = {10, 0, (uint8_t)(host >> 8), (uint8_t)host};
    const uint8_t outside[4] = {198, 18, (uint8_t)(remote >> 8), (uint8_t)remote};
    memcpy(packet + SRC, inside, 4);
    memcpy(packet + DST, outside, 4);
    packet[SRC_PORT] = 0x13;
    packet[SRC_PORT + 1] = 0x88;
}

/* How many there are then: where the table is nearly full, a host whose count collides with others' is
 * refused. */
static uint32_t fill(struct engine *engine)
{
    uint8_t bytes[128];
    size_t len = test_udp(bytes, sizeof bytes, "10.0.0.0:5000", "198.18.0.0:443", "x", 1);
    const struct engine_packet packet = {
        .data = bytes, .writable = bytes, .captured = len, .wire_len = (uint32_t)len, .from = ENGINE_INSIDE};
    struct engine_worker *worker = engine_worker_new(engine);
    uint32_t accepted = 0;
    bench_require(worker != NULL, "engine_worker_new");
    for (uint32_t flow = 0; flow < FLOWS; flow++) {
        struct engine_verdict verdict;
        name_flow(bytes, flow);
        engine_handle(worker, &packet, io_now(), &verdict);
        accepted += verdict.action == ENGINE_ACCEPT;
    }
    engine_worker_free(worker);
    bench_require(accepted > FLOWS - FLOWS / 1000, "a million flows are in the table");
    return accepted;
}

/* Both clocks: on a machine that does other things the second says what those take. */
struct span {
    uint64_t clock, work;
};

static struct span span_now(void)
{
    return (struct span){bench_now(), bench_cpu()};
}

static void show(const char *what, struct span from, struct span to, double target)
{
    char measured[96], wanted[64];
    double work = (double)(to.work - from.work);
    snprintf(measured, sizeof measured, "%.0f ms of work, %.0f ms by the clock", work / 1e6,
             (double)(to.clock - from.clock) / 1e6);
    snprintf(wanted, sizeof wanted, "%.0f ms", target / 1e6);
    bench_ratio(what, measured, wanted, work / target, 1);
}

static void one_mode(enum config_mode mode, const char *folder)
{
    struct config config = config_of(mode, folder);
    const struct engine_options options = {.config = &config, .now = io_now()};
    struct engine *engine;
    struct io_state *state;
    struct io_error error = {0};
    struct engine_stats stats;
    char what[64];
    bench_require(io_state_start(&options, &engine, &state, &error) == QW_OK && state, "a state file");
    uint32_t there = fill(engine);
    engine_free(engine);
    io_state_close(state);
    struct span began = span_now();
    bench_require(io_state_prepare(&options, &engine, &state, &error) == QW_OK && state, "a state file");
    struct span prepared = span_now();
    bench_require(io_state_take(state, engine, io_now(), &error) == QW_OK, "what was left");
    struct span taken = span_now();
    engine_stats(engine, &stats);
    bench_require(stats.counters.flows_attempts == there, "every flow is there again");
    snprintf(what, sizeof what, "recovery of 1000000 flows, %s: all", config_mode_text(mode));
    show(what, began, taken, TARGET_NS);
    snprintf(what, sizeof what, "recovery of 1000000 flows, %s: the gap", config_mode_text(mode));
    show(what, prepared, taken, GAP_TARGET_NS);
    engine_free(engine);
    io_state_close(state);
}

int main(void)
{
    char folder[] = "/dev/shm/quicward-bench.XXXXXX", file[64];
    bench_require(mkdtemp(folder) != NULL, "a folder in /dev/shm");
    qw_log_set_level(QW_LOG_WARNING);
    snprintf(file, sizeof file, "%s/main.state", folder);
    one_mode(CONFIG_FIREWALL, folder);
    unlink(file);
    one_mode(CONFIG_NAT, folder);
    unlink(file);
    rmdir(folder);
    return 0;
}
