#include "known.h"
#include "measure.h"
#include "packets.h"
#include "random.h"
#include <quicward/flow.h>

#define PAYLOAD 1200   /* with IPv4 and UDP headers: 1,228 bytes */
#define IPV4_SOURCE 12 /* RFC 791 3.1 */
#define IPV4_DESTINATION 16

struct engine *known_engine(uint32_t flows_max)
{
    struct engine *engine;
    struct config config;
    config_defaults(&config);
    config.initials_rate = config.initials_per_source = 0; /* its clock stands */
    config.flows_max = flows_max;
    config.flows_per_host = flows_max;
    struct engine_options options = {.config = &config, .secret = {3, 4}};
    bench_require(engine_new(&options, &engine) == QW_OK, "engine_new");
    return engine;
}

void known_start(struct known *known, struct engine *engine)
{
    known->engine = engine;
    known->worker = engine_worker_new(engine);
    known->now = (struct qw_time){1000 * QW_NS_PER_SECOND};
    known->random = 1;
    bench_require(known->worker != NULL, "engine_worker_new");
}

void known_stop(struct known *known)
{
    engine_worker_free(known->worker);
}

static bool goes_up(const struct known *known, unsigned place)
{
    return known->ways == KNOWN_UP || (known->ways == KNOWN_BOTH && place % 2 == 0);
}

void known_take(struct known *known, uint32_t first, uint32_t flows, enum known_ways ways)
{
    static const uint8_t SHORT_HEADER[PAYLOAD] = {0x43};
    static const char INSIDE[] = "10.0.0.0:5000", OUTSIDE[] = "192.0.2.1:443";
    known->first = first;
    known->flows = flows;
    known->ways = ways;
    for (unsigned i = 0; i < KNOWN_BATCH; i++) {
        uint8_t *bytes = known->batch[i].bytes;
        bool up = goes_up(known, i);
        known->len = test_udp(bytes, sizeof known->batch[i].bytes, up ? INSIDE : OUTSIDE,
                              up ? OUTSIDE : INSIDE, SHORT_HEADER, PAYLOAD);
        known->packets[i] = (struct engine_packet){.data = bytes,
                                                   .captured = known->len,
                                                   .wire_len = (uint32_t)known->len,
                                                   .from = up ? ENGINE_INSIDE : ENGINE_OUTSIDE};
    }
}

/* Flows differ by the three low bytes of the inside address. */
static void name_flow(struct known *known, unsigned place, uint32_t flow)
{
    uint8_t *address = known->batch[place].bytes + (goes_up(known, place) ? IPV4_SOURCE : IPV4_DESTINATION);
    address[1] = (uint8_t)(flow >> 16);
    address[2] = (uint8_t)(flow >> 8);
    address[3] = (uint8_t)flow;
}

static bool handle(struct known *known, unsigned place)
{
    struct engine_verdict verdict;
    engine_handle(known->worker, &known->packets[place], known->now, &verdict);
    return verdict.action == ENGINE_ACCEPT;
}

bool known_send(struct known *known, uint32_t flow)
{
    name_flow(known, 0, flow);
    return handle(known, 0);
}

uint64_t known_count(const struct known *known)
{
    struct engine_stats stats;
    engine_stats(known->engine, &stats);
    return stats.counters.flows_attempts + stats.counters.flows_answered + stats.counters.flows_known;
}

void known_fill(struct known *known)
{
    unsigned accepted = 0;
    for (uint32_t flow = known->first; flow < known->first + known->flows; flow++) {
        accepted += known_send(known, flow);
        name_flow(known, 1, flow);
        accepted += handle(known, 1);
    }
    bench_require(accepted == 2 * known->flows && known_count(known) == known->flows,
                  "every flow is in the table");
}

static void name_batch(struct known *known)
{
    for (unsigned i = 0; i < KNOWN_BATCH; i++)
        name_flow(known, i, known->first + test_random(&known->random) % known->flows);
}

static unsigned handle_batch(struct known *known)
{
    unsigned accepted = 0;
    engine_expect(known->worker, known->packets, KNOWN_BATCH);
    for (unsigned i = 0; i < KNOWN_BATCH; i++)
        accepted += handle(known, i);
    return accepted;
}

double known_round(struct known *known)
{
    unsigned accepted = 0;
    uint64_t took = 0;
    for (uint32_t i = 0; i < KNOWN_PACKETS; i += KNOWN_BATCH) {
        name_batch(known);
        uint64_t began = bench_now();
        accepted += handle_batch(known);
        took += bench_now() - began;
        known->now.ns += 1000 * KNOWN_BATCH;
    }
    bench_require(accepted == KNOWN_PACKETS, "every packet of a known flow passes");
    return (double)took / KNOWN_PACKETS;
}
