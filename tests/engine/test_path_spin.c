/* The spin bit's measuring, told with a path and brought back with figures. */
#include "attempts.h"
#include "path_router.h"
#include "suite.h"
#include <string.h>

/* The last that was told; *count: how often. */
static struct flow_path last_path(struct router *r, unsigned *count)
{
    struct flow_path_event event;
    struct flow_path path = {0};
    for (*count = 0; next_path(r, &event); ++*count)
        if (event.kind != FLOW_PATH_END)
            path = event.path;
    return path;
}

/* 80 ms to the server and back, 20 to the client. */
static void connect(struct router *r)
{
    struct client client = client_of("www.example.org", 1, 600);
    CU_ASSERT_EQUAL(client_sends_all(r, &client), ENGINE_ACCEPT);
    r->now.ns += 80 * QW_NS_PER_MS;
    CU_ASSERT_TRUE(server_answers(r, &client));
    r->now.ns += 20 * QW_NS_PER_MS;
    CU_ASSERT_TRUE(client_sends_handshake(r, &client));
}

static struct router start(struct flow_path *path)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = path_router(&config);
    unsigned count;
    connect(&r);
    both_spin(&r, LAN, 8);
    *path = last_path(&r, &count);
    CU_ASSERT_TRUE_FATAL(path->id != 0);
    return r;
}

/* Halves of 30 and 50 ms, with much evidence. */
static struct flow_path_figures figures_of(const struct flow_path *path, struct qw_time now)
{
    struct measure_half half = {.smoothed = 30000,
                                .min = 29000,
                                .state = MEASURE_SEEN | 20 * MEASURE_STEP,
                                .last = (uint32_t)(now.ns / 1000)};
    struct flow_path_figures figures = {
        .id = path->id, .key = path->key, .last_seen = now, .spin = path->spin};
    figures.spin.halves[FLOW_PATH_UP] = figures.spin.halves[FLOW_PATH_DOWN] = half;
    figures.spin.halves[FLOW_PATH_DOWN].smoothed = 50000;
    figures.spin.halves[FLOW_PATH_DOWN].min = 49000;
    return figures;
}

static void told(void)
{
    struct flow_path path;
    struct router r = start(&path);
    CU_ASSERT_EQUAL(path.spin.measured, 3);
    CU_ASSERT_EQUAL(path.spin.client, FLOW_PATH_UP);
    CU_ASSERT_NOT_EQUAL(path.spin.handshake[0], 0);
    uint64_t cursor = 0;
    CU_ASSERT_EQUAL(engine_paths_all(r.engine, &cursor, r.now, &path, 1), 1);
    CU_ASSERT_DOUBLE_EQUAL((double)path.spin.halves[FLOW_PATH_UP].smoothed, 20000.0, 2000);
    CU_ASSERT_DOUBLE_EQUAL((double)path.spin.halves[FLOW_PATH_DOWN].smoothed, 80000.0, 8000);
    router_stop(&r);
}

static void brought_back(void)
{
    struct flow_path path;
    struct router r = start(&path);
    struct flow_path_figures figures = figures_of(&path, r.now);
    CU_ASSERT_EQUAL(engine_harvest(r.engine, &figures, 1, r.now), 1);
    struct engine_flow flow = only_flow(&r);
    CU_ASSERT_EQUAL(flow.rtt.spin.rtt_us, 80000);
    CU_ASSERT_EQUAL(flow.rtt.client.rtt_us, 30000);
    CU_ASSERT_EQUAL(flow.rtt.handshake_us, 100000); /* as it was */
    figures.spin.halves[FLOW_PATH_UP].smoothed = 99000;
    figures.spin.measured = 1u << FLOW_PATH_DOWN; /* nothing came upwards */
    engine_harvest(r.engine, &figures, 1, r.now);
    CU_ASSERT_EQUAL(only_flow(&r).rtt.client.rtt_us, 30000);
    figures.spin.measured = 3;
    figures.spin.handshake[0]++; /* of a connection before */
    engine_harvest(r.engine, &figures, 1, r.now);
    CU_ASSERT_EQUAL(only_flow(&r).rtt.client.rtt_us, 30000);
    router_stop(&r);
}

/* Short headers change nothing about a path: it is told with the handshake's last packet, and goes on. */
static void told_once(void)
{
    struct flow_path path;
    struct router r = start(&path);
    both_spin(&r, LAN, 8);
    expect_no_path(&r);
    router_stop(&r);
}

void suite_path_spin(void)
{
    static const struct test TESTS[] = {
        {"O2 C9: a path tells how the spin bit stands", told},
        {"O2 X6: what a fast path saw of it is shown, if it is of this connection", brought_back},
        {"O2: a flow that is measured is told once", told_once},
    };
    TEST_SUITE("paths: spin bit", TESTS);
}
