/* What is told of what happens, in any mode. */
#include "client.h"
#include "suite.h"
#include <string.h>

static void tick(struct router *r, uint64_t seconds)
{
    r->now.ns += seconds * SECOND;
    engine_tick(r->worker, r->now, 0);
}

static size_t read_events(struct router *r, uint64_t *after, struct engine_event out[static 8])
{
    return engine_events(r->engine, after, out, 8);
}

/* The first refusal at once; those of the next second with the next, or by a tick when no other comes. */
static void no_refusal_is_lost(void)
{
    struct router r = router_with("rules = ( { name = \"no\"; to_port = 444; action = \"drop\"; } );");
    struct engine_event events[8];
    uint64_t after = 0;
    for (int i = 0; i < 5; i++)
        CU_ASSERT_FALSE(out(&r, LAN, "192.0.2.1:444", "x", 1));
    CU_ASSERT_EQUAL_FATAL(read_events(&r, &after, events), 1);
    CU_ASSERT_EQUAL(events[0].kind, ENGINE_EVENT_FLOW_REFUSED);
    CU_ASSERT_EQUAL(events[0].count, 1);
    CU_ASSERT_EQUAL(events[0].reason, QW_REASON_RULE);
    CU_ASSERT_STRING_EQUAL(events[0].rule, "no");
    CU_ASSERT_EQUAL(events[0].server.port, 444);
    CU_ASSERT_EQUAL(events[0].client.port, 5000);
    tick(&r, 0);
    CU_ASSERT_EQUAL(read_events(&r, &after, events), 0);
    tick(&r, 1);
    CU_ASSERT_EQUAL_FATAL(read_events(&r, &after, events), 1);
    CU_ASSERT_EQUAL(events[0].count, 4);
    CU_ASSERT_EQUAL(events[0].server.port, 444);
    tick(&r, 5);
    CU_ASSERT_EQUAL(read_events(&r, &after, events), 0);
    CU_ASSERT_FALSE(in(&r, WAN, LAN, "x", 1));
    CU_ASSERT_EQUAL_FATAL(read_events(&r, &after, events), 1);
    CU_ASSERT_EQUAL(events[0].reason, QW_REASON_UNSOLICITED);
    CU_ASSERT_STRING_EQUAL(events[0].rule, "");
    router_stop(&r);
}

/* What two rules refuse is two sums, each with a flow of its own. */
static void each_rule_has_its_sum(void)
{
    struct router r = router_with("rules = ( { name = \"a\"; to_port = 444; action = \"drop\"; },"
                                  "{ name = \"b\"; to_port = 445; action = \"drop\"; } );");
    struct engine_event events[8];
    uint64_t after = 0;
    for (int i = 0; i < 6; i++) {
        CU_ASSERT_FALSE(out(&r, LAN, "192.0.2.1:444", "x", 1));
        if (i % 2)
            CU_ASSERT_FALSE(out(&r, LAN, "192.0.2.1:445", "x", 1));
    }
    CU_ASSERT_EQUAL_FATAL(read_events(&r, &after, events), 2);
    tick(&r, 1);
    CU_ASSERT_EQUAL_FATAL(read_events(&r, &after, events), 2);
    for (unsigned i = 0; i < 2; i++) {
        bool a = strcmp(events[i].rule, "a") == 0;
        CU_ASSERT_EQUAL(events[i].count, a ? 5 : 2);
        CU_ASSERT_EQUAL(events[i].server.port, a ? 444 : 445);
    }
    router_stop(&r);
}

/* Mappings and confirmed flows come by the thousand: they push out each other, and nothing else. */
static void floods_push_out_nothing_else(void)
{
    struct router r = router_with("");
    struct engine_event flood = {.kind = ENGINE_EVENT_MAPPING_CREATED},
                        lost = {.kind = ENGINE_EVENT_QUEUE_LOST};
    struct engine_event events[8];
    uint64_t after = 0;
    engine_tell(r.engine, &flood);
    engine_tell(r.engine, &lost);
    for (unsigned i = 0; i < 5000; i++)
        engine_tell(r.engine, &flood);
    engine_tell(r.engine, &lost);
    CU_ASSERT_EQUAL_FATAL(read_events(&r, &after, events), 8);
    CU_ASSERT_EQUAL(events[0].kind, ENGINE_EVENT_QUEUE_LOST);
    CU_ASSERT_EQUAL(events[0].number, 2);
    CU_ASSERT_EQUAL(events[1].kind, ENGINE_EVENT_MAPPING_CREATED);
    CU_ASSERT_EQUAL(events[1].number, 5002 - 4096 + 1);
    CU_ASSERT_EQUAL(events[7].number, events[1].number + 6);
    after = 5001;
    CU_ASSERT_EQUAL_FATAL(read_events(&r, &after, events), 2);
    CU_ASSERT_EQUAL(events[1].kind, ENGINE_EVENT_QUEUE_LOST);
    CU_ASSERT_EQUAL(events[1].number, 5003);
    CU_ASSERT_EQUAL(after, 5003);
    CU_ASSERT_EQUAL(read_events(&r, &after, events), 0);
    router_stop(&r);
}

/* Nothing that was counted is lost with the daemon. */
static void the_end_comes_last(void)
{
    struct router r = router_with("rules = ( { name = \"no\"; to_port = 444; action = \"drop\"; } );");
    struct engine_event stopped = {.kind = ENGINE_EVENT_STOPPED, .time = r.now}, events[8];
    uint64_t after = 0;
    for (int i = 0; i < 3; i++)
        CU_ASSERT_FALSE(out(&r, LAN, "192.0.2.1:444", "x", 1));
    engine_tell(r.engine, &stopped);
    CU_ASSERT_EQUAL_FATAL(read_events(&r, &after, events), 3);
    CU_ASSERT_EQUAL(events[0].count, 1);
    CU_ASSERT_EQUAL(events[1].count, 2);
    CU_ASSERT_EQUAL(events[2].kind, ENGINE_EVENT_STOPPED);
    router_stop(&r);
}

static void the_world_tells_too(void)
{
    struct router r = router_with("");
    struct engine_event event = {.kind = ENGINE_EVENT_RELOADED, .number = 99}, events[8];
    uint64_t after = 0;
    strcpy(event.text, "FILE");
    engine_tell(r.engine, &event);
    engine_tell(r.engine, &event);
    CU_ASSERT_EQUAL_FATAL(read_events(&r, &after, events), 2);
    CU_ASSERT_EQUAL(events[0].number, 1);
    CU_ASSERT_EQUAL(events[1].number, 2);
    CU_ASSERT_STRING_EQUAL(events[1].text, "FILE");
    router_stop(&r);
}

static const struct test TESTS[] = {
    {"O5, F2: refusals are summed, and none is lost", no_refusal_is_lost},
    {"O5, F2: each rule's refusals are a sum of their own", each_rule_has_its_sum},
    {"O5: a flood of mappings pushes out no other event", floods_push_out_nothing_else},
    {"O5: the end of the daemon comes behind all that was counted", the_end_comes_last},
    {"O5: events from around the engine are numbered with its own", the_world_tells_too},
};

void suite_events(void)
{
    TEST_SUITE("engine events", TESTS);
}
