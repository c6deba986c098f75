/* Sums of what was seen of QUIC: handshakes by version and outcome, round trips as histograms. Their size is
 * fixed, whatever passes. */
#ifndef QUICWARD_ENGINE_MEASURED_H
#define QUICWARD_ENGINE_MEASURED_H

#include <stddef.h>
#include <stdint.h>

struct engine;

/* X(NAME, "word", "what it counts") */
#define ENGINE_VERSION_CLASSES(X)                                                                            \
    X(V1, "v1", "QUIC version 1 (RFC 9000)")                                                                 \
    X(V2, "v2", "QUIC version 2 (RFC 9369)")                                                                 \
    X(OTHER, "other", "every other version")

#define ENGINE_OUTCOMES(X)                                                                                   \
    X(CONFIRMED, "confirmed", "flows whose handshake was seen from both ends")                               \
    X(REFUSED, "refused", "attempts that the rules refused; in mode monitor, would have refused")            \
    X(UNCONFIRMED, "unconfirmed", "flows that ended before their handshake was confirmed")

enum engine_version_class {
#define X(name, word, meaning) ENGINE_VERSION_##name,
    ENGINE_VERSION_CLASSES(X)
#undef X
        ENGINE_VERSION_CLASS_COUNT
};

enum engine_outcome {
#define X(name, word, meaning) ENGINE_OUTCOME_##name,
    ENGINE_OUTCOMES(X)
#undef X
        ENGINE_OUTCOME_COUNT
};

extern const char *const ENGINE_VERSION_WORDS[ENGINE_VERSION_CLASS_COUNT];
extern const char *const ENGINE_OUTCOME_WORDS[ENGINE_OUTCOME_COUNT];

/* Upper bounds of a histogram's buckets, in microseconds, each inside its bucket; one more takes what is
 * above. Steps of about two, from a LAN to a satellite. */
#define ENGINE_RTT_BOUNDS 12
extern const uint32_t ENGINE_RTT_BOUNDS_US[ENGINE_RTT_BOUNDS];

struct engine_histogram {
    uint64_t counts[ENGINE_RTT_BOUNDS + 1]; /* of each bucket alone */
    uint64_t sum_us;
};

struct engine_measured {
    uint64_t handshakes[ENGINE_VERSION_CLASS_COUNT][ENGINE_OUTCOME_COUNT];
    struct engine_histogram handshake_rtt; /* one value a handshake that both halves are known of */
    struct engine_histogram spin_rtt;      /* one value for each second in which a flow has a figure of medium
                                              or high confidence; none of flows on a fast path */
};

/* Sums over all shards. Any thread. */
void engine_measured(struct engine *engine, struct engine_measured *out);

#endif
