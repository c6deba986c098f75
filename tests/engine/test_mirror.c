/* Flows that leave one engine and go on in another. */
#include "attempts.h"
#include "nat_router.h"
#include "suite.h"
#include <stdio.h>
#include <string.h>

enum { SLOTS = 80 }; /* more than the table has */

/* All that `r` tells now. */
struct told {
    size_t count;
    struct engine_mirror_slot slots[SLOTS];
};

static struct told take(struct router *r)
{
    struct told told = {0};
    uint64_t cursor = 0;
    size_t count;
    while ((count = engine_mirror_take(r->engine, &cursor, told.slots + told.count, 3)) > 0) {
        told.count += count;
        CU_ASSERT_FATAL(told.count + 3 <= SLOTS);
    }
    CU_ASSERT_EQUAL(cursor, 0);
    return told;
}

static struct router start(const struct config *config)
{
    router_mirror = true;
    struct router r = router_start(config);
    router_mirror = false;
    CU_ASSERT_TRUE(engine_mirror_pending(r.engine));
    for (uint64_t cursor = 0; engine_mirror_take(r.engine, &cursor, &(struct engine_mirror_slot){0}, 1);)
        continue;
    return r;
}

/* What `from` tells is entered into `to`. */
static struct engine_mirror_given hand_over(struct router *from, struct router *to)
{
    struct engine_mirror_given given = {0};
    engine_mirror_all(from->engine, false);
    struct told told = take(from);
    for (size_t i = 0; i < told.count; i++)
        if (told.slots[i].live)
            engine_mirror_give(to->engine, &told.slots[i].flow, 1, to->now, 30 * SECOND, &given);
    engine_mirror_settle(to->engine, to->now);
    return given;
}

static void talk(struct router *r, const char *lan, const char *wan,
                 char external[static QW_ENDPOINT_TEXT_MAX])
{
    leave(r, lan, wan, external);
    CU_ASSERT_TRUE(in(r, wan, external, "y", 1));
    CU_ASSERT_TRUE(out(r, lan, wan, "z", 1));
}

static void connections_go_on(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    struct router a = start(&config), b = start(&config);
    char one[QW_ENDPOINT_TEXT_MAX], two[QW_ENDPOINT_TEXT_MAX], text[QW_ENDPOINT_TEXT_MAX];
    talk(&a, LAN, WAN, one);
    talk(&a, LAN, WAN_OTHER, text);
    CU_ASSERT_STRING_EQUAL(one, text);
    talk(&a, LAN2, WAN, two);
    CU_ASSERT_TRUE(out(&a, LAN6, WAN6, "x", 1) && in(&a, WAN6, LAN6, "y", 1));
    struct engine_mirror_given given = hand_over(&a, &b);
    CU_ASSERT_EQUAL(given.adopted, 4);
    CU_ASSERT_EQUAL(given.twins + given.conflicts + given.expired + given.refused, 0);
    CU_ASSERT_EQUAL(stats(&b).counters.mappings, 2);
    CU_ASSERT_TRUE(in(&b, WAN, one, "q", 1)); /* the servers speak first */
    CU_ASSERT_STRING_EQUAL(destination(&b, text), LAN);
    CU_ASSERT_TRUE(in(&b, WAN, two, "q", 1) && in(&b, WAN6, LAN6, "q", 1));
    CU_ASSERT_STRING_EQUAL(leave(&b, LAN2, WAN_OTHER, text), two);
    b.now.ns += 301 * SECOND;
    engine_tick(b.worker, b.now, 1000);
    CU_ASSERT_EQUAL(stats(&b).counters.mappings, 0);
    router_stop(&a);
    router_stop(&b);
}

static void handshakes_are_known(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router a = start(&config), b = start(&config);
    struct client client = client_of("www.example.org", 1, 0);
    client_connects(&a, &client);
    struct engine_flow before = only_flow(&a);
    CU_ASSERT_EQUAL(before.state, FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(hand_over(&a, &b).adopted, 1);
    struct engine_flow flow = only_flow(&b);
    CU_ASSERT_EQUAL(flow.state, FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(flow.version, before.version);
    CU_ASSERT_TRUE(flow.client_known && qw_endpoint_compare(&flow.client, &before.client) == 0);
    CU_ASSERT_TRUE(in(&b, client.to, client.from, "\x40", 1));
    router_stop(&a);
    router_stop(&b);
}

static void attempts_are_not_told(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = start(&config);
    CU_ASSERT_EQUAL(take(&r).count, 0);
    out(&r, LAN, WAN, "x", 1);
    CU_ASSERT_EQUAL(take(&r).count, 0);
    in(&r, WAN, LAN, "y", 1);
    struct told told = take(&r);
    CU_ASSERT_EQUAL_FATAL(told.count, 1);
    CU_ASSERT_TRUE(told.slots[0].live && told.slots[0].flow.class == FLOW_ANSWERED);
    CU_ASSERT_EQUAL(take(&r).count, 0);
    r.now.ns += 301 * SECOND;
    engine_tick(r.worker, r.now, 100);
    told = take(&r);
    CU_ASSERT_EQUAL_FATAL(told.count, 1);
    CU_ASSERT_FALSE(told.slots[0].live);
    out(&r, LAN, WAN, "x", 1);
    r.now.ns += 301 * SECOND;
    engine_tick(r.worker, r.now, 100); /* one that nobody was told of */
    CU_ASSERT_EQUAL(take(&r).count, 0);
    router_stop(&r);
}

static void what_was_lost_is_told_again(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = start(&config);
    out(&r, LAN, WAN, "x", 1);
    in(&r, WAN, LAN, "y", 1);
    struct told told = take(&r), again;
    engine_mirror_again(r.engine, told.slots[0].shard, told.slots[0].slot, 1);
    engine_mirror_again(r.engine, 99, 0, 1);
    engine_mirror_again(r.engine, 0, 1u << 30, UINT32_MAX);
    CU_ASSERT_TRUE(engine_mirror_pending(r.engine));
    again = take(&r);
    CU_ASSERT_EQUAL_FATAL(again.count, 1);
    CU_ASSERT_EQUAL(again.slots[0].slot, told.slots[0].slot);
    CU_ASSERT_TRUE(again.slots[0].live);
    engine_mirror_all(r.engine, true);
    again = take(&r);
    CU_ASSERT_EQUAL(again.count, engine_mirror_size(r.engine).slots);
    engine_mirror_all(r.engine, false);
    CU_ASSERT_EQUAL(take(&r).count, 1);
    r.now.ns += 301 * SECOND;
    engine_tick(r.worker, r.now, 100);
    take(&r);
    engine_mirror_again(r.engine, told.slots[0].shard, told.slots[0].slot, 1); /* its end was lost */
    CU_ASSERT_EQUAL(take(&r).count, 1);
    router_stop(&r);
}

static void idle_times_are_told_anew(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = start(&config);
    uint64_t cursor = 0;
    out(&r, LAN, WAN, "x", 1);
    in(&r, WAN, LAN, "y", 1);
    take(&r);
    r.now.ns += 29 * SECOND;
    out(&r, LAN, WAN, "x", 1); /* it returned, so it is told */
    take(&r);
    r.now.ns += 29 * SECOND;
    out(&r, LAN, WAN, "x", 1);
    engine_mirror_look(r.engine, &cursor, 1000, 30 * SECOND);
    CU_ASSERT_EQUAL(take(&r).count, 0);
    r.now.ns += SECOND;
    out(&r, LAN, WAN, "x", 1);
    for (unsigned i = 0; i < 100; i++)
        engine_mirror_look(r.engine, &cursor, 1, 30 * SECOND);
    struct told told = take(&r);
    CU_ASSERT_EQUAL_FATAL(told.count, 1);
    CU_ASSERT_EQUAL(told.slots[0].flow.last_seen.ns, r.now.ns);
    router_stop(&r);
}

static void nobody_asks_nothing_is_told(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router r = router_start(&config);
    uint64_t cursor = 0;
    out(&r, LAN, WAN, "x", 1);
    in(&r, WAN, LAN, "y", 1);
    CU_ASSERT_FALSE(engine_mirror_pending(r.engine));
    engine_mirror_all(r.engine, true);
    engine_mirror_look(r.engine, &cursor, 1000, SECOND);
    CU_ASSERT_EQUAL(take(&r).count, 0);
    router_stop(&r);
}

/* N2: no external endpoint stands for two inside ones, and none has two. */
static void conflicts_are_none_of_ours(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    struct router a = start(&config), b = start(&config);
    struct engine_mirror_given given = {0};
    char mine[QW_ENDPOINT_TEXT_MAX], text[QW_ENDPOINT_TEXT_MAX];
    talk(&a, LAN, WAN, mine);
    struct engine_mirrored flow = take(&a).slots[0].flow;
    talk(&b, LAN, WAN, text);
    CU_ASSERT_STRING_EQUAL(mine, text); /* one secret */
    engine_mirror_give(b.engine, &flow, 1, b.now, 0, &given);
    CU_ASSERT_EQUAL(given.twins, 1);
    flow.inside.addr.bytes[15] = 77; /* another has its port */
    engine_mirror_give(b.engine, &flow, 1, b.now, 0, &given);
    CU_ASSERT_EQUAL(given.conflicts, 1);
    flow.inside.addr.bytes[15] = 5;
    flow.external.port ^= 2; /* it has another port */
    engine_mirror_give(b.engine, &flow, 1, b.now, 0, &given);
    CU_ASSERT_EQUAL(given.conflicts, 2);
    engine_mirror_settle(b.engine, b.now);
    CU_ASSERT_EQUAL(given.adopted + given.refused, 0);
    CU_ASSERT_EQUAL(stats(&b).counters.mappings, 1);
    CU_ASSERT_TRUE(in(&b, WAN, mine, "q", 1));
    router_stop(&a);
    router_stop(&b);
}

/* A router that comes back still has what it had when it went. */
static void what_the_other_has_is_newer(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    struct router a = start(&config), b = start(&config);
    char old[QW_ENDPOINT_TEXT_MAX], text[QW_ENDPOINT_TEXT_MAX];
    talk(&a, LAN, WAN, old);
    talk(&b, LAN, WAN, text);
    struct engine_mirrored flow = take(&b).slots[0].flow;
    struct engine_mirror_given given = {0};
    flow.inside.addr.bytes[15] = 77; /* the port went to another host meanwhile */
    engine_mirror_clear(a.engine, ENGINE_OWNER_ALL, a.now);
    CU_ASSERT_EQUAL(stats(&a).counters.mappings, 0);
    engine_mirror_give(a.engine, &flow, 1, a.now, 0, &given);
    engine_mirror_settle(a.engine, a.now);
    CU_ASSERT_EQUAL(given.adopted, 1);
    CU_ASSERT_TRUE(in(&a, WAN, old, "q", 1));
    CU_ASSERT_STRING_EQUAL(destination(&a, text), "10.0.0.77:5000");
    router_stop(&a);
    router_stop(&b);
}

/* A packet came before the flows did. */
static void a_twin_is_what_it_was(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    struct router a = start(&config), b = start(&config);
    struct client client = client_of("www.example.org", 1, 0);
    client_connects(&a, &client);
    out(&b, client.from, client.to, "\x40", 1);
    CU_ASSERT_EQUAL(only_flow(&b).state, FLOW_ONE_WAY);
    struct engine_mirror_given given = hand_over(&a, &b);
    CU_ASSERT_EQUAL(given.twins, 1);
    struct engine_flow flow = only_flow(&b);
    CU_ASSERT_EQUAL(flow.state, FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(flow.version, CONFIG_VERSION_1);
    CU_ASSERT_TRUE(flow.client_known);
    router_stop(&a);
    router_stop(&b);
}

static void times_have_grace(void)
{
    static const struct {
        uint64_t idle_s, adopted, expires_s;
    } CASES[] = {{10, 1, 290}, {269, 1, 31}, {290, 1, 30}, {329, 1, 30}, {331, 0, 0}};
    struct config config = router_config(CONFIG_FIREWALL);
    for (unsigned i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct router a = start(&config), b = start(&config);
        out(&a, LAN, WAN, "x", 1);
        in(&a, WAN, LAN, "y", 1);
        struct engine_mirrored flow = take(&a).slots[0].flow;
        struct engine_mirror_given given = {0};
        flow.last_seen.ns = b.now.ns - CASES[i].idle_s * SECOND;
        engine_mirror_give(b.engine, &flow, 1, b.now, 30 * SECOND, &given);
        engine_mirror_settle(b.engine, b.now);
        CU_ASSERT_EQUAL(given.adopted, CASES[i].adopted);
        CU_ASSERT_EQUAL(given.expired, !CASES[i].adopted);
        if (CASES[i].adopted) {
            b.now.ns += CASES[i].expires_s * SECOND - 1;
            CU_ASSERT_TRUE(in(&b, WAN, LAN, "y", 1));
        }
        router_stop(&a);
        router_stop(&b);
    }
}

static void what_cannot_be_is_refused(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT), plain = router_config(CONFIG_FIREWALL);
    struct router a = start(&config), b = start(&config), c = start(&plain);
    struct engine_mirror_given given = {0};
    char external[QW_ENDPOINT_TEXT_MAX];
    talk(&a, LAN, WAN, external);
    const struct engine_mirrored good = take(&a).slots[0].flow;
    struct engine_mirrored bad[9];
    for (unsigned i = 0; i < 9; i++)
        bad[i] = good;
    bad[0].family = QW_IPV6; /* none is translated */
    bad[1].class = FLOW_ATTEMPT;
    bad[2].class = FLOW_CLASSES;
    bad[3].state = FLOW_CONFIRMED + 1;
    bad[4].external.port = 0; /* and it holds a mapping */
    bad[5].external.port ^= 1;
    bad[6].external.addr.bytes[12] ^= 1; /* an address that is not ours */
    bad[7].rule = 1234;
    bad[8].inside.addr.bytes[3] = 1; /* IPv4 has zeros there */
    engine_mirror_give(b.engine, bad, 9, b.now, 0, &given);
    engine_mirror_give(c.engine, &good, 1, c.now, 0, &given); /* mode firewall maps nothing */
    engine_mirror_settle(b.engine, b.now);
    CU_ASSERT_EQUAL(given.refused, 10);
    CU_ASSERT_EQUAL(given.adopted + given.twins + given.conflicts, 0);
    CU_ASSERT_EQUAL(stats(&b).counters.mappings, 0);
    engine_mirror_give(b.engine, &good, 1, b.now, 0, &given);
    CU_ASSERT_EQUAL(given.adopted, 1);
    router_stop(&a);
    router_stop(&b);
    router_stop(&c);
}

static void rules_are_known_by_name(void)
{
    static const char RULES[] = "rules = ({ name = \"one\"; to_port = 443; action = \"accept\"; });";
    static const char OTHERS[] = "rules = ({ name = \"first\"; to_port = 1; action = \"accept\"; },"
                                 "{ name = \"one\"; to_port = 444; action = \"accept\"; });";
    struct config *from = config_with("firewall", RULES), *to = config_with("firewall", OTHERS);
    struct router a = start(from), b = start(to);
    out(&a, LAN, WAN, "x", 1);
    in(&a, WAN, LAN, "y", 1);
    CU_ASSERT_EQUAL(hand_over(&a, &b).adopted, 1);
    CU_ASSERT_STRING_EQUAL(only_flow(&b).rule, "one");
    router_stop(&a);
    router_stop(&b);
    config_free(from);
    config_free(to);
}

static void a_standby_begins_nothing(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    struct router r = start(&config);
    char external[QW_ENDPOINT_TEXT_MAX];
    talk(&r, LAN, WAN, external);
    engine_stand_by(r.engine, true);
    CU_ASSERT_FALSE(out(&r, LAN2, WAN, "x", 1));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_NO_ADDRESS);
    CU_ASSERT_TRUE(out(&r, LAN, WAN, "x", 1) && in(&r, WAN, external, "y", 1));
    engine_stand_by(r.engine, false);
    CU_ASSERT_TRUE(out(&r, LAN2, WAN, "x", 1));
    router_stop(&r);
}

void suite_mirror(void)
{
    static const struct test TESTS[] = {
        {"K1 N2: connections go on in another engine with their endpoints, the server first",
         connections_go_on},
        {"K1: and are known for what they are", handshakes_are_known},
        {"K1 S3: attempts are not told, and of what was told the end is", attempts_are_not_told},
        {"K2: what was lost on the way is told again", what_was_lost_is_told_again},
        {"K1 T5: idle times are told anew before they are too old", idle_times_are_told_anew},
        {"K2: where nobody asks nothing is told", nobody_asks_nothing_is_told},
        {"K1 N2: what stands here already stays, and none stands for two", conflicts_are_none_of_ours},
        {"K1: a router that comes back goes on with what the other had", what_the_other_has_is_newer},
        {"K1: a flow that a packet began meanwhile is what it was", a_twin_is_what_it_was},
        {"K1 T1: what was idle for nearly its timer has a little more", times_have_grace},
        {"K1 S7: what cannot be is refused", what_cannot_be_is_refused},
        {"K1 S2: rules are known by their names", rules_are_known_by_name},
        {"K1 N2: a router that stands by begins no flow", a_standby_begins_nothing},
    };
    TEST_SUITE("mirror", TESTS);
}
