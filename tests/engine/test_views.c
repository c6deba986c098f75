#include "packets.h"
#include "router.h"
#include "suite.h"
#include <pthread.h>
#include <stdio.h>

enum { FLOWS = 1000, SHARDS = 8 };

static struct engine *sharded(engine_flow_ended *ended, void *context)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct engine *engine;
    config.flows_max = 4 * FLOWS;
    struct engine_options options = {
        .config = &config, .shards = SHARDS, .secret = {5, 6}, .ended = ended, .context = context};
    CU_ASSERT_EQUAL_FATAL(engine_new(&options, &engine), QW_OK);
    return engine;
}

/* True when the packet was accepted. Asserts nothing: CUnit counts in one thread only. */
static bool send_from(struct engine_worker *worker, unsigned host, unsigned port, struct qw_time now)
{
    uint8_t packet[128];
    char from[40];
    struct engine_verdict verdict;
    snprintf(from, sizeof from, "10.0.%u.1:%u", host, port);
    size_t len = test_udp(packet, sizeof packet, from, WAN, "x", 1);
    struct engine_packet p = {
        .data = packet, .captured = len, .wire_len = (uint32_t)len, .from = ENGINE_INSIDE};
    engine_handle(worker, &p, now, &verdict);
    return verdict.action == ENGINE_ACCEPT;
}

static void every_flow_is_shown_once(void)
{
    static bool seen[8 * FLOWS];
    struct engine *engine = sharded(NULL, NULL);
    struct engine_worker *worker = engine_worker_new(engine);
    for (unsigned i = 0; i < FLOWS; i++)
        CU_ASSERT_TRUE(send_from(worker, 1, 1000 + i, (struct qw_time){SECOND}));
    struct engine_flow flows[7];
    uint64_t cursor = 0;
    unsigned total = 0;
    for (size_t got; (got = engine_flows(engine, &cursor, (struct qw_time){SECOND}, flows, 7)) > 0;)
        for (size_t i = 0; i < got; i++, total++) {
            CU_ASSERT_TRUE_FATAL(flows[i].id < 8 * FLOWS);
            CU_ASSERT_FALSE(seen[flows[i].id]);
            seen[flows[i].id] = true;
        }
    CU_ASSERT_EQUAL(total, FLOWS);
    engine_worker_free(worker);
    struct engine_stats s;
    engine_stats(engine, &s);
    CU_ASSERT_EQUAL(s.counters.packets, FLOWS); /* a worker that ended keeps its counts */
    engine_free(engine);
}

static void note_end(void *context, const struct engine_flow *flow, enum flow_end why)
{
    CU_ASSERT_EQUAL(why, FLOW_EXPIRED);
    CU_ASSERT_EQUAL(flow->client.port, 1000);
    CU_ASSERT_EQUAL(flow->expires_ms, 0);
    ++*(unsigned *)context;
}

static void ended_flows_are_told(void)
{
    unsigned ended = 0;
    struct engine *engine = sharded(note_end, &ended);
    struct engine_worker *worker = engine_worker_new(engine);
    CU_ASSERT_TRUE(send_from(worker, 1, 1000, (struct qw_time){0}));
    engine_tick(worker, (struct qw_time){120 * SECOND}, 10);
    CU_ASSERT_EQUAL(ended, 1);
    engine_worker_free(worker);
    engine_free(engine);
}

struct load {
    struct engine *engine;
    unsigned refused;
};

static void *many_flows(void *context)
{
    struct load *load = context;
    struct engine_worker *worker = engine_worker_new(load->engine);
    for (unsigned round = 1; round < 200; round++) {
        const struct qw_time now = {round * SECOND /
                                    10}; /* one thread may be far behind: less than a timer */
        for (unsigned port = 0; port < 100; port++)
            load->refused += !send_from(worker, 1 + port % 2, 1000 + port, now);
        engine_tick(worker, now, 10);
    }
    engine_worker_free(worker);
    return NULL;
}

static void threads_share_flows(void)
{
    struct engine *engine = sharded(NULL, NULL);
    pthread_t threads[2];
    struct load loads[2] = {{engine, 0}, {engine, 0}};
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, many_flows, &loads[i]);
    struct engine_flow flows[16];
    for (int i = 0; i < 100; i++)
        for (uint64_t cursor = 0; engine_flows(engine, &cursor, (struct qw_time){SECOND}, flows, 16);)
            ;
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(loads[i].refused, 0);
    }
    struct engine_stats s;
    engine_stats(engine, &s);
    CU_ASSERT_EQUAL(s.counters.packets, 2 * 199 * 100);
    CU_ASSERT_EQUAL(s.counters.flows_created, 100);
    engine_free(engine);
}

/* Without translation there are no mappings, and nothing happens to them. */
static void no_mappings_without_nat(void)
{
    struct engine *engine = sharded(NULL, NULL);
    struct nat_mapping mapping;
    struct engine_event event;
    uint64_t cursor = 0, after = 0;
    CU_ASSERT_EQUAL(engine_mappings(engine, &cursor, &mapping, 1), 0);
    CU_ASSERT_EQUAL(engine_events(engine, &after, &event, 1), 0);
    CU_ASSERT_EQUAL(cursor + after, 0);
    engine_free(engine);
}

void suite_views(void)
{
    static const struct test TESTS[] = {
        {"O5: every flow of every shard is shown once", every_flow_is_shown_once},
        {"O5: ended flows are told with their last figures", ended_flows_are_told},
        {"O5: in firewall mode there are no mappings and no events", no_mappings_without_nat},
        {"two workers and a reader share the flows", threads_share_flows},
    };
    TEST_SUITE("views", TESTS);
}
