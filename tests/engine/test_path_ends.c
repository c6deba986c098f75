/* Flows that end while somebody forwards their packets: that is over before anything of them is free. */
#include "path_router.h"
#include "suite.h"
#include <stdio.h>

#define FLOWS_MAX 4

/* Whoever forwards. */
static struct taker {
    struct engine *engine;
    unsigned calls;
    uint64_t id;
    size_t mappings; /* that stood when it was asked */
} taker;

static bool take(void *context, uint64_t id, struct qw_time now, struct flow_path_figures *figures)
{
    struct taker *of = context;
    struct nat_mapping mappings[FLOWS_MAX + 1];
    uint64_t cursor = 0;
    (void)now;
    of->calls++;
    of->id = id;
    of->mappings = engine_mappings(of->engine, &cursor, mappings, FLOWS_MAX + 1);
    figures->ways[FLOW_PATH_UP] = (struct flow_path_seen){7, 700, 1};
    return true;
}

static struct flow_path start(struct router *r, const struct config *config)
{
    *r = path_router(config);
    taker = (struct taker){.engine = r->engine};
    engine_paths_taker(r->engine, take, &taker);
    return both_ways(r, LAN, WAN);
}

/* It was asked once, for that flow, and the external port was still the flow's. */
static void was_taken(const struct flow_path *path)
{
    CU_ASSERT_EQUAL(taker.calls, 1);
    CU_ASSERT_EQUAL(taker.id, path->id);
    CU_ASSERT_TRUE(taker.mappings >= 1);
}

static void expired(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    struct router r;
    struct flow_path path = start(&r, &config);
    CU_ASSERT_TRUE(engine_path_stands(r.engine, path.id, &path.key));
    CU_ASSERT_FALSE(engine_path_stands(r.engine, path.id + 1, &path.key));
    r.now.ns += 301 * SECOND;
    engine_tick(r.worker, r.now, 100);
    was_taken(&path);
    CU_ASSERT_FALSE(engine_path_stands(r.engine, path.id, &path.key));
    router_stop(&r);
}

static void address_gone(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    struct router r;
    struct flow_path path = start(&r, &config);
    engine_set_external(r.engine, NULL, r.now);
    CU_ASSERT_EQUAL(taker.calls, 1);
    CU_ASSERT_EQUAL(taker.id, path.id);
    CU_ASSERT_FALSE(engine_path_stands(r.engine, path.id, &path.key));
    router_stop(&r);
}

/* A full table gives up a flow that was used both ways once it is idle for two minutes. */
static void evicted(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    struct router r;
    char lan[QW_ENDPOINT_TEXT_MAX], external[QW_ENDPOINT_TEXT_MAX];
    config.flows_max = FLOWS_MAX;
    struct flow_path path = start(&r, &config);
    CU_ASSERT_TRUE(out(&r, LAN, WAN, "back", 4));
    r.now.ns += 150 * SECOND;
    for (unsigned i = 1; i < FLOWS_MAX; i++) {
        snprintf(lan, sizeof lan, "10.0.0.6:%u", 2000 + i);
        leave(&r, lan, WAN, external);
        CU_ASSERT_TRUE(in(&r, WAN, external, "x", 1) && out(&r, lan, WAN, "z", 1));
    }
    CU_ASSERT_EQUAL(taker.calls, 0);
    CU_ASSERT_TRUE(out(&r, "10.0.0.7:2000", WAN, "x", 1));
    CU_ASSERT_EQUAL(stats(&r).counters.flows_evicted, 1);
    was_taken(&path);
    router_stop(&r);
}

/* Taken back before it ends (it has no path any more, or was idle): somebody may not have heard of it yet. */
static void forgotten_before(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    struct router r;
    struct flow_path path = start(&r, &config);
    struct flow_path_figures figures = {.id = path.id, .key = path.key, .over = true};
    engine_harvest(r.engine, &figures, 1, r.now);
    CU_ASSERT_FALSE(engine_path_stands(r.engine, path.id, &path.key));
    r.now.ns += 301 * SECOND;
    engine_tick(r.worker, r.now, 100);
    was_taken(&path);
    router_stop(&r);
}

static struct engine_flow ended;

static void note_end(void *context, const struct engine_flow *flow, enum flow_end why)
{
    (void)context, (void)why;
    ended = *flow;
}

/* What was forwarded to the last is in the report of the flow's end. */
static void counted(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    struct router r;
    router_ended = note_end;
    start(&r, &config);
    router_ended = NULL;
    struct engine_flow before = only_flow(&r);
    r.now.ns += 301 * SECOND;
    engine_tick(r.worker, r.now, 100);
    CU_ASSERT_EQUAL(ended.up.packets, before.up.packets + 7);
    CU_ASSERT_EQUAL(ended.up.bytes, before.up.bytes + 700);
    router_stop(&r);
}

/* A rule keeps its flows slow; a reload takes those back that it finds on the fast path, and gives them
 * again. */
static void slow_by_rule(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    char name[] = "calls";
    struct config_rule rule = {.name = name, .direction = CONFIG_OUT, .action = CONFIG_ACCEPT};
    config.rules = &rule;
    config.rule_count = 1;
    struct router r = path_router(&config);
    struct flow_path path = both_ways(&r, LAN, WAN), listed;
    for (unsigned i = 0; i < 3; i++) {
        uint64_t cursor = 0;
        bool resync = false;
        struct flow_path_event event;
        rule.fast = i == 1 ? CONFIG_NO : CONFIG_YES;
        CU_ASSERT_EQUAL(engine_reload(r.engine, &config, NULL), QW_OK);
        CU_ASSERT_EQUAL(engine_paths(r.engine, &event, 1, &resync), 0);
        CU_ASSERT_TRUE(resync);
        CU_ASSERT_EQUAL(engine_paths_all(r.engine, &cursor, r.now, &listed, 1), i == 1 ? 0 : 1);
        CU_ASSERT_TRUE(i == 1 || listed.id == path.id);
    }
    rule.fast = CONFIG_NO;
    CU_ASSERT_EQUAL(engine_reload(r.engine, &config, NULL), QW_OK);
    bool resync;
    struct flow_path_event event;
    CU_ASSERT_EQUAL(engine_paths(r.engine, &event, 1, &resync), 0);
    CU_ASSERT_TRUE(out(&r, LAN, WAN, "z", 1));
    CU_ASSERT_EQUAL(expect_path(&r, FLOW_PATH_END).id, path.id);
    char external[QW_ENDPOINT_TEXT_MAX];
    leave(&r, LAN2, WAN, external);
    CU_ASSERT_TRUE(in(&r, WAN, external, "x", 1) && out(&r, LAN2, WAN, "z", 1));
    expect_no_path(&r);
    router_stop(&r);
}

void suite_path_ends(void)
{
    static const struct test TESTS[] = {
        {"X5 N2: nobody forwards a flow that expired when its port begins to rest", expired},
        {"X5 N2: the same when the external address is gone", address_gone},
        {"X5 N2: the same when the flow is evicted", evicted},
        {"X5 N2: the same when its path was taken back before", forgotten_before},
        {"X7: fast = false in a rule keeps its flows off the fast path, also after a reload", slow_by_rule},
        {"X5 O3: what was forwarded to the last is counted", counted},
    };
    TEST_SUITE("paths: ends", TESTS);
}
