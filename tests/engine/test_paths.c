/* Which flows have paths, what a path says, and what is told of it when. */
#include "attempts.h"
#include "failing.h"
#include "life.h"
#include "packets.h"
#include "path_router.h"
#include "suite.h"
#include <stdio.h>
#include <string.h>

static bool same(const struct qw_endpoint *a, const char *text)
{
    struct qw_endpoint b = endpoint(text);
    return qw_addr_equal(&a->addr, &b.addr) && a->port == b.port;
}

static struct config sized(enum config_mode mode)
{
    static struct config_size_limit limits[] = {
        {.traffic = CONFIG_ALL_UDP, .limit = 1400},
        {.traffic = CONFIG_ALL_UDP, .limit = 1300, .interface = "wan0"},
        {.traffic = CONFIG_ONLY_QUIC, .limit = 1280, .interface = "wan0"},
    };
    struct config config = mode == CONFIG_NAT ? nat_config(CONFIG_ADDRESS_DEPENDENT) : router_config(mode);
    config.size_limit_count = 3;
    config.size_limits = limits;
    return config;
}

static void off_costs_nothing(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    struct flow_path_event event;
    struct flow_path path;
    uint64_t cursor = 0;
    bool resync = false;
    out(&r, LAN, WAN, "x", 1);
    in(&r, WAN, LAN, "x", 1);
    CU_ASSERT_EQUAL(engine_paths(r.engine, &event, 1, &resync), 0);
    CU_ASSERT_EQUAL(engine_paths_all(r.engine, &cursor, r.now, &path, 1), 0);
    CU_ASSERT_FALSE(resync);
    CU_ASSERT_PTR_NULL(r.engine->paths);
    CU_ASSERT_PTR_NULL(r.engine->shards[0].paths);
    CU_ASSERT_PTR_NULL(r.worker->paths.entries);
    router_stop(&r);
}

static void check_ways(const struct flow_path *path)
{
    const struct flow_path_way *up = &path->ways[FLOW_PATH_UP], *down = &path->ways[FLOW_PATH_DOWN];
    CU_ASSERT_STRING_EQUAL(up->from, "lan0");
    CU_ASSERT_STRING_EQUAL(up->to, "wan0");
    CU_ASSERT_STRING_EQUAL(down->from, "wan0");
    CU_ASSERT_STRING_EQUAL(down->to, "lan0");
    CU_ASSERT_EQUAL(up->size_max, 1300);
    CU_ASSERT_EQUAL(down->size_max, 1400);
}

static void two_ways_make_a_path(void)
{
    struct config config = sized(CONFIG_FIREWALL);
    struct router r = path_router(&config);
    struct flow_path path = both_ways(&r, LAN, WAN);
    CU_ASSERT_EQUAL(path.id, r.last.flow);
    CU_ASSERT_EQUAL(path.family, QW_IPV4);
    CU_ASSERT_EQUAL(path.class, FLOW_ANSWERED);
    CU_ASSERT_EQUAL(path.timeout_ns, config.timer_two_way_s * SECOND);
    CU_ASSERT_EQUAL(path.flags, FLOW_PATH_PUNT_LONG);
    CU_ASSERT_TRUE(same(&path.ways[FLOW_PATH_UP].match.src, LAN));
    CU_ASSERT_TRUE(same(&path.ways[FLOW_PATH_UP].match.dst, WAN));
    CU_ASSERT_TRUE(same(&path.ways[FLOW_PATH_DOWN].match.src, WAN));
    CU_ASSERT_TRUE(same(&path.ways[FLOW_PATH_DOWN].match.dst, LAN));
    CU_ASSERT_FALSE(path.ways[FLOW_PATH_UP].rewrite.source || path.ways[FLOW_PATH_DOWN].rewrite.destination);
    CU_ASSERT_EQUAL(path.ways[FLOW_PATH_UP].limited, -1);
    check_ways(&path);
    out(&r, LAN, WAN, "again", 5);
    expect_no_path(&r);
    path = both_ways(&r, LAN6, WAN6);
    CU_ASSERT_EQUAL(path.family, QW_IPV6);
    router_stop(&r);
}

static void nat_is_in_the_path(void)
{
    struct config config = sized(CONFIG_NAT);
    struct router r = path_router(&config);
    char external[QW_ENDPOINT_TEXT_MAX];
    leave(&r, LAN, WAN, external);
    in(&r, WAN, external, "x", 1);
    struct flow_path path = expect_path(&r, FLOW_PATH_ADD);
    const struct flow_path_way *up = &path.ways[FLOW_PATH_UP], *down = &path.ways[FLOW_PATH_DOWN];
    CU_ASSERT_TRUE(same(&up->match.src, LAN) && same(&up->match.dst, WAN));
    CU_ASSERT_TRUE(same(&down->match.src, WAN) && same(&down->match.dst, external));
    CU_ASSERT_TRUE(up->rewrite.source && !up->rewrite.destination);
    CU_ASSERT_TRUE(!down->rewrite.source && down->rewrite.destination);
    CU_ASSERT_TRUE(same(&up->rewrite.new_source, external));
    CU_ASSERT_TRUE(same(&down->rewrite.new_destination, LAN));
    check_ways(&path);
    router_stop(&r);
}

/* The match of an END is what was told, although the address is gone. */
static void ends_are_told(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    struct router r = path_router(&config);
    struct flow_path path = both_ways(&r, LAN, WAN), over;
    r.now.ns += 301 * SECOND;
    engine_tick(r.worker, r.now, 100);
    over = expect_path(&r, FLOW_PATH_END);
    CU_ASSERT_EQUAL(over.id, path.id);
    CU_ASSERT_EQUAL(memcmp(&over.ways[1].match, &path.ways[1].match, sizeof path.ways[1].match), 0);
    path = both_ways(&r, LAN, WAN);
    engine_set_external(r.engine, NULL, r.now);
    over = expect_path(&r, FLOW_PATH_END);
    CU_ASSERT_EQUAL(over.id, path.id);
    CU_ASSERT_EQUAL(memcmp(&over.ways[0].match, &path.ways[0].match, sizeof path.ways[0].match), 0);
    CU_ASSERT_EQUAL(memcmp(&over.ways[1].match, &path.ways[1].match, sizeof path.ways[1].match), 0);
    expect_no_path(&r);
    router_stop(&r);
}

/* An expired flow is found by a packet of its own; another flow takes its place in the table. */
static void places_are_used_again(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    config.flows_max = 1;
    struct router r = path_router(&config);
    struct flow_path path = both_ways(&r, LAN, WAN);
    for (int i = 0; i < 3; i++) {
        r.now.ns += 301 * SECOND;
        CU_ASSERT_TRUE(out(&r, LAN, i % 2 ? WAN : "192.0.2.2:443", "x", 1));
        CU_ASSERT_EQUAL(expect_path(&r, FLOW_PATH_END).id, path.id);
        CU_ASSERT_TRUE(in(&r, i % 2 ? WAN : "192.0.2.2:443", LAN, "x", 1));
        path = expect_path(&r, FLOW_PATH_ADD);
        CU_ASSERT_EQUAL(path.id, r.last.flow);
    }
    router_stop(&r);
}

/* More at once than a packet takes along. */
static void a_sweep_tells_all(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = path_router(&config);
    char from[32];
    for (unsigned i = 0; i < 50; i++) {
        snprintf(from, sizeof from, "10.0.0.5:%u", 5000 + i);
        both_ways(&r, from, WAN);
    }
    r.now.ns += 301 * SECOND;
    CU_ASSERT_EQUAL(engine_tick(r.worker, r.now, 1000), 50);
    for (unsigned i = 0; i < 50; i++)
        expect_path(&r, FLOW_PATH_END);
    expect_no_path(&r);
    router_stop(&r);
}

static void quic_is_confirmed_first(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = path_router(&config);
    struct client c = client_of("www.example.org", 1, 300);
    CU_ASSERT_EQUAL(client_sends_all(&r, &c), ENGINE_ACCEPT);
    CU_ASSERT_TRUE(server_answers(&r, &c));
    expect_no_path(&r);
    CU_ASSERT_TRUE(client_sends_handshake(&r, &c));
    expect_no_path(&r);
    client_connects(&r, &c);
    struct flow_path path = expect_path(&r, FLOW_PATH_ADD);
    CU_ASSERT_EQUAL(path.state, FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(path.class, FLOW_KNOWN);
    CU_ASSERT_TRUE(path.flags & FLOW_PATH_PUNT_LONG);
    router_stop(&r);
}

/* UDP that turns out to be QUIC is looked at again. */
static void what_begins_quic_has_no_path(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = path_router(&config);
    struct client c = client_of("www.example.org", 1, 300);
    uint64_t id = both_ways(&r, c.from, c.to).id;
    client_sends_all(&r, &c);
    CU_ASSERT_EQUAL(expect_path(&r, FLOW_PATH_END).id, id);
    client_connects(&r, &c);
    struct flow_path path = expect_path(&r, FLOW_PATH_ADD);
    CU_ASSERT_EQUAL(path.id, id);
    CU_ASSERT_EQUAL(path.state, FLOW_CONFIRMED);
    router_stop(&r);
}

/* A further attempt of a confirmed flow waits: the flow is not the fast path's meanwhile. */
static void nothing_that_waits_has_a_path(void)
{
    router_paths = true;
    struct router r =
        router_with("rules = ({ name = \"ads\"; sni = \".blocked.test\"; action = \"drop\"; });");
    router_paths = false;
    struct client c = client_of("www.example.org", 1, 300), other = client_of("www.example.org", 2, 2400);
    client_connects(&r, &c);
    uint64_t id = expect_path(&r, FLOW_PATH_ADD).id;
    CU_ASSERT_EQUAL(client_sends(&r, &other, 0, 1200), ENGINE_HOLD);
    CU_ASSERT_EQUAL(expect_path(&r, FLOW_PATH_END).id, id);
    CU_ASSERT_EQUAL(client_sends(&r, &other, 1200, 2400), ENGINE_ACCEPT);
    CU_ASSERT_EQUAL(expect_path(&r, FLOW_PATH_ADD).id, id);
    router_stop(&r);
}

static void hairpins_have_none(void)
{
    struct config config = nat_config(CONFIG_ENDPOINT_INDEPENDENT);
    struct router r = path_router(&config);
    char one[QW_ENDPOINT_TEXT_MAX], two[QW_ENDPOINT_TEXT_MAX];
    leave(&r, LAN, WAN, one);
    leave(&r, LAN2, WAN, two);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_TRUE(out(&r, LAN, two, "x", 1));
        CU_ASSERT_TRUE(out(&r, LAN2, one, "x", 1));
    }
    expect_no_path(&r);
    router_stop(&r);
}

static void monitors_have_none(void)
{
    struct config config = router_config(CONFIG_MONITOR);
    struct router r = path_router(&config);
    out(&r, LAN, WAN, "x", 1);
    in(&r, WAN, LAN, "x", 1);
    expect_no_path(&r);
    router_stop(&r);
}

/* A route that changes. */
static void another_interface_is_a_change(void)
{
    struct config config = sized(CONFIG_FIREWALL);
    struct router r = path_router(&config);
    struct flow_path path = both_ways(&r, LAN, WAN);
    r.own = true; /* from_interface is not known */
    out(&r, LAN, WAN, "x", 1);
    struct flow_path now = expect_path(&r, FLOW_PATH_CHANGE);
    CU_ASSERT_EQUAL(now.id, path.id);
    CU_ASSERT_STRING_EQUAL(now.ways[FLOW_PATH_UP].from, "");
    CU_ASSERT_STRING_EQUAL(now.ways[FLOW_PATH_DOWN].from, "wan0");
    router_stop(&r);
}

static void a_reload_calls_for_all(void)
{
    struct config config = router_config(CONFIG_FIREWALL), limited = sized(CONFIG_FIREWALL);
    struct router r = path_router(&config);
    struct flow_path path = both_ways(&r, LAN, WAN), all[2];
    struct flow_path_event event;
    uint64_t cursor = 0;
    bool resync = false;
    CU_ASSERT_EQUAL(path.ways[FLOW_PATH_UP].size_max, 0);
    CU_ASSERT_EQUAL(engine_reload(r.engine, &limited, NULL), QW_OK);
    CU_ASSERT_EQUAL(engine_paths(r.engine, &event, 1, &resync), 0);
    CU_ASSERT_TRUE(resync);
    CU_ASSERT_EQUAL(engine_paths_all(r.engine, &cursor, r.now, all, 2), 1);
    CU_ASSERT_EQUAL(all[0].id, path.id);
    CU_ASSERT_EQUAL(all[0].ways[FLOW_PATH_UP].size_max, 1300);
    CU_ASSERT_EQUAL(engine_paths_all(r.engine, &cursor, r.now, all, 2), 0);
    expect_no_path(&r);
    router_stop(&r);
}

/* Nobody reads: what does not fit is lost, said so, and found by the list. */
static void a_full_ring_says_so(void)
{
    enum { FLOWS = PATH_RING + 10 };
    static struct flow_path all[FLOWS];
    static struct flow_path_event events[FLOWS];
    struct config config = router_config(CONFIG_FIREWALL);
    config.flows_max = 2 * FLOWS;
    struct router r = path_router(&config);
    char from[32];
    uint64_t cursor = 0;
    bool resync = false;
    for (unsigned i = 0; i < FLOWS; i++) {
        snprintf(from, sizeof from, "10.0.0.5:%u", 5000 + i);
        out(&r, from, WAN, "x", 1);
        in(&r, WAN, from, "x", 1);
    }
    CU_ASSERT_EQUAL(engine_paths(r.engine, events, FLOWS, &resync), PATH_RING);
    CU_ASSERT_TRUE(resync);
    CU_ASSERT_EQUAL(engine_paths_all(r.engine, &cursor, r.now, all, FLOWS), FLOWS);
    expect_no_path(&r);
    router_stop(&r);
}

/* Rings are read one after the other: an ADD that is read late is not told of a flow that ended, and an END
 * that is read late takes no path away that lives. */
static void the_last_word_is_right(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = path_router(&config);
    struct flow_path path = both_ways(&r, LAN, WAN);
    struct path_entry late = {.id = path.id, .kind = FLOW_PATH_END, .key = path.key};
    CU_ASSERT_TRUE(path_ring_put(&r.worker->paths, &late));
    CU_ASSERT_EQUAL(expect_path(&r, FLOW_PATH_CHANGE).id, path.id);
    r.now.ns += 301 * SECOND;
    engine_tick(r.worker, r.now, 100);
    expect_path(&r, FLOW_PATH_END);
    late.kind = FLOW_PATH_ADD;
    CU_ASSERT_TRUE(path_ring_put(&r.worker->paths, &late));
    expect_no_path(&r);
    router_stop(&r);
}

static void nothing_is_allocated(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    struct router r = path_router(&config);
    failing_begin(1);
    both_ways(&r, LAN, WAN);
    r.now.ns += 301 * SECOND;
    engine_tick(r.worker, r.now, 100);
    expect_path(&r, FLOW_PATH_END);
    CU_ASSERT_FALSE(failing_end());
    router_stop(&r);
}

void suite_paths(void)
{
    static const struct test TESTS[] = {
        {"S3: without the option there are no paths and no memory for them", off_costs_nothing},
        {"F1 M1: a flow that both sides use has a path, with its limits", two_ways_make_a_path},
        {"N1 C9: a path tells the translation of both ways", nat_is_in_the_path},
        {"N11 T1: the end of a flow is the end of its path", ends_are_told},
        {"T1: a place in the table is another flow's after its end was told", places_are_used_again},
        {"T1: a sweep tells of all that end", a_sweep_tells_all},
        {"F1: QUIC has a path once it is confirmed", quic_is_confirmed_first},
        {"F1: UDP that begins a handshake has no path until that is confirmed", what_begins_quic_has_no_path},
        {"F1: a flow of which packets wait has no path", nothing_that_waits_has_a_path},
        {"N6: hairpins have no path", hairpins_have_none},
        {"F1: monitor mode has no paths", monitors_have_none},
        {"M1: another interface changes the path", another_interface_is_a_change},
        {"M1: after a reload the reader is to ask for all paths", a_reload_calls_for_all},
        {"S3: what is lost is said so, and found in the list", a_full_ring_says_so},
        {"C9: the last word on a path is right, in whatever order rings are read", the_last_word_is_right},
        {"S3: nothing is allocated for packets and ends", nothing_is_allocated},
    };
    TEST_SUITE("paths", TESTS);
}
