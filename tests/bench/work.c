/* bench_work short|initial: warms up, then does a fixed amount of work in one function, bench_counted, for
 * callgrind to count its instructions; prints how many packets that is, and the allocations that they made.
 */
#include "allocations.h"
#include "initials.h"
#include "measure.h"
#include "packets.h"
#include <quicward/engine.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARM_UP 1000u /* packets; also the flows that short headers belong to */
#define SHORTS 64000u
#define CONNECTIONS WARM_UP
#define BATCH 50u /* packets that the engine is told of at once, as by the daemon */
#define IPV4_SOURCE 12

static uint8_t shorts[BATCH][INITIAL_PACKET_LEN];
static unsigned accepted;

typedef void handle_batch(struct engine_worker *worker, const struct engine_packet *packets,
                          struct qw_time now);

static void handle(struct engine_worker *worker, const struct engine_packet *packets, struct qw_time now)
{
    struct engine_verdict verdict;
    engine_expect(worker, packets, BATCH);
    for (unsigned i = 0; i < BATCH; i++) {
        engine_handle(worker, &packets[i], now, &verdict);
        accepted += verdict.action == ENGINE_ACCEPT;
    }
}

/* Neither inlined nor renamed: callgrind finds it by its name. */
__attribute__((noinline, noclone)) handle_batch bench_counted;

void bench_counted(struct engine_worker *worker, const struct engine_packet *packets, struct qw_time now)
{
    handle(worker, packets, now);
}

static struct engine_packet packet_of(const uint8_t *data)
{
    return (struct engine_packet){
        .data = data, .captured = INITIAL_PACKET_LEN, .wire_len = INITIAL_PACKET_LEN, .from = ENGINE_INSIDE};
}

/* Flows in turn. */
static void send_shorts(handle_batch *batch, struct engine_worker *worker, unsigned count, struct qw_time now)
{
    struct engine_packet packets[BATCH];
    for (unsigned sent = 0; sent < count; sent += BATCH) {
        for (unsigned i = 0; i < BATCH; i++) {
            uint32_t flow = (sent + i) % WARM_UP;
            shorts[i][IPV4_SOURCE + 2] = (uint8_t)(flow >> 8);
            shorts[i][IPV4_SOURCE + 3] = (uint8_t)flow;
            packets[i] = packet_of(shorts[i]);
        }
        batch(worker, packets, now);
    }
}

static void send_initials(handle_batch *batch, struct engine_worker *worker, const struct initials *set,
                          uint32_t first, struct qw_time now)
{
    struct engine_packet packets[BATCH];
    for (uint32_t sent = first; sent < first + CONNECTIONS; sent += BATCH) {
        for (unsigned i = 0; i < BATCH; i++)
            packets[i] = packet_of(set->packet[sent + i]);
        batch(worker, packets, now);
    }
}

static unsigned work_short(struct engine_worker *worker, struct qw_time now, unsigned long *before)
{
    static const uint8_t SHORT_HEADER[INITIAL_LEN] = {0x43};
    for (unsigned i = 0; i < BATCH; i++)
        test_udp(shorts[i], sizeof shorts[i], "10.0.0.0:5000", "192.0.2.1:443", SHORT_HEADER, INITIAL_LEN);
    send_shorts(handle, worker, WARM_UP, now);
    *before = bench_allocations();
    send_shorts(bench_counted, worker, SHORTS, now);
    return SHORTS;
}

/* The first round of new connections also pays for what OpenSSL sets up once. */
static unsigned work_initial(struct engine_worker *worker, struct qw_time now, unsigned long *before)
{
    struct initials *set = initials_new();
    send_initials(handle, worker, set, 0, now);
    *before = bench_allocations();
    send_initials(bench_counted, worker, set, CONNECTIONS, now);
    free(set);
    return CONNECTIONS;
}

int main(int argc, char **argv)
{
    struct config config;
    struct engine *engine;
    unsigned long before = 0;
    bench_require(argc == 2, "usage: bench_work short|initial");
    config_defaults(&config);
    struct engine_options options = {.config = &config, .secret = {3, 4}};
    bench_require(engine_new(&options, &engine) == QW_OK, "engine_new");
    struct engine_worker *worker = engine_worker_new(engine);
    bench_require(worker != NULL, "engine_worker_new");
    struct qw_time now = {QW_NS_PER_SECOND};
    unsigned packets =
        strcmp(argv[1], "short") == 0 ? work_short(worker, now, &before) : work_initial(worker, now, &before);
    unsigned long allocations = bench_allocations() - before;
    bench_require(accepted == packets + WARM_UP, "every packet passes");
    printf("%u packets\n%lu allocations\n", packets, allocations);
    engine_worker_free(worker);
    engine_free(engine);
    return 0;
}
