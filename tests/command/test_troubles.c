/* Figures become events when they change, and say nothing while they do not. */
#include "suite.h"
#include "test_command.h"
#include "troubles.h"
#include <string.h>

static const struct qw_time NOW = {1000 * QW_NS_PER_SECOND};

struct scene {
    struct engine *engine;
    struct troubles troubles;
    uint64_t after;
};

/* The events since the last call: how many, and the last of them. */
static size_t told(struct scene *scene, struct engine_event *last)
{
    struct engine_event events[16];
    size_t count = engine_events(scene->engine, &scene->after, events, 16);
    if (count > 0)
        *last = events[count - 1];
    return count;
}

static void queue(struct scene *scene, uint64_t queue_dropped, uint64_t user_dropped, uint64_t unseen)
{
    struct io_queue_stats stats = {.number = 7400};
    stats.counters.queue_dropped = queue_dropped;
    stats.counters.user_dropped = user_dropped;
    stats.counters.unseen = unseen;
    stats.counters.waiting = 8;
    troubles_queue(&scene->troubles, 0, &stats, scene->engine, NOW);
}

static void queues_that_overflow(void)
{
    struct scene scene = {.engine = command_engine(NOW)};
    struct engine_event event;
    queue(&scene, 0, 0, 0);
    CU_ASSERT_EQUAL(told(&scene, &event), 0);
    queue(&scene, 3, 2, 1);
    CU_ASSERT_EQUAL_FATAL(told(&scene, &event), 1);
    CU_ASSERT_EQUAL(event.kind, ENGINE_EVENT_QUEUE_FULL);
    CU_ASSERT_EQUAL(event.count, 6);
    CU_ASSERT_STRING_EQUAL(event.text, "queue 7400, 8 packets wait in it");
    queue(&scene, 3, 2, 1);
    CU_ASSERT_EQUAL(told(&scene, &event), 0);
    queue(&scene, 4, 2, 1);
    CU_ASSERT_EQUAL_FATAL(told(&scene, &event), 1);
    CU_ASSERT_EQUAL(event.count, 1);
    /* bound again: the kernel counts anew */
    queue(&scene, 0, 0, 0);
    CU_ASSERT_EQUAL(told(&scene, &event), 0);
    queue(&scene, 1, 0, 0);
    CU_ASSERT_EQUAL_FATAL(told(&scene, &event), 1);
    CU_ASSERT_EQUAL(event.count, 1);
    engine_free(scene.engine);
}

static void throttle(struct scene *scene, const char *interface, double share)
{
    struct throttle_view view = {.share = share, .offered = 130, .limit = {.capacity = 100}};
    snprintf(view.limit.interface, sizeof view.limit.interface, "%s", interface);
    view.limit.direction = THROTTLE_OUT;
    troubles_throttle(&scene->troubles, 0, &view, scene->engine, NOW);
}

static void expect_kind(struct scene *scene, enum engine_event_kind kind, const char *text)
{
    struct engine_event event = {.count = 0};
    CU_ASSERT_EQUAL_FATAL(told(scene, &event), 1);
    CU_ASSERT_EQUAL(event.kind, kind);
    CU_ASSERT_STRING_EQUAL(event.text, text);
}

static void throttles_that_change(void)
{
    struct scene scene = {.engine = command_engine(NOW)};
    struct engine_event event;
    throttle(&scene, "wan0", 0);
    CU_ASSERT_EQUAL(told(&scene, &event), 0);
    throttle(&scene, "wan0", 0.01);
    expect_kind(&scene, ENGINE_EVENT_THROTTLE_BEGAN,
                "wan0 out: blocks 1.00 % of flows; 130 bit/s offered, capacity 100");
    throttle(&scene, "wan0", 0.059);
    CU_ASSERT_EQUAL(told(&scene, &event), 0);
    throttle(&scene, "wan0", 0.0601);
    expect_kind(&scene, ENGINE_EVENT_THROTTLE_CHANGED,
                "wan0 out: blocks 6.01 % of flows; 130 bit/s offered, capacity 100");
    throttle(&scene, "wan0", 0);
    expect_kind(&scene, ENGINE_EVENT_THROTTLE_ENDED,
                "wan0 out: blocks 0.00 % of flows; 130 bit/s offered, capacity 100");
    engine_free(scene.engine);
}

/* A reload takes a limit away, or puts another in its place. */
static void limits_that_go(void)
{
    struct scene scene = {.engine = command_engine(NOW)};
    struct engine_event event;
    throttle(&scene, "wan0", 0.5);
    CU_ASSERT_EQUAL(told(&scene, &event), 1);
    throttle(&scene, "wan1", 0);
    expect_kind(&scene, ENGINE_EVENT_THROTTLE_ENDED, "wan0 out: the throttle was removed");
    throttle(&scene, "wan1", 0.5);
    CU_ASSERT_EQUAL(told(&scene, &event), 1);
    troubles_throttle(&scene.troubles, 0, NULL, scene.engine, NOW);
    expect_kind(&scene, ENGINE_EVENT_THROTTLE_ENDED, "wan1 out: the throttle was removed");
    troubles_throttle(&scene.troubles, 0, NULL, scene.engine, NOW);
    CU_ASSERT_EQUAL(told(&scene, &event), 0);
    engine_free(scene.engine);
}

static const struct test TESTS[] = {
    {"O5: queues that overflow are told, with how many packets", queues_that_overflow},
    {"O5, P2: throttles that begin, change and end are told", throttles_that_change},
    {"O5, P2: limits that a reload takes away end", limits_that_go},
};

void suite_troubles(void)
{
    TEST_SUITE("command troubles", TESTS);
}
