/* What single flows offer, and who is fat. */
#include "link.h"
#include "sketch.h"
#include "suite.h"
#include "suites.h"
#include <math.h>
#include <stdlib.h>

#define LOOK_S 0.2
#define CAPACITY 8e6 /* a million bytes a second */

static struct sketch sketch;

static uint64_t hash_of(uint32_t flow)
{
    struct flow_key key = link_flow(flow);
    return flow_hash(LINK_KEY, &key);
}

/* Each of `count` flows from `first` on offers `rate` bytes a second for a look. */
static void offer(uint32_t first, uint32_t count, double rate)
{
    for (uint32_t i = 0; i < count; i++)
        sketch_add(&sketch, hash_of(first + i), (uint32_t)(rate * LOOK_S));
}

static void look(void)
{
    sketch_look(&sketch, LOOK_S, CAPACITY, true);
}

static unsigned fat(uint32_t first, uint32_t count)
{
    unsigned fat = 0;
    for (uint32_t i = 0; i < count; i++)
        fat += sketch_fat(&sketch, hash_of(first + i), 0);
    return fat;
}

/* 3 flows of 500,000 and 400 of 1,000: the three may have 200,000 each. */
static void the_level_is_the_fair_share(void)
{
    sketch_clear(&sketch);
    CU_ASSERT_TRUE(isinf(sketch.level));
    for (unsigned i = 0; i < 150; i++) {
        offer(0, 3, 500000);
        offer(10, 400, 1000);
        look();
    }
    CU_ASSERT_DOUBLE_EQUAL(sketch.level, 200000, 10000);
    CU_ASSERT_EQUAL(fat(0, 3), 3);
    CU_ASSERT_EQUAL(fat(10, 400), 0);
    CU_ASSERT_EQUAL(fat(1000, 400), 0);
}

static void nothing_is_fat_while_nothing_is_to_be_blocked(void)
{
    sketch_clear(&sketch);
    for (unsigned i = 0; i < 20; i++) {
        offer(0, 10, 1e6);
        sketch_look(&sketch, LOOK_S, CAPACITY, false);
    }
    CU_ASSERT_EQUAL(fat(0, 10), 0);
    look();
    CU_ASSERT_EQUAL(fat(0, 10), 10);
    sketch_look(&sketch, LOOK_S, CAPACITY, false);
    CU_ASSERT_EQUAL(fat(0, 10), 0);
}

static void start(void)
{
    sketch_clear(&sketch);
    for (unsigned i = 0; i < 50; i++) {
        offer(0, 20, 100000);
        look();
    }
}

/* Within the look: by the share of a second, 50,000 here. */
static void a_new_flow_is_fat_at_once(void)
{
    start();
    uint64_t flow = hash_of(700);
    CU_ASSERT_FALSE(sketch_fat(&sketch, flow, 45000));
    CU_ASSERT_TRUE(sketch_fat(&sketch, flow, 55000));
    sketch_add(&sketch, flow, 45000);
    CU_ASSERT_FALSE(sketch_fat(&sketch, flow, 1000));
    CU_ASSERT_TRUE(sketch_fat(&sketch, flow, 10000));
    sketch_add(&sketch, flow, 10000);
    offer(0, 20, 100000);
    look();
    CU_ASSERT_TRUE(sketch_fat(&sketch, flow, 0)); /* though its rate is lower over this look */
}

/* A flow that stopped, or was blocked and tries with little, is fat for a while yet, longer when it was
 * blocked. */
static void who_stops_is_remembered(void)
{
    unsigned looks[2] = {0, 0};
    for (unsigned blocked = 0; blocked < 2; blocked++) {
        start();
        sketch_name(&sketch, hash_of(0), qw_share_name(1u << 30, false, blocked));
        for (; fat(0, 1) && looks[blocked] < 1000; looks[blocked]++) {
            offer(1, 19, 100000);
            look();
        }
    }
    CU_ASSERT_TRUE(looks[0] * LOOK_S > 10 && looks[0] * LOOK_S < 40);
    CU_ASSERT_TRUE(looks[1] > 2 * looks[0] && looks[1] * LOOK_S < 120);
}

static void loads_by_place(void)
{
    static struct fat_load load;
    start();
    sketch_fat_load(&sketch, &load);
    CU_ASSERT_DOUBLE_EQUAL(load.unknown, 20 * 800000, 160000);
    for (uint32_t i = 0; i < 20; i++)
        sketch_name(&sketch, hash_of(i), qw_share_name(i << SKETCH_BIN_SHIFT | 0xffff, i < 10, i >= 10));
    sketch_fat_load(&sketch, &load);
    CU_ASSERT_EQUAL(load.unknown, 0);
    double sums[2] = {0, 0};
    for (unsigned i = 0; i < 20; i++) {
        sums[0] += load.live[i < 10][i];
        sums[1] += load.held[i < 10][i];
        CU_ASSERT_EQUAL(load.live[i >= 10][i], 0);
    }
    CU_ASSERT_DOUBLE_EQUAL(sums[0], 20 * 800000, 160000); /* two may share a cell */
    CU_ASSERT_DOUBLE_EQUAL(sums[1], 20 * 800000, 160000);
}

/* 10,000 flows, of which 50 are fat: hardly anybody meets them in both rows. */
static void few_meet_fat_flows(void)
{
    sketch_clear(&sketch);
    for (unsigned i = 0; i < 150; i++) {
        offer(0, 50, 100000);
        offer(100, 10000, 10);
        look();
    }
    CU_ASSERT_EQUAL(fat(0, 50), 50);
    CU_ASSERT_TRUE(fat(100, 10000) < 50);
}

/* Numbers at their ends. */
static void extremes(void)
{
    sketch_clear(&sketch);
    sketch_look(&sketch, LOOK_S, CAPACITY, true);
    CU_ASSERT_EQUAL(fat(0, 10), 0);
    sketch_add(&sketch, hash_of(1), UINT32_MAX);
    sketch_look(&sketch, 1e-9, 1e12, true);
    sketch_look(&sketch, 1e9, 64000, true);
    sketch_stall(&sketch, 1e9);
    sketch_add(&sketch, hash_of(2), 1);
    look();
    CU_ASSERT_FALSE(isnan(sketch.level));
}

void suite_sketch(void)
{
    static const struct test TESTS[] = {
        {"P3: the level is the fair share", the_level_is_the_fair_share},
        {"P3: nothing is fat while nothing is to be blocked", nothing_is_fat_while_nothing_is_to_be_blocked},
        {"P3: a new flow over its share is fat at once", a_new_flow_is_fat_at_once},
        {"P3: a flow that stops is remembered", who_stops_is_remembered},
        {"P3: what is fat is known by place", loads_by_place},
        {"P3: few flows meet fat ones", few_meet_fat_flows},
        {"P3: extremes", extremes},
    };
    TEST_SUITE("sketch", TESTS);
}
