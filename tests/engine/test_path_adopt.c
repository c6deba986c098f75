/* Paths that an earlier process's program still forwards by. */
#include "path_router.h"
#include "suite.h"
#include <string.h>

/* The router that went, what it left, and the path of its only flow. */
struct scene {
    struct store *left;
    struct config config;
    struct qw_time now;
    struct flow_path path; /* as it was told */
    char external[QW_ENDPOINT_TEXT_MAX];
};

static struct router start(const struct config *config, struct store *store, struct qw_time now)
{
    struct router r = {.now = now};
    struct engine_options options = {
        .config = config, .shards = 1, .secret = {1, 2}, .store = store, .paths = true, .now = now};
    CU_ASSERT_EQUAL_FATAL(engine_new(&options, &r.engine), QW_OK);
    return r;
}

static void begin_work(struct router *r)
{
    r->worker = engine_worker_new(r->engine);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r->worker);
}

static struct store *store_for(const struct config *config)
{
    struct store_part parts[STORE_PARTS_MAX];
    struct store_plan plan = {.parts = parts};
    const struct engine_options options = {.config = config, .shards = 1};
    struct store *store;
    plan.part_count = engine_parts(&options, parts);
    CU_ASSERT_EQUAL_FATAL(store_new(&plan, &store), QW_OK);
    return store;
}

static struct scene leave_one(void)
{
    struct scene s = {.config = nat_config(CONFIG_ADDRESS_DEPENDENT), .now = {1000 * SECOND}};
    s.left = store_for(&s.config);
    struct router r = start(&s.config, s.left, s.now);
    begin_work(&r);
    s.path = both_ways(&r, LAN, WAN);
    qw_endpoint_text(&s.path.ways[FLOW_PATH_DOWN].match.dst, QW_IPV4, s.external);
    router_stop(&r);
    return s;
}

static struct router recovered(struct scene *s, uint64_t later_ns, flow_path_recall *ask, size_t wanted)
{
    struct engine_recovery counts = {0};
    s->now.ns += later_ns;
    struct router r = start(&s->config, NULL, s->now);
    engine_paths_recall(r.engine, ask, s);
    CU_ASSERT_EQUAL(engine_recover(r.engine, s->left, r.now, 1, &counts), QW_OK);
    CU_ASSERT_EQUAL(counts.flows.results[FLOW_ADOPTED], wanted);
    return r;
}

/* What entries say. */
static struct flow_path as_left_there(const struct scene *s)
{
    struct flow_path path = {.family = s->path.family};
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++) {
        path.ways[way].match = s->path.ways[way].match;
        strcpy(path.ways[way].from, way == FLOW_PATH_UP ? "lan0" : "wan0");
        strcpy(path.ways[way].to, way == FLOW_PATH_UP ? "wan0" : "lan0");
    }
    return path;
}

static void goes_on(void)
{
    struct scene s = leave_one();
    struct router r = recovered(&s, SECOND, NULL, 1);
    struct flow_path path = as_left_there(&s), all[2];
    CU_ASSERT_TRUE(engine_path_adopt(r.engine, &path));
    CU_ASSERT_EQUAL(path.id, s.path.id);
    CU_ASSERT_EQUAL(path.timeout_ns, s.path.timeout_ns);
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++)
        CU_ASSERT_EQUAL(
            memcmp(&path.ways[way].rewrite, &s.path.ways[way].rewrite, sizeof path.ways[way].rewrite), 0);
    CU_ASSERT_STRING_EQUAL(path.ways[FLOW_PATH_UP].to, "wan0");
    CU_ASSERT_TRUE(engine_path_stands(r.engine, path.id, &path.key));
    uint64_t cursor = 0;
    CU_ASSERT_EQUAL(engine_paths_all(r.engine, &cursor, r.now, all, 2), 1);
    CU_ASSERT_STRING_EQUAL(all[0].ways[FLOW_PATH_DOWN].from, "wan0");
    begin_work(&r);
    expect_no_path(&r);
    r.now.ns += 301 * SECOND;
    engine_tick(r.worker, r.now, 100);
    struct flow_path over = expect_path(&r, FLOW_PATH_END);
    CU_ASSERT_EQUAL(over.id, s.path.id);
    router_stop(&r);
    store_free(s.left);
}

/* The flow is told all the same, for what the entries counted; entries of no flow are nobody's. */
static void another(void)
{
    struct scene s = leave_one();
    struct router r = recovered(&s, SECOND, NULL, 1);
    struct flow_path path = as_left_there(&s);
    path.ways[FLOW_PATH_DOWN].match.dst.port ^= 2;
    CU_ASSERT_FALSE(engine_path_adopt(r.engine, &path));
    CU_ASSERT_EQUAL(path.id, s.path.id);
    path = as_left_there(&s);
    path.ways[FLOW_PATH_UP].match.src.port ^= 2;
    CU_ASSERT_FALSE(engine_path_adopt(r.engine, &path));
    CU_ASSERT_EQUAL(path.id, 0);
    path = as_left_there(&s); /* the other way round */
    struct qw_endpoint inside = path.ways[FLOW_PATH_UP].match.src;
    path.ways[FLOW_PATH_UP].match.src = path.ways[FLOW_PATH_UP].match.dst;
    path.ways[FLOW_PATH_UP].match.dst = inside;
    CU_ASSERT_FALSE(engine_path_adopt(r.engine, &path));
    CU_ASSERT_EQUAL(path.id, 0);
    router_stop(&r);
    store_free(s.left);
}

static struct qw_time seen_late(void *context, const struct qw_tuple *up)
{
    struct scene *s = context;
    CU_ASSERT_TRUE(up->src.port == s->path.ways[FLOW_PATH_UP].match.src.port);
    CU_ASSERT_TRUE(up->dst.port == s->path.ways[FLOW_PATH_UP].match.dst.port);
    return (struct qw_time){s->now.ns - 10 * SECOND};
}

static struct qw_time seen_ahead(void *context, const struct qw_tuple *up)
{
    const struct scene *s = context;
    (void)up;
    return (struct qw_time){s->now.ns + SECOND};
}

static struct qw_time never_asked(void *context, const struct qw_tuple *up)
{
    (void)context, (void)up;
    CU_FAIL("asked of a flow that is young");
    return (struct qw_time){0};
}

static void recalled(void)
{
    static const struct {
        uint64_t later_s;
        flow_path_recall *ask;
        size_t adopted;
    } CASES[] = {{301, NULL, 0}, {301, seen_late, 1}, {301, seen_ahead, 0}, {10, never_asked, 1}};
    for (unsigned i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct scene s = leave_one();
        struct router r = recovered(&s, CASES[i].later_s * SECOND, CASES[i].ask, CASES[i].adopted);
        struct flow_path path = as_left_there(&s);
        CU_ASSERT_EQUAL(engine_path_adopt(r.engine, &path), CASES[i].adopted == 1);
        if (CASES[i].ask == seen_late)
            CU_ASSERT_EQUAL(path.last_seen.ns, s.now.ns - 10 * SECOND);
        router_stop(&r);
        store_free(s.left);
    }
}

void suite_path_adopt(void)
{
    static const struct test TESTS[] = {
        {"X6 S1: a path that is forwarded already is told again, and ends as ever", goes_on},
        {"X6 N2: what is forwarded with another endpoint outside, or for no flow, has no path", another},
        {"X6 X5: a flow that was forwarded until now has not idled out", recalled},
    };
    TEST_SUITE("engine: paths of an earlier process", TESTS);
}
