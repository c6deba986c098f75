/* A million flows of a killed daemon: how long a start takes until it may judge packets again, and how much
 * of that passes while nobody reads the queues when the daemon before hands over. */
#include "measure.h"
#include "packets.h"
#include <quicward/base/log.h>
#include <quicward/io.h>
#include <sched.h>
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

/* The clock is what counts: packets wait by it. What other processes take of the machine counts too, so the
 * least of some runs is shown. */
struct least {
    double all, gap, work; /* nanoseconds; the work of all threads in the gap */
};

static void keep(double *least, uint64_t from, uint64_t to)
{
    double ns = (double)(to - from);
    if (*least == 0 || ns < *least)
        *least = ns;
}

static unsigned processors(void)
{
    cpu_set_t set;
    bench_require(sched_getaffinity(0, sizeof set, &set) == 0, "sched_getaffinity");
    return (unsigned)CPU_COUNT(&set);
}

static void show_all(const char *what, const struct least *least)
{
    char measured[96];
    snprintf(measured, sizeof measured, "%.0f ms by the clock", least->all / 1e6);
    bench_ratio(what, measured, "1000 ms", least->all / TARGET_NS, 1);
}

static void show_gap(const char *what, const struct least *least)
{
    char measured[96];
    snprintf(measured, sizeof measured, "%.0f ms by the clock, %.0f ms of work on %u processors",
             least->gap / 1e6, least->work / 1e6, processors());
    bench_ratio(what, measured, "300 ms", least->gap / GAP_TARGET_NS, 1);
}

/* ---- the whole way: a file, each recovery from what the one before left ---- */

static void leave_file(const struct engine_options *options, uint32_t *there)
{
    struct engine *engine;
    struct io_state *state;
    struct io_error error = {0};
    bench_require(io_state_start(options, &engine, &state, &error) == QW_OK && state, "a state file");
    *there = fill(engine);
    engine_free(engine);
    io_state_close(state);
}

static void recover_file(const struct engine_options *options, uint32_t there, struct least *least)
{
    struct engine *engine;
    struct io_state *state;
    struct io_error error = {0};
    struct engine_stats stats;
    uint64_t began = bench_now();
    bench_require(io_state_prepare(options, &engine, &state, &error) == QW_OK && state, "a state file");
    uint64_t prepared = bench_now(), work = bench_work();
    bench_require(io_state_take(state, engine, io_now(), &error) == QW_OK, "what was left");
    uint64_t taken = bench_now();
    keep(&least->work, work, bench_work());
    keep(&least->all, began, taken);
    keep(&least->gap, prepared, taken);
    engine_stats(engine, &stats);
    bench_require(stats.counters.flows_attempts == there, "every flow is there again");
    engine_free(engine);
    io_state_close(state);
}

static void one_mode(enum config_mode mode, const char *folder)
{
    struct config config = config_of(mode, folder);
    const struct engine_options options = {.config = &config, .now = io_now()};
    struct least least = {0};
    uint32_t there;
    char what[64];
    leave_file(&options, &there);
    for (int round = 0; round < ROUNDS; round++)
        recover_file(&options, there, &least);
    snprintf(what, sizeof what, "recovery of 1000000 flows, %s: all", config_mode_text(mode));
    show_all(what, &least);
    snprintf(what, sizeof what, "recovery of 1000000 flows, %s: the gap", config_mode_text(mode));
    show_gap(what, &least);
}

/* ---- confirmed connections: more is rebuilt of each ---- */

static struct store *store_for(const struct config *config)
{
    struct store_part parts[STORE_PARTS_MAX];
    struct store_field fields[STORE_FIELDS_MAX];
    struct store_plan plan = {.parts = parts, .fields = fields};
    const struct engine_options options = {.config = config};
    struct store *store;
    plan.part_count = engine_parts(&options, parts);
    plan.field_count = engine_fields(fields);
    bench_require(store_new(&plan, &store) == QW_OK, "a store");
    return store;
}

/* As if a handshake had been seen of each. */
static void confirm_all(const struct store *store)
{
    struct store_region memory;
    for (unsigned part = 0; store_region(store, flow_part(part, 0).name, &memory); part++)
        for (uint64_t i = 0; i < memory.count; i++) {
            struct flow *flow = &((struct flow *)memory.records)[i];
            flow->state = FLOW_CONFIRMED;
            flow->class = FLOW_KNOWN;
            flow->version = 1;
            flow->flags |= FLOW_QUIC | FLOW_CLIENT_SEEN;
            if (flow->flags & FLOW_INITIATOR_HI)
                flow->flags |= FLOW_CLIENT_HI;
        }
}

static void recover_store(const struct engine_options *options, const struct store *left, uint32_t there,
                          struct least *least)
{
    struct engine *engine;
    struct engine_recovery counts = {0};
    bench_require(engine_new(options, &engine) == QW_OK, "engine_new");
    uint64_t prepared = bench_now(), work = bench_work();
    bench_require(engine_recover(engine, left, io_now(), processors(), &counts) == QW_OK, "what was left");
    keep(&least->gap, prepared, bench_now());
    keep(&least->work, work, bench_work());
    bench_require(counts.flows.results[FLOW_ADOPTED] == there, "every connection is there again");
    engine_free(engine);
}

static void known_ones(void)
{
    struct config config = config_of(CONFIG_NAT, CONFIG_NO_STATE);
    struct store *left = store_for(&config);
    struct engine_options options = {.config = &config, .now = io_now(), .store = left};
    struct engine *engine;
    struct least least = {0};
    bench_require(engine_new(&options, &engine) == QW_OK, "engine_new");
    uint32_t there = fill(engine);
    engine_free(engine);
    confirm_all(left);
    options.store = NULL;
    for (int round = 0; round < ROUNDS; round++)
        recover_store(&options, left, there, &least);
    show_gap("recovery of 1000000 known connections, nat: the gap", &least);
    store_free(left);
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
    known_ones();
    return 0;
}
