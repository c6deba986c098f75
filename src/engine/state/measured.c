#include "measured.h"
#include <quicward/quic.h>

const char *const ENGINE_VERSION_WORDS[ENGINE_VERSION_CLASS_COUNT] = {
#define X(name, word, meaning) [ENGINE_VERSION_##name] = word,
    ENGINE_VERSION_CLASSES(X)
#undef X
};

const char *const ENGINE_OUTCOME_WORDS[ENGINE_OUTCOME_COUNT] = {
#define X(name, word, meaning) [ENGINE_OUTCOME_##name] = word,
    ENGINE_OUTCOMES(X)
#undef X
};

const uint32_t ENGINE_RTT_BOUNDS_US[ENGINE_RTT_BOUNDS] = {1000,  2500,   5000,   10000,  20000,   40000,
                                                          80000, 160000, 320000, 640000, 1280000, 2560000};

static enum engine_version_class class_of(uint32_t version)
{
    if (version == QUIC_VERSION_1)
        return ENGINE_VERSION_V1;
    return version == QUIC_VERSION_2 ? ENGINE_VERSION_V2 : ENGINE_VERSION_OTHER;
}

void measured_count(struct engine_measured *sums, uint32_t version, enum engine_outcome outcome)
{
    sums->handshakes[class_of(version)][outcome]++;
}

static void observe(struct engine_histogram *histogram, uint32_t rtt_us)
{
    unsigned bucket = 0;
    while (bucket < ENGINE_RTT_BOUNDS && rtt_us > ENGINE_RTT_BOUNDS_US[bucket])
        bucket++;
    histogram->counts[bucket]++;
    histogram->sum_us += rtt_us;
}

void measured_handshake(struct engine_measured *sums, const struct measure *measure, uint32_t now_us)
{
    struct measure_report report;
    measure_report(measure, now_us, &report);
    if (report.handshake_us > 0)
        observe(&sums->handshake_rtt, report.handshake_us);
}

void measured_spin(struct engine_measured *sums, const struct measure *measure, uint32_t now_us)
{
    struct measure_report report;
    measure_report(measure, now_us, &report);
    if (report.spin.confidence >= MEASURE_MEDIUM)
        observe(&sums->spin_rtt, report.spin.rtt_us);
}

static void add_histogram(struct engine_histogram *to, const struct engine_histogram *from)
{
    for (unsigned i = 0; i <= ENGINE_RTT_BOUNDS; i++)
        to->counts[i] += from->counts[i];
    to->sum_us += from->sum_us;
}

void measured_add(struct engine_measured *to, const struct engine_measured *from)
{
    for (unsigned v = 0; v < ENGINE_VERSION_CLASS_COUNT; v++)
        for (unsigned o = 0; o < ENGINE_OUTCOME_COUNT; o++)
            to->handshakes[v][o] += from->handshakes[v][o];
    add_histogram(&to->handshake_rtt, &from->handshake_rtt);
    add_histogram(&to->spin_rtt, &from->spin_rtt);
}
