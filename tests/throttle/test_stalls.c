/* A router that stood still: a look counts its whole length, and what was queued meanwhile is no load of its
 * own. */
#include "link.h"
#include "suite.h"
#include "suites.h"
#include <stdio.h>

#define STEP_MS 10
#define FLOWS 100u
#define BYTES                                                                                                \
    (LINK_CAPACITY / 8 / 1000 * STEP_MS / FLOWS) /* the capacity, when each flow sends one a step            \
                                                  */

struct clock {
    struct throttle *throttle;
    uint64_t ms;
    unsigned blocked;  /* packets, */
    unsigned innocent; /* and of them those of small flows */
};

static void send(struct clock *c, uint32_t flow, uint32_t bytes)
{
    struct flow_key key = link_flow(flow);
    const struct throttle_flow of = {&key, flow_hash(LINK_KEY, &key), false};
    bool blocked =
        throttle_active(c->throttle, 0) && throttle_blocks(c->throttle, 0, THROTTLE_OUT, &of, bytes);
    throttle_count(c->throttle, 0, THROTTLE_OUT, of.hash, bytes,
                   blocked ? THROTTLE_BLOCKED : THROTTLE_PASSED);
    c->blocked += blocked;
}

static void send_all(struct clock *c, double load, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        for (uint32_t flow = 0; flow < FLOWS; flow++)
            send(c, flow, (uint32_t)(load * BYTES));
}

static void run(struct clock *c, double load, uint64_t ms)
{
    for (uint64_t end = c->ms + ms; c->ms < end;) {
        c->ms += STEP_MS;
        throttle_tick(c->throttle, (struct qw_time){c->ms * QW_NS_PER_MS});
        send_all(c, load, 1);
    }
}

/* What came meanwhile is there all at once, but no more than a queue holds: `steps` of it. */
static void stall(struct clock *c, double load, uint64_t ms, uint64_t most)
{
    uint64_t steps = ms / STEP_MS;
    c->ms += ms;
    throttle_tick(c->throttle, (struct qw_time){c->ms * QW_NS_PER_MS});
    send_all(c, load, (unsigned)(steps < most ? steps : most));
}

static struct clock begin(bool small)
{
    struct throttle_options options = link_options();
    options.spare_small = small;
    return (struct clock){.throttle = link_new(&options)};
}

/* From 10 milliseconds to 10 minutes, at every moment of an interval, with a queue that holds three seconds
 * of packets and one that holds all of a minute. */
static void stalls_block_nobody(void)
{
    static const uint64_t STALLS_MS[] = {10,   50,   100,  190,  200,   210,   300,   390,  400,
                                         500,  590,  600,  610,  800,   1000,  1500,  2000, 3000,
                                         4000, 5000, 8000, 9990, 30000, 60000, 600000};
    for (unsigned i = 0; i < sizeof(STALLS_MS) / sizeof(STALLS_MS[0]); i++)
        for (unsigned at = 0; at < 200; at += 100) {
            struct clock c = begin(at == 0);
            run(&c, 0.9, 2000 + at);
            stall(&c, 0.9, STALLS_MS[i], at < 100 ? 300 : 6000);
            run(&c, 0.9, 3000);
            CU_ASSERT_EQUAL(c.blocked, 0);
            if (c.blocked > 0)
                printf("\n    %llu ms: %u", (unsigned long long)STALLS_MS[i], c.blocked);
            throttle_free(c.throttle);
        }
}

/* One after the other, also within the second in which the last one's packets are handed over. */
static void stalls_in_a_row(void)
{
    for (uint64_t between = 100; between <= 3000; between = between * 3 / 2 / 10 * 10)
        for (uint64_t length = 300; length <= 8000; length *= 3) {
            struct clock c = begin(true);
            run(&c, 0.85, 2000);
            for (unsigned i = 0; i < 8; i++) {
                stall(&c, 0.85, length, 1000);
                run(&c, 0.85, between);
            }
            CU_ASSERT_EQUAL(c.blocked, 0);
            if (c.blocked > 0)
                printf("\n    %llu ms, then %llu: %u", (unsigned long long)length,
                       (unsigned long long)between, c.blocked);
            throttle_free(c.throttle);
        }
}

/* What was queued is handed over across several looks. */
static void slow_handing_over(void)
{
    for (uint64_t ms = 1000; ms <= 8000; ms += 1000) {
        struct clock c = begin(true);
        run(&c, 0.9, 2000);
        c.ms += ms;
        for (unsigned i = 0; i < 9; i++, c.ms += 100) {
            throttle_tick(c.throttle, (struct qw_time){c.ms * QW_NS_PER_MS});
            send_all(&c, 0.9, 10 + (unsigned)(ms / STEP_MS / 9));
        }
        run(&c, 0.9, 4000);
        CU_ASSERT_EQUAL(c.blocked, 0);
        throttle_free(c.throttle);
    }
}

/* Ten fat flows, two capacities together, and ten that offer a third of the fair share each. */
static void send_mixed(struct clock *c, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        for (uint32_t flow = 0; flow < 10; flow++) {
            send(c, flow, LINK_CAPACITY / 8 / 1000 * STEP_MS / 5);
            unsigned before = c->blocked;
            send(c, 10 + flow, LINK_CAPACITY / 8 / 1000 * STEP_MS / 32);
            c->innocent += c->blocked - before;
        }
}

static void small_flows_stay_small(void)
{
    struct clock c = begin(true);
    for (unsigned step = 0; step < 2000; step++) {
        bool stalls = step % 500 == 499;
        c.ms += stalls ? 10000 : STEP_MS;
        throttle_tick(c.throttle, (struct qw_time){c.ms * QW_NS_PER_MS});
        send_mixed(&c, stalls ? 10000 / STEP_MS : 1);
    }
    CU_ASSERT_EQUAL(c.innocent, 0);
    CU_ASSERT_TRUE(c.blocked > 1000);
    throttle_free(c.throttle);
}

/* A host that is late all the time is looked at all the same. */
static void always_late(void)
{
    for (uint64_t late = 200; late <= 3000; late += 700) {
        struct clock c = begin(true);
        for (unsigned i = 0; i < 30; i++)
            stall(&c, 3, late, UINT64_MAX);
        struct throttle_view view[THROTTLE_LIMITS_MAX];
        throttle_views(c.throttle, view);
        CU_ASSERT_TRUE(view[0].share > 0.5 && c.blocked > 0);
        throttle_free(c.throttle);
    }
}

/* An overload that begins behind a stall is met a second later. */
static void overload_after_a_stall(void)
{
    struct clock c = begin(true);
    run(&c, 0.5, 2000);
    stall(&c, 0.5, 5000, 500);
    run(&c, 3, 6000);
    struct throttle_view view[THROTTLE_LIMITS_MAX];
    throttle_views(c.throttle, view);
    CU_ASSERT_TRUE(view[0].passed < LINK_CAPACITY / 10 * 11);
    CU_ASSERT_TRUE(view[0].share > 0.5);
    throttle_free(c.throttle);
}

void suite_stalls(void)
{
    static const struct test TESTS[] = {
        {"P2: stalls from 10 ms to 10 min block nobody", stalls_block_nobody},
        {"P2: nor do stalls one after the other", stalls_in_a_row},
        {"P2: what was queued may come across several looks", slow_handing_over},
        {"P3: small flows that were queued stay small", small_flows_stay_small},
        {"P2: a host that is late all the time is looked at", always_late},
        {"P2: an overload behind a stall is met", overload_after_a_stall},
    };
    TEST_SUITE("stalls", TESTS);
}
