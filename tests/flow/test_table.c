#include "flows.h"
#include "suite.h"

static void one_key_for_both_directions(void)
{
    struct qw_tuple there = tuple(5000), back = there;
    back.src = there.dst;
    back.dst = there.src;
    struct flow_key a, b;
    enum flow_side sender = flow_key_of(&there, &a);
    CU_ASSERT_EQUAL(flow_key_of(&back, &b), flow_peer(sender));
    CU_ASSERT_EQUAL(flow_hash(SECRET, &a), flow_hash(SECRET, &b));
    struct flow_table *t = table(4, NULL, NULL);
    struct flow *flow = flow_create(t, &a, flow_hash(SECRET, &a), (struct qw_time){0});
    CU_ASSERT_PTR_EQUAL(flow_lookup(t, &b, flow_hash(SECRET, &b), (struct qw_time){0}), flow);
    flow_table_free(t);
}

static void same_port_endpoints_differ_by_address(void)
{
    struct qw_tuple t = tuple(443);
    struct flow_key k;
    CU_ASSERT_EQUAL(flow_key_of(&t, &k), FLOW_LO);
    CU_ASSERT_EQUAL(k.port[FLOW_LO], 443);
    CU_ASSERT_TRUE(qw_addr_equal(&k.addr[FLOW_LO], &t.src.addr));
}

static void families_never_mix(void)
{
    struct qw_tuple v4 = tuple(1), v6 = v4;
    v6.family = QW_IPV6;
    struct flow_key a, b;
    flow_key_of(&v4, &a);
    flow_key_of(&v6, &b);
    struct flow_table *t = table(4, NULL, NULL);
    flow_create(t, &a, flow_hash(SECRET, &a), (struct qw_time){0});
    CU_ASSERT_PTR_NULL(flow_lookup(t, &b, flow_hash(SECRET, &b), (struct qw_time){0}));
    CU_ASSERT_PTR_NULL(flow_lookup(t, &b, flow_hash(SECRET, &a), (struct qw_time){0}));
    flow_table_free(t);
}

static void a_new_flow_is_blank(void)
{
    struct flow_table *t = table(1, NULL, NULL);
    struct flow *flow = add(t, 1, 7 * SECOND);
    flow->packets[0] = 9;
    flow->flags = FLOW_SETTLED;
    CU_ASSERT_PTR_NULL(find(t, 1, 200 * SECOND));
    flow = add(t, 2, 200 * SECOND);
    CU_ASSERT_PTR_NOT_NULL_FATAL(flow);
    CU_ASSERT_EQUAL(flow->packets[0], 0);
    CU_ASSERT_EQUAL(flow->flags, 0);
    CU_ASSERT_EQUAL(flow->state, FLOW_ONE_WAY);
    CU_ASSERT_EQUAL(flow->class, FLOW_ATTEMPT);
    CU_ASSERT_EQUAL(flow->handshake, FLOW_NONE);
    flow_table_free(t);
}

static void ids_step_and_never_repeat(void)
{
    struct flow_table *t = flow_table_new(NULL, 2, SECRET, 3, 8, NULL, NULL);
    flow_set_timers(t, &(struct flow_timers){{SECOND, SECOND, SECOND, SECOND, SECOND, SECOND, SECOND}});
    for (uint64_t i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(add(t, (uint32_t)i, i * 2 * SECOND)->id, 3 + 8 * i);
    flow_table_free(t);
}

static void timers_are_exact_for_packets(void)
{
    static const uint64_t IDLE[FLOW_CLASSES] = {120, 120, 10, 300, 300, 300, 300};
    struct flow_table *t = table(FLOW_CLASSES, NULL, NULL);
    for (int c = 0; c < FLOW_CLASSES; c++) {
        struct flow *flow = add(t, (uint32_t)c, 0);
        flow_set_class(t, flow, (enum flow_class)c, (struct qw_time){1});
        CU_ASSERT_EQUAL(flow_timeout(t, flow), IDLE[c] * SECOND);
    }
    for (int c = 0; c < FLOW_CLASSES; c++) {
        CU_ASSERT_PTR_NOT_NULL(find(t, (uint32_t)c, IDLE[c] * SECOND));
        CU_ASSERT_PTR_NULL(find(t, (uint32_t)c, IDLE[c] * SECOND + 1));
        CU_ASSERT_EQUAL(flow_count(t, (enum flow_class)c), 0);
    }
    flow_table_free(t);
}

static void refresh_restarts_the_timer(void)
{
    struct flow_table *t = table(4, NULL, NULL);
    struct flow *flow = add(t, 1, 0);
    for (uint64_t s = 100; s < 100000; s += 100) {
        CU_ASSERT_PTR_EQUAL_FATAL(find(t, 1, s * SECOND), flow);
        flow_refresh(t, flow, (struct qw_time){s * SECOND});
        CU_ASSERT_EQUAL(flow_sweep(t, (struct qw_time){s * SECOND}, 10), 0);
    }
    flow_table_free(t);
}

static void new_timers_reach_existing_flows(void)
{
    struct flow_table *t = table(4, NULL, NULL);
    add(t, 1, 0);
    flow_set_timers(t, &(struct flow_timers){{200 * SECOND, 200 * SECOND, 10 * SECOND, 300 * SECOND,
                                              300 * SECOND, 300 * SECOND, 300 * SECOND}});
    CU_ASSERT_PTR_NOT_NULL(find(t, 1, 199 * SECOND));
    flow_set_timers(t, &(struct flow_timers){TIMERS});
    CU_ASSERT_PTR_NULL(find(t, 1, 199 * SECOND));
    flow_table_free(t);
}

static void count_ended(void *context, struct flow *flow, enum flow_end why)
{
    CU_ASSERT_EQUAL(why, FLOW_EXPIRED);
    CU_ASSERT_NOT_EQUAL(flow->id, 0);
    ++*(unsigned *)context;
}

static void a_sweep_keeps_to_its_budget(void)
{
    enum { FLOWS = 10000, BUDGET = 64 };
    unsigned ended = 0, calls = 0;
    struct flow_table *t = table(FLOWS, count_ended, &ended);
    for (uint32_t n = 0; n < FLOWS; n++)
        CU_ASSERT_PTR_NOT_NULL_FATAL(add(t, n, 0));
    for (unsigned got = BUDGET; got == BUDGET; calls++) {
        unsigned before = ended;
        got = flow_sweep(t, (struct qw_time){120 * SECOND}, BUDGET);
        CU_ASSERT_EQUAL(ended - before, got);
        CU_ASSERT_TRUE(got <= BUDGET);
    }
    CU_ASSERT_EQUAL(ended, FLOWS);
    CU_ASSERT_EQUAL(calls, FLOWS / BUDGET + 1);
    CU_ASSERT_PTR_NOT_NULL(add(t, 1, 120 * SECOND));
    flow_table_free(t);
}

static void iteration_shows_live_flows_once(void)
{
    struct flow_table *t = table(8, NULL, NULL);
    add(t, 1, 0);
    add(t, 2, 100 * SECOND);
    unsigned seen = 0;
    for (uint32_t slot = 0; slot < flow_slots(t); slot++)
        seen += flow_at(t, slot, (struct qw_time){130 * SECOND}) != NULL;
    CU_ASSERT_EQUAL(seen, 1);
    flow_table_free(t);
}

void suite_table(void)
{
    static const struct test TESTS[] = {
        {"C2 P1: both directions have one key and one hash", one_key_for_both_directions},
        {"equal ports are told apart by address", same_port_endpoints_differ_by_address},
        {"an IPv6 flow is never found under IPv4", families_never_mix},
        {"a reused record keeps nothing", a_new_flow_is_blank},
        {"ids step and never repeat", ids_step_and_never_repeat},
        {"T1 T5: each class ends at its timer to the nanosecond, however short it spoke",
         timers_are_exact_for_packets},
        {"T2: a refresh restarts the timer", refresh_restarts_the_timer},
        {"S2: new timers hold for existing flows", new_timers_reach_existing_flows},
        {"T3: flows that expire together end in budgeted steps", a_sweep_keeps_to_its_budget},
        {"O5: iteration shows each live flow once", iteration_shows_live_flows_once},
    };
    TEST_SUITE("flow table", TESTS);
}
