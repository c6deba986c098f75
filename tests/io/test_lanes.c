/* Who gets a turn while more comes than can be judged: a share of time, no wall clock. */
#include "lanes.h"
#include "suite.h"
#include "suites.h"
#include <string.h>

static const struct qw_time START = {QW_NS_PER_SECOND};

static struct qw_time later(uint64_t ns)
{
    return qw_time_add(START, ns);
}

static uint64_t source(unsigned number)
{
    return (uint64_t)number << 56;
}

static struct lanes pressed(void)
{
    struct lanes lanes;
    lanes_start(&lanes, 1, 64);
    for (unsigned i = 0; i < LANES_PRESSED; i++)
        lanes_batch(&lanes, true);
    CU_ASSERT_TRUE_FATAL(lanes_pressed(&lanes));
    lanes_turn(&lanes, START);
    return lanes;
}

static void bursts_press_nobody(void)
{
    struct lanes lanes;
    lanes_start(&lanes, 1, 64);
    for (unsigned i = 0; i < 100; i++) {
        lanes_batch(&lanes, i % LANES_PRESSED != 0);
        CU_ASSERT_FALSE(lanes_pressed(&lanes));
    }
    lanes = pressed();
    for (unsigned i = 0; i < 100000; i++)
        lanes_batch(&lanes, true);
    CU_ASSERT_TRUE(lanes_pressed(&lanes));
    lanes_batch(&lanes, false);
    CU_ASSERT_FALSE(lanes_pressed(&lanes));
}

/* An eighth of 8,192 packets in batches of 64. */
static void a_longer_queue_is_pressed_later(void)
{
    struct lanes lanes;
    lanes_start(&lanes, 8192, 64);
    for (unsigned i = 0; i < 15; i++)
        lanes_batch(&lanes, true);
    CU_ASSERT_FALSE(lanes_pressed(&lanes));
    lanes_batch(&lanes, true);
    CU_ASSERT_TRUE(lanes_pressed(&lanes));
}

/* How many turns of `ns` each a lane gets in one window, from sources in turn. */
static unsigned turns(struct lanes *lanes, enum engine_lane lane, unsigned sources, uint64_t ns)
{
    unsigned count = 0, refused = 0;
    for (unsigned next = 0; refused < sources && count < 100000; next++) {
        uint64_t from = source(next % sources);
        refused = lanes_admit(lanes, lane, from) ? 0 : refused + 1;
        if (refused == 0) {
            lanes_spend(lanes, lane, from, ns);
            count++;
        }
    }
    return count;
}

static void a_lane_ends_at_its_share(void)
{
    struct lanes lanes = pressed();
    CU_ASSERT_EQUAL(turns(&lanes, ENGINE_LANE_OUTSIDE, 200, 10000), LANES_TIME_NS / 10000);
    CU_ASSERT_FALSE(lanes_admit(&lanes, ENGINE_LANE_OUTSIDE, source(201)));
    CU_ASSERT_TRUE(lanes_admit(&lanes, ENGINE_LANE_INSIDE, source(201)));
    CU_ASSERT_TRUE(lanes_admit(&lanes, ENGINE_LANE_KNOWN, source(1)));
    CU_ASSERT_EQUAL(turns(&lanes, ENGINE_LANE_INSIDE, 200, 10000), LANES_TIME_NS / 10000);
    CU_ASSERT_TRUE(lanes_admit(&lanes, ENGINE_LANE_KNOWN, source(1)));
}

static void a_source_ends_at_a_part_of_it(void)
{
    struct lanes lanes = pressed();
    CU_ASSERT_EQUAL(turns(&lanes, ENGINE_LANE_INSIDE, 1, 10000), LANES_SOURCE_NS / 10000);
    CU_ASSERT_TRUE(lanes_admit(&lanes, ENGINE_LANE_INSIDE, source(7)));
    CU_ASSERT_TRUE(lanes_admit(&lanes, ENGINE_LANE_OUTSIDE, source(0)));
}

static void the_next_window_is_new(void)
{
    struct lanes lanes = pressed();
    turns(&lanes, ENGINE_LANE_OUTSIDE, 200, 10000);
    lanes_turn(&lanes, later(LANES_WINDOW_NS / 2));
    CU_ASSERT_FALSE(lanes_admit(&lanes, ENGINE_LANE_OUTSIDE, source(1)));
    lanes_turn(&lanes, later(LANES_WINDOW_NS));
    CU_ASSERT_TRUE(lanes_admit(&lanes, ENGINE_LANE_OUTSIDE, source(1)));
}

/* The machine stopped amid a turn: that is not the newcomer's. Nothing wraps. */
static void a_turn_without_end(void)
{
    struct lanes lanes = pressed();
    for (unsigned i = 0; i < 3; i++)
        lanes_spend(&lanes, ENGINE_LANE_INSIDE, source(3), UINT64_MAX);
    CU_ASSERT_TRUE(lanes_admit(&lanes, ENGINE_LANE_INSIDE, source(3)));
    for (unsigned i = 0; i < LANES_SOURCE_NS / LANES_TURN_NS; i++)
        lanes_spend(&lanes, ENGINE_LANE_INSIDE, source(3), UINT64_MAX);
    CU_ASSERT_FALSE(lanes_admit(&lanes, ENGINE_LANE_INSIDE, source(3)));
    CU_ASSERT_TRUE(lanes_admit(&lanes, ENGINE_LANE_INSIDE, source(4)));
    lanes_turn(&lanes, later(LANES_WINDOW_NS));
    CU_ASSERT_TRUE(lanes_admit(&lanes, ENGINE_LANE_INSIDE, source(3)));
}

void lanes_suite(void)
{
    static const struct test TESTS[] = {
        {"S3: lanes count only where the queue is never seen empty", bursts_press_nobody},
        {"S3: and only once an eighth of it came in one go", a_longer_queue_is_pressed_later},
        {"S3: newcomers of a side get their share of time, known flows all they need",
         a_lane_ends_at_its_share},
        {"S3: one source does not take the lane from the others", a_source_ends_at_a_part_of_it},
        {"S3: what was refused is not remembered for longer than a window", the_next_window_is_new},
        {"S3: a turn that takes forever costs no more than a long one", a_turn_without_end},
    };
    TEST_SUITE("lanes", TESTS);
}
