/* Simulated connections, seed by seed, against the round trip they were made with. */
#include "random.h"
#include "sim.h"
#include "suite.h"
#include "suites.h"
#include <math.h>
#include <stdlib.h>

#define FLOWS 60
#define WRONG 0.15 /* a figure that must not be shown as high */

struct tally {
    unsigned by[4]; /* flows by confidence of the sum */
    unsigned wrong; /* high, and off by more */
    double off[FLOWS];
    unsigned told; /* medium or high: their errors are in `off` */
};

static double between(uint64_t *random, double low, double high)
{
    return low + (high - low) * (test_random(random) % 100000) / 1e5;
}

/* Halves of 5 to 200 ms, jitter, loss and reordering to 5 % a side. */
static struct sim_options flow(unsigned number, enum sim_traffic traffic, double seconds)
{
    uint64_t random = number * 31u + (unsigned)traffic * 1009u + 17;
    test_random(&random);
    struct sim_options options = {.seed = number + 1, .traffic = traffic, .seconds = seconds};
    for (int i = 0; i < 2; i++)
        options.half_us[i] = (uint32_t)(5000 * exp(between(&random, 0, log(40))));
    options.jitter_us = (options.half_us[0] + options.half_us[1]) / 100;
    options.loss = between(&random, 0, 0.025);
    options.reorder = between(&random, 0, 0.025);
    options.late_us = number % 4 == 0 ? 20000 : 5000;
    /* an endpoint computes 0.5 to 2.5 ms; one server in ten thinks; one flow in five was met without */
    for (int i = 0; i < 2 && number % 5 != 0; i++)
        options.handshake_us[i] = options.half_us[i] + (uint32_t)between(&random, 500, 2500);
    if (number % 10 == 3)
        options.handshake_us[1] += 50000;
    options.clock_us = test_random(&random) * 2;
    return options;
}

static void count(struct tally *tally, const struct sim_options *options)
{
    struct sim_result result = sim_run(options);
    struct measure_report report;
    double factor = options->step > 0 ? options->step : 1;
    double truth = factor * (options->half_us[0] + options->half_us[1]) + 2 * options->jitter_us;
    measure_report(&result.measure, result.now_us, &report);
    double off = fabs(report.spin.rtt_us - truth) / truth;
    tally->by[report.spin.confidence]++;
    if (report.spin.confidence >= MEASURE_MEDIUM)
        tally->off[tally->told++] = off;
    tally->wrong += report.spin.confidence == MEASURE_HIGH && off > WRONG;
}

static int compare(const void *a, const void *b)
{
    double one = *(const double *)a, two = *(const double *)b;
    return (one > two) - (one < two);
}

static double median(struct tally *tally)
{
    qsort(tally->off, tally->told, sizeof tally->off[0], compare);
    return tally->told ? tally->off[tally->told / 2] : 0;
}

static struct tally run(enum sim_traffic traffic, enum sim_bit client, enum sim_bit server, double step)
{
    struct tally tally = {0};
    for (unsigned i = 0; i < FLOWS; i++) {
        struct sim_options options = flow(i, traffic, 20);
        options.bits[0] = client;
        options.bits[1] = server;
        options.step = step;
        count(&tally, &options);
    }
    return tally;
}

static void bulk(void)
{
    static const enum sim_traffic KINDS[] = {SIM_BULK_DOWN, SIM_BULK_UP, SIM_BULK_BOTH};
    for (unsigned i = 0; i < 3; i++) {
        struct tally tally = run(KINDS[i], SIM_SPINS, SIM_SPINS, 0);
        CU_ASSERT(median(&tally) < 0.05);
        CU_ASSERT(3 * tally.told >= 2 * FLOWS);
        CU_ASSERT_EQUAL(tally.wrong, 0);
    }
}

/* A transfer that was seen from its handshake on ends after twenty round trips: with windows of all sizes,
 * from the first on or after a slow start, in bursts or spread, and with few acknowledgements. */
static void twenty_round_trips(void)
{
    static const struct sim_options KINDS[] = {
        {.window = 24},
        {.window = 24, .slow_start = true},
        {.window = 100, .slow_start = true},
        {.window = 400, .slow_start = true},
        {.window = 24, .paced = true},
        {.window = 100, .slow_start = true, .paced = true},
        {.window = 100, .slow_start = true, .ack_every = 10},
        {.window = 100, .slow_start = true, .paced = true, .ack_every = 10},
    };
    for (unsigned k = 0; k < sizeof KINDS / sizeof KINDS[0]; k++) {
        struct tally tally = {0};
        for (unsigned i = 0; i < FLOWS; i++) {
            struct sim_options options = flow(i, SIM_BULK_DOWN, 0);
            options.seconds = 20 * (options.half_us[0] + options.half_us[1]) / 1e6;
            for (int side = 0; side < 2 && options.handshake_us[side] == 0; side++)
                options.handshake_us[side] = options.half_us[side] + 1000;
            options.window = KINDS[k].window;
            options.slow_start = KINDS[k].slow_start;
            options.paced = KINDS[k].paced;
            options.ack_every = KINDS[k].ack_every;
            count(&tally, &options);
        }
        CU_ASSERT(median(&tally) < 0.05);
        CU_ASSERT(3 * tally.told >= 2 * FLOWS);
        CU_ASSERT_EQUAL(tally.wrong, 0);
    }
}

static void limited(void)
{
    static const enum sim_traffic KINDS[] = {SIM_REQUESTS, SIM_PERIODIC,  SIM_SEGMENTS, SIM_VIDEO,
                                             SIM_VOICE,    SIM_TELEMETRY, SIM_KEEPALIVE};
    for (unsigned i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
        struct tally tally = run(KINDS[i], SIM_SPINS, SIM_SPINS, 0);
        CU_ASSERT(20 * tally.by[MEASURE_HIGH] < FLOWS);
        CU_ASSERT(median(&tally) < 0.10);
        CU_ASSERT_EQUAL(tally.wrong, 0);
    }
}

static void others(void)
{
    static const enum sim_bit BITS[][2] = {{SIM_ZERO, SIM_SPINS},   {SIM_SPINS, SIM_ZERO},
                                           {SIM_ONE, SIM_ONE},      {SIM_RANDOM, SIM_SPINS},
                                           {SIM_SPINS, SIM_RANDOM}, {SIM_RANDOM, SIM_RANDOM}};
    static const enum sim_traffic KINDS[] = {SIM_BULK_DOWN, SIM_REQUESTS, SIM_VOICE};
    for (unsigned i = 0; i < sizeof BITS / sizeof BITS[0]; i++)
        for (unsigned k = 0; k < 3; k++) {
            struct tally tally = run(KINDS[k], BITS[i][0], BITS[i][1], 0);
            CU_ASSERT_EQUAL(tally.by[MEASURE_HIGH], 0);
            CU_ASSERT(20 * tally.by[MEASURE_MEDIUM] < FLOWS);
        }
}

/* One that grows is slow to show where few halves are accepted; what counts is that it is not told as high.
 */
static void steps(void)
{
    struct tally shorter = run(SIM_BULK_DOWN, SIM_SPINS, SIM_SPINS, 0.5);
    struct tally longer = run(SIM_BULK_DOWN, SIM_SPINS, SIM_SPINS, 2);
    CU_ASSERT(shorter.told >= FLOWS / 4 && median(&shorter) < 0.10);
    CU_ASSERT(20 * shorter.wrong <= FLOWS);
    CU_ASSERT(20 * longer.wrong <= FLOWS);
}

void suite_histories(void)
{
    static const struct test TESTS[] = {
        {"O2: bulk is told in two of three flows, within 5 %", bulk},
        {"O2: so is bulk of twenty round trips, whatever the sender's window", twenty_round_trips},
        {"O2: fewer than one in twenty application-limited senders of each kind are told as high, and what "
         "is "
         "told is right",
         limited},
        {"O2: bits that are fixed or random are not told", others},
        {"O2: a round trip that changes half way", steps},
    };
    TEST_SUITE("measure: simulated histories", TESTS);
}
