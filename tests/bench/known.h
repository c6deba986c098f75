/* Flows that both sides have used, and packets of theirs with a short header, in batches as the daemon takes
 * them from a queue. Packets lie in the cache, as they do behind the kernel's copy; flows are met in random
 * order, so that of a million each is fetched from memory. */
#ifndef BENCH_KNOWN_H
#define BENCH_KNOWN_H

#include <quicward/engine.h>

#define KNOWN_BATCH ENGINE_AHEAD
#define KNOWN_PACKETS 1920000u /* a round */

struct known_packet {
    _Alignas(64) uint8_t bytes[2048 - 64]; /* no power of two, which would share few cache sets */
};

/* What a worker meets: both directions of its flows in turn, or one of them alone. */
enum known_ways { KNOWN_BOTH, KNOWN_UP, KNOWN_DOWN };

/* One worker and its packets. */
struct known {
    struct engine *engine;
    struct engine_worker *worker;
    struct qw_time now;
    uint32_t first, flows;
    enum known_ways ways;
    uint64_t random;
    size_t len;
    struct engine_packet packets[KNOWN_BATCH];
    struct known_packet batch[KNOWN_BATCH];
};

/* An engine with `flows_max`, the caller's: engine_free. */
struct engine *known_engine(uint32_t flows_max);

/* A worker of `engine`, which outlives it: known_stop. */
void known_start(struct known *known, struct engine *engine);
void known_stop(struct known *known);

/* From here on `known` meets the `flows` flows from `first` on, below 2^24, in `ways`. */
void known_take(struct known *known, uint32_t first, uint32_t flows, enum known_ways ways);

/* Lets each of its flows begin inside and be answered; it meets both ways. */
void known_fill(struct known *known);

/* One packet of `flow` from inside, whether it exists or not; true when it may pass. */
bool known_send(struct known *known, uint32_t flow);

/* Flows in its engine. */
uint64_t known_count(const struct known *known);

/* KNOWN_PACKETS through the engine; the nanoseconds that one took. */
double known_round(struct known *known);

#endif
