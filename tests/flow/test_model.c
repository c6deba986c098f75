/* The table against the simplest thing that does the same: an array of last-seen times. */
#include "flows.h"
#include "random.h"
#include "suite.h"
#include <arpa/inet.h>
#include <string.h>

enum { KEYS = 500, ROUNDS = 300000, LINES = 64 };

static const struct qw_known KNOWN = {.buckets = LINES * QW_KNOWN_LINE, .key = {5, 77}};
static struct qw_known_line lines[LINES];

static uint64_t last_seen[KEYS];
static bool live[KEYS];

static bool model_live(uint32_t n, uint64_t now)
{
    return live[n] && now - last_seen[n] < 120 * SECOND;
}

static void step(struct flow_table *t, uint32_t n, uint32_t action, uint64_t now)
{
    struct flow *flow = find(t, n, now);
    CU_ASSERT_EQUAL_FATAL(flow != NULL, model_live(n, now));
    live[n] = flow != NULL;
    if (!flow)
        flow = add(t, n, now);
    else if (action % 4 != 0)
        return;
    else
        flow_refresh(t, flow, (struct qw_time){now});
    CU_ASSERT_PTR_NOT_NULL_FATAL(flow);
    live[n] = true;
    last_seen[n] = now;
}

static unsigned count_at(uint32_t bucket)
{
    return lines[bucket / QW_KNOWN_LINE].counts[bucket % QW_KNOWN_LINE];
}

/* As a reader of packets finds it, whichever way they go. */
static uint32_t bucket_of(uint32_t n)
{
    struct qw_tuple of = tuple(n);
    uint32_t source, destination;
    memcpy(&source, of.src.addr.bytes + 12, sizeof source);
    memcpy(&destination, of.dst.addr.bytes + 12, sizeof destination);
    return qw_known_bucket(&KNOWN, qw_known_end(&KNOWN, &destination, 1, htons(of.dst.port)),
                           qw_known_end(&KNOWN, &source, 1, htons(of.src.port)));
}

/* Each flow is counted once. */
static void look_at_shown(struct flow_table *t, uint64_t now)
{
    unsigned sum = 0, flows = 0;
    for (uint32_t bucket = 0; bucket < KNOWN.buckets; bucket++)
        sum += count_at(bucket);
    for (int class = 0; class < FLOW_CLASSES; class ++)
        flows += flow_count(t, (enum flow_class) class);
    CU_ASSERT_EQUAL_FATAL(sum, flows);
    for (uint32_t n = 0; n < KEYS; n++)
        CU_ASSERT_TRUE_FATAL(!model_live(n, now) || count_at(bucket_of(n)) > 0);
}

static void shows_what_there_is(void)
{
    struct flow_table *t = table(300, NULL, NULL);
    struct qw_known one = KNOWN;
    one.buckets = QW_KNOWN_LINE;
    for (uint32_t n = 0; n < 10; n++)
        add(t, n, 0);
    memset(lines, 0, sizeof lines);
    memset(live, 0, sizeof live);
    flow_show(t, &KNOWN, lines);
    look_at_shown(t, 0);
    flow_show(t, NULL, NULL);
    add(t, 11, 0);
    memset(lines, 0, sizeof lines);
    memset(&lines[0], QW_KNOWN_FULL - 1, sizeof lines[0]);
    flow_show(t, &one, lines); /* what came to be full does not go down any more */
    flow_sweep(t, (struct qw_time){400 * SECOND}, 100);
    unsigned full = 0;
    for (unsigned i = 0; i < QW_KNOWN_LINE; i++)
        full += count_at(i) == QW_KNOWN_FULL;
    CU_ASSERT_TRUE(full >= 5);
    flow_table_free(t);
}

static void behaves_as_the_model(void)
{
    struct flow_table *t = table(KEYS, NULL, NULL);
    memset(lines, 0, sizeof lines);
    flow_show(t, &KNOWN, lines);
    uint64_t random = 1, now = 0;
    memset(live, 0, sizeof live);
    for (int i = 0; i < ROUNDS; i++) {
        now += test_random(&random) % (SECOND / 2);
        step(t, test_random(&random) % KEYS, test_random(&random), now);
        if (i % 7 == 0)
            flow_sweep(t, (struct qw_time){now}, test_random(&random) % 3);
        if (i % 1000 == 0)
            look_at_shown(t, now);
    }
    memset(live, 0, sizeof live);
    flow_sweep(t, (struct qw_time){now + 1000 * SECOND}, KEYS);
    look_at_shown(t, now);
    flow_table_free(t);
}

void suite_model(void)
{
    static const struct test TESTS[] = {
        {"X8: flows are shown from the first on, and full buckets stay full", shows_what_there_is},
        {"T3: 300,000 random operations agree with a plain model", behaves_as_the_model},
    };
    TEST_SUITE("flow model", TESTS);
}
