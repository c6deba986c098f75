/* Figures that come back from a fast path. */
#include "path_router.h"
#include "suite.h"
#include <string.h>

static struct flow_path_figures figures_of(const struct flow_path *path, struct qw_time seen)
{
    return (struct flow_path_figures){
        .id = path->id, .key = path->key, .last_seen = seen, .ways = {{10, 1000, 1}, {20, 4000, 3}}};
}

static struct router start(struct flow_path *path)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    struct router r = path_router(&config);
    *path = both_ways(&r, LAN, WAN);
    return r;
}

static void figures_are_added_by_direction(void)
{
    struct flow_path path;
    struct router r = start(&path);
    struct engine_flow before = only_flow(&r);
    struct flow_path_figures figures[2] = {figures_of(&path, r.now), figures_of(&path, r.now)};
    CU_ASSERT_EQUAL(engine_harvest(r.engine, figures, 2, r.now), 2);
    struct engine_flow flow = only_flow(&r);
    CU_ASSERT_TRUE(figures[0].known && figures[1].known);
    CU_ASSERT_EQUAL(flow.up.packets, before.up.packets + 20);
    CU_ASSERT_EQUAL(flow.up.bytes, before.up.bytes + 2000);
    CU_ASSERT_EQUAL(flow.up.ce, 2);
    CU_ASSERT_EQUAL(flow.down.packets, before.down.packets + 40);
    CU_ASSERT_EQUAL(flow.down.bytes, before.down.bytes + 8000);
    CU_ASSERT_EQUAL(flow.down.ce, 6);
    router_stop(&r);
}

static void the_timer_goes_on_never_back(void)
{
    struct flow_path path;
    struct router r = start(&path);
    struct qw_time then = r.now;
    r.now.ns += 100 * SECOND;
    struct flow_path_figures figures = figures_of(&path, (struct qw_time){then.ns + 60 * SECOND});
    engine_harvest(r.engine, &figures, 1, r.now);
    CU_ASSERT_EQUAL(only_flow(&r).idle_ms, 40000);
    figures.last_seen.ns = then.ns + 50 * SECOND;
    engine_harvest(r.engine, &figures, 1, r.now);
    CU_ASSERT_EQUAL(only_flow(&r).idle_ms, 40000);
    figures.last_seen.ns = 0;
    engine_harvest(r.engine, &figures, 1, r.now);
    CU_ASSERT_EQUAL(only_flow(&r).idle_ms, 40000);
    figures.last_seen.ns = UINT64_MAX;
    engine_harvest(r.engine, &figures, 1, r.now);
    r.now.ns += SECOND;
    CU_ASSERT_EQUAL(only_flow(&r).idle_ms, 1000);
    router_stop(&r);
}

/* Its packets pass elsewhere for far longer than its timer. */
static void harvests_keep_a_flow(void)
{
    struct flow_path path;
    struct router r = start(&path);
    for (int i = 0; i < 10; i++) {
        r.now.ns += 200 * SECOND;
        struct flow_path_figures figures = figures_of(&path, (struct qw_time){r.now.ns - SECOND});
        CU_ASSERT_EQUAL(engine_harvest(r.engine, &figures, 1, r.now), 1);
        engine_tick(r.worker, r.now, 100);
    }
    expect_no_path(&r);
    r.now.ns += 300 * SECOND;
    engine_tick(r.worker, r.now, 100);
    CU_ASSERT_EQUAL(expect_path(&r, FLOW_PATH_END).id, path.id);
    router_stop(&r);
}

/* Whoever forwarded it let it go: the flow goes on by the engine, and its path is told by the next packet. */
static void what_is_over_is_told_again(void)
{
    struct flow_path path;
    struct router r = start(&path);
    char back[QW_ENDPOINT_TEXT_MAX];
    qw_endpoint_text(&path.ways[FLOW_PATH_DOWN].match.dst, path.family, back);
    CU_ASSERT_TRUE(in(&r, WAN, back, "x", 1));
    expect_no_path(&r);
    struct flow_path_figures figures = figures_of(&path, r.now);
    figures.over = true;
    CU_ASSERT_EQUAL(engine_harvest(r.engine, &figures, 1, r.now), 1);
    expect_no_path(&r);
    CU_ASSERT_TRUE(in(&r, WAN, back, "x", 1));
    CU_ASSERT_EQUAL(expect_path(&r, FLOW_PATH_ADD).id, path.id);
    engine_harvest(r.engine, &figures, 1, r.now);
    r.now.ns += 301 * SECOND; /* it ends, and nobody has a path that would end with it */
    engine_tick(r.worker, r.now, 100);
    expect_no_path(&r);
    router_stop(&r);
}

/* Timer over, not yet swept, and then the news that it was in use. */
static void late_news_still_count(void)
{
    struct flow_path path;
    struct router r = start(&path);
    r.now.ns += 301 * SECOND;
    struct flow_path_figures figures = figures_of(&path, (struct qw_time){r.now.ns - SECOND});
    CU_ASSERT_EQUAL(engine_harvest(r.engine, &figures, 1, r.now), 1);
    engine_tick(r.worker, r.now, 100);
    CU_ASSERT_EQUAL(only_flow(&r).id, path.id);
    router_stop(&r);
}

static void strangers_change_nothing(void)
{
    struct flow_path path;
    struct router r = start(&path);
    struct flow_path_figures other = figures_of(&path, r.now), gone = other;
    uint64_t packets = only_flow(&r).up.packets;
    other.id++;
    gone.key.port[0]++;
    struct flow_path_figures figures[] = {other, gone};
    figures[0].known = figures[1].known = true;
    CU_ASSERT_EQUAL(engine_harvest(r.engine, figures, 2, r.now), 0);
    CU_ASSERT_FALSE(figures[0].known || figures[1].known);
    CU_ASSERT_EQUAL(only_flow(&r).up.packets, packets);
    CU_ASSERT_EQUAL(engine_harvest(r.engine, NULL, 0, r.now), 0);
    router_stop(&r);
}

void suite_harvest(void)
{
    static const struct test TESTS[] = {
        {"O3: figures of a path are added to its flow, by direction", figures_are_added_by_direction},
        {"T2: the idle timer follows the youngest packet, and never goes back", the_timer_goes_on_never_back},
        {"T2 T3: a flow whose packets pass elsewhere lives as long as these are told", harvests_keep_a_flow},
        {"T2: what is told late counts while the flow is in the table", late_news_still_count},
        {"X5 T2: a flow that is let go is the engine's alone, and told again by its next packet",
         what_is_over_is_told_again},
        {"S3: figures of flows that ended change nothing", strangers_change_nothing},
    };
    TEST_SUITE("paths: harvest", TESTS);
}
