#include "client.h"
#include "nat_router.h"
#include "packets.h"
#include "suite.h"
#include "walk.h"
#include <stdio.h>
#include <string.h>

static struct router nat(enum config_filtering filtering)
{
    struct config config = nat_config(filtering);
    return router_start(&config);
}

static bool in_to(struct router *r, const char *from, const char *external, const char *inside)
{
    char text[QW_ENDPOINT_TEXT_MAX];
    if (!in(r, from, external, "payload", 7))
        return false;
    CU_ASSERT_STRING_EQUAL(destination(r, text), inside);
    return true;
}

static void one_mapping_for_all_remotes(void)
{
    struct router r = nat(CONFIG_ADDRESS_DEPENDENT);
    char first[QW_ENDPOINT_TEXT_MAX], second[QW_ENDPOINT_TEXT_MAX], to[QW_ENDPOINT_TEXT_MAX];
    leave(&r, LAN, WAN, first);
    CU_ASSERT_STRING_EQUAL(destination(&r, to), WAN);
    CU_ASSERT_NSTRING_EQUAL(first, EXTERNAL ":", sizeof EXTERNAL);
    CU_ASSERT_STRING_EQUAL(leave(&r, LAN, WAN_OTHER, second), first);
    CU_ASSERT_STRING_NOT_EQUAL(leave(&r, LAN2, WAN, second), first);
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 2);
    router_stop(&r);
}

static void only_addresses_and_sums_change(void)
{
    struct router r = nat(CONFIG_ADDRESS_DEPENDENT);
    uint8_t sent[256];
    size_t len = test_udp(sent, sizeof sent, LAN, WAN, "the payload, byte for byte", 26);
    raw(&r, ENGINE_INSIDE, sent, len);
    CU_ASSERT_EQUAL(memcmp(r.packet, sent, 10), 0);
    CU_ASSERT_EQUAL(memcmp(r.packet + 16, sent + 16, 4), 0);
    CU_ASSERT_EQUAL(memcmp(r.packet + 22, sent + 22, 4), 0);
    CU_ASSERT_EQUAL(memcmp(r.packet + 28, sent + 28, len - 28), 0);
    router_stop(&r);
}

/* Who may answer to a mapping made towards WAN: the same endpoint, the same address, anybody. */
static void filters(enum config_filtering filtering, bool other_port, bool other)
{
    struct router r = nat(filtering);
    char external[QW_ENDPOINT_TEXT_MAX];
    leave(&r, LAN, WAN, external);
    CU_ASSERT_TRUE(in_to(&r, WAN, external, LAN));
    CU_ASSERT_EQUAL(in_to(&r, WAN_OTHER_PORT, external, LAN), other_port);
    CU_ASSERT_EQUAL(in_to(&r, WAN_OTHER, external, LAN), other);
    if (!other)
        CU_ASSERT_EQUAL(r.last.reason, QW_REASON_UNSOLICITED);
    router_stop(&r);
}

static void three_ways_to_filter(void)
{
    filters(CONFIG_ENDPOINT_INDEPENDENT, true, true);
    filters(CONFIG_ADDRESS_DEPENDENT, true, false);
    filters(CONFIG_ADDRESS_AND_PORT_DEPENDENT, false, false);
}

static void nothing_else_comes_in(void)
{
    struct router r = nat(CONFIG_ENDPOINT_INDEPENDENT);
    CU_ASSERT_FALSE(in(&r, WAN, EXTERNAL ":5000", "x", 1));
    CU_ASSERT_FALSE(in(&r, WAN, LAN, "x", 1)); /* untranslated */
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_UNSOLICITED);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_created, 0);
    router_stop(&r);
}

static void a_mapping_lives_with_its_flows(void)
{
    struct router r = nat(CONFIG_ENDPOINT_INDEPENDENT);
    char external[QW_ENDPOINT_TEXT_MAX], later[QW_ENDPOINT_TEXT_MAX];
    leave(&r, LAN, WAN, external);
    r.now.ns += 119 * SECOND;
    CU_ASSERT_TRUE(in_to(&r, WAN_OTHER, external, LAN));
    CU_ASSERT_STRING_EQUAL(leave(&r, LAN, WAN, later), external);
    r.now.ns += 119 * SECOND;
    CU_ASSERT_TRUE(in_to(&r, WAN, external, LAN));
    r.now.ns += 301 * SECOND;
    engine_tick(r.worker, r.now, 100);
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 0);
    CU_ASSERT_FALSE(in(&r, WAN, external, "x", 1));
    router_stop(&r);
}

/* Packets from outside alone must not keep a port in use (RFC 4787 REQ-6). */
static void outside_keeps_nothing_alive(void)
{
    struct router r = nat(CONFIG_ENDPOINT_INDEPENDENT);
    char external[QW_ENDPOINT_TEXT_MAX];
    leave(&r, LAN, WAN, external);
    for (int i = 0; i < 3; i++) {
        r.now.ns += 50 * SECOND;
        engine_tick(r.worker, r.now, 100);
        in(&r, WAN_OTHER, external, "x", 1);
    }
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 0);
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_UNSOLICITED);
    router_stop(&r);
}

static void an_answer_to_the_outside_holds_the_mapping(void)
{
    struct router r = nat(CONFIG_ENDPOINT_INDEPENDENT);
    char external[QW_ENDPOINT_TEXT_MAX], text[QW_ENDPOINT_TEXT_MAX];
    leave(&r, LAN, WAN, external);
    r.now.ns += 100 * SECOND;
    in(&r, WAN_OTHER, external, "x", 1);
    CU_ASSERT_STRING_EQUAL(leave(&r, LAN, WAN_OTHER, text), external);
    r.now.ns += 100 * SECOND; /* the first flow is over */
    engine_tick(r.worker, r.now, 100);
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 1);
    CU_ASSERT_TRUE(in_to(&r, WAN_OTHER, external, LAN));
    router_stop(&r);
}

/* As when two workers meet: one looks the mapping of a packet from outside up, and before it comes to the
 * flow another one ends both and begins them anew. */
static void a_late_packet_takes_no_mapping_away(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    config.nat_choice = CONFIG_RANDOM; /* else it would begin anew as it was */
    struct router r = router_start(&config);
    char text[QW_ENDPOINT_TEXT_MAX];
    struct qw_endpoint old, inside;
    uint8_t bytes[64];
    leave(&r, LAN, WAN, text);
    CU_ASSERT_TRUE(qw_endpoint_parse(text, &old, &(enum qw_family){0}));
    nat_external mapping = nat_inside(r.engine->nat, &old, &inside);
    r.now.ns += 121 * SECOND;
    leave(&r, LAN, WAN, text);
    size_t len = test_udp(bytes, sizeof bytes, WAN, LAN, "late", 4);
    struct engine_packet packet = {.from = ENGINE_OUTSIDE};
    struct packet_view view;
    CU_ASSERT_EQUAL_FATAL(packet_decode(bytes, len, (uint32_t)len, &view), QW_OK);
    struct walk late = {
        .worker = r.worker, .packet = &packet, .now = r.now, .view = &view, .mapping = mapping};
    walk_find(&late, &view.tuple);
    CU_ASSERT_PTR_NOT_NULL_FATAL(late.flow);
    CU_ASSERT_EQUAL(step_map(&late).result, RESULT_DROP);
    shard_unlock(late.shard);
    r.now.ns += 121 * SECOND;
    engine_tick(r.worker, r.now, 100);
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 0);
    router_stop(&r);
}

static void hairpin(void)
{
    struct router r = nat(CONFIG_ADDRESS_DEPENDENT);
    char one[QW_ENDPOINT_TEXT_MAX], two[QW_ENDPOINT_TEXT_MAX], text[QW_ENDPOINT_TEXT_MAX];
    leave(&r, LAN, WAN, one);
    leave(&r, LAN2, WAN, two);
    r.unrouted = true;
    CU_ASSERT_FALSE(out(&r, LAN, two, "x", 1)); /* not yet asked for by LAN2 */
    CU_ASSERT_FALSE(r.last.translated);
    CU_ASSERT_TRUE(out(&r, LAN2, one, "x", 1)); /* LAN has */
    CU_ASSERT_TRUE(out(&r, LAN, two, "x", 1));
    CU_ASSERT_STRING_EQUAL(source(&r, text), one);
    CU_ASSERT_STRING_EQUAL(destination(&r, text), LAN2);
    CU_ASSERT_TRUE(out(&r, LAN2, one, "x", 1));
    CU_ASSERT_STRING_EQUAL(source(&r, text), two);
    CU_ASSERT_STRING_EQUAL(destination(&r, text), LAN);
    router_stop(&r);
}

static void the_router_speaks_for_itself(void)
{
    struct router r = nat(CONFIG_ADDRESS_DEPENDENT);
    r.unrouted = true;
    CU_ASSERT_TRUE(out(&r, LAN, EXTERNAL ":53", "x", 1));
    CU_ASSERT_TRUE(out(&r, LAN, "10.0.0.1:53", "x", 1));
    CU_ASSERT_FALSE(r.last.translated);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_created, 0);
    router_stop(&r);
}

static void a_moved_client_gets_another_mapping(void)
{
    struct router r = nat(CONFIG_ADDRESS_DEPENDENT);
    char old[QW_ENDPOINT_TEXT_MAX], now[QW_ENDPOINT_TEXT_MAX];
    leave(&r, LAN, WAN, old);
    CU_ASSERT_STRING_NOT_EQUAL(leave(&r, "10.0.0.5:5001", WAN, now), old);
    CU_ASSERT_TRUE(in_to(&r, WAN, now, "10.0.0.5:5001"));
    CU_ASSERT_TRUE(in_to(&r, WAN, old, LAN));
    router_stop(&r);
}

static void a_full_host_is_told(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    char text[QW_ENDPOINT_TEXT_MAX];
    config.nat_per_host = 1;
    struct router r = router_start(&config);
    leave(&r, LAN, WAN, text);
    CU_ASSERT_FALSE(out(&r, "10.0.0.5:5001", WAN, "x", 1));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_HOST_LIMIT);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r.last.reply);
    CU_ASSERT_EQUAL(r.last.reply->bytes[0], 3);
    CU_ASSERT_EQUAL(r.last.reply->bytes[1], 1);
    CU_ASSERT_EQUAL(memcmp(r.last.reply->bytes + 8, r.packet, r.packet_len), 0);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_created, 1);
    leave(&r, LAN, WAN_OTHER, text); /* what is mapped goes on */
    struct engine_event events[4];
    uint64_t after = 0;
    CU_ASSERT_EQUAL(engine_events(r.engine, &after, events, 4), 2);
    CU_ASSERT_EQUAL(events[0].kind, ENGINE_EVENT_MAPPING_CREATED);
    CU_ASSERT_EQUAL(events[1].kind, ENGINE_EVENT_HOST_LIMIT);
    CU_ASSERT_EQUAL(events[1].count, 1);
    router_stop(&r);
}

/* The flow table decides who goes, and a refusal uses up no port. */
static void attempts_give_way(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    char text[QW_ENDPOINT_TEXT_MAX], from[32];
    config.flows_max = 4;
    struct router r = router_start(&config);
    for (unsigned i = 0; i < 40; i++) {
        snprintf(from, sizeof from, "10.0.0.5:%u", 5000 + i);
        leave(&r, from, WAN, text);
        if (i >= 36) /* these return: they stay */
            CU_ASSERT_TRUE(in_to(&r, WAN, text, from) && out(&r, from, WAN, "z", 1));
    }
    CU_ASSERT_EQUAL(stats(&r).counters.flows_evicted, 36);
    CU_ASSERT_FALSE(out(&r, LAN2, WAN, "x", 1));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_TABLE_FULL);
    CU_ASSERT_PTR_NOT_NULL(r.last.reply);
    CU_ASSERT_EQUAL(stats(&r).counters.mappings_created, 40);
    router_stop(&r);
}

/* A host that makes its own attempts give way gets no more ports by that. */
static void giving_way_frees_no_port(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    char from[32];
    config.flows_max = 4;
    config.nat_per_host = 8;
    struct router r = router_start(&config);
    for (unsigned i = 0; i < 40; i++) {
        snprintf(from, sizeof from, "10.0.0.5:%u", 5000 + i);
        CU_ASSERT_EQUAL(out(&r, from, WAN, "x", 1), i < 8);
    }
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_HOST_LIMIT);
    CU_ASSERT_TRUE(out(&r, LAN2, WAN, "x", 1));
    r.now.ns += 121 * SECOND;
    CU_ASSERT_TRUE(out(&r, LAN, WAN, "x", 1));
    router_stop(&r);
}

static void forwards_let_in(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_AND_PORT_DEPENDENT);
    struct config_forward forward = {.port = 443};
    char text[QW_ENDPOINT_TEXT_MAX];
    CU_ASSERT_TRUE(qw_endpoint_parse("10.0.0.9:8443", &forward.to, &(enum qw_family){0}));
    config.forward_count = 1;
    config.forwards = &forward;
    struct router r = router_start(&config);
    CU_ASSERT_TRUE(in_to(&r, WAN, EXTERNAL ":443", "10.0.0.9:8443"));
    CU_ASSERT_STRING_EQUAL(leave(&r, "10.0.0.9:8443", WAN, text), EXTERNAL ":443");
    CU_ASSERT_STRING_EQUAL(leave(&r, "10.0.0.9:8443", WAN_OTHER, text), EXTERNAL ":443");
    r.unrouted = true;
    CU_ASSERT_TRUE(out(&r, LAN, EXTERNAL ":443", "x", 1));
    CU_ASSERT_STRING_EQUAL(destination(&r, text), "10.0.0.9:8443");
    router_stop(&r);
}

static void another_address_ends_what_was(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    char old[QW_ENDPOINT_TEXT_MAX], now[QW_ENDPOINT_TEXT_MAX];
    struct qw_addr address = config.external[0];
    memset(&config.external[0], 0, sizeof config.external[0]);
    struct router r = router_start(&config);
    CU_ASSERT_FALSE(out(&r, LAN, WAN, "x", 1));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_NO_ADDRESS);
    engine_set_external(r.engine, &address, r.now);
    leave(&r, LAN, WAN, old);
    address.bytes[15]++;
    engine_set_external(r.engine, &address, r.now);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_unmapped, 1);
    CU_ASSERT_FALSE(in(&r, WAN, old, "x", 1));
    leave(&r, LAN, WAN, now);
    CU_ASSERT_NSTRING_EQUAL(now, "198.51.100.8:", 13);
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 1);
    router_stop(&r);
}

/* Longer than the queue's copy: it cannot go back, and must not leave as it is. */
static void what_cannot_be_translated_stays(void)
{
    struct router r = nat(CONFIG_ADDRESS_DEPENDENT);
    uint8_t packet[256];
    size_t len = test_udp(packet, sizeof packet, LAN, WAN, "payload", 7);
    struct engine_packet cut = {
        .data = packet, .captured = len, .wire_len = (uint32_t)len, .from = ENGINE_INSIDE};
    engine_handle(r.worker, &cut, r.now, &r.last);
    CU_ASSERT_EQUAL(r.last.action, ENGINE_DROP);
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_COPY_LIMIT);
    router_stop(&r);
}

/* The bytes are translated when the packet comes: the driver keeps them so until the release. */
static void what_waits_is_translated(void)
{
    struct router r = nat_with("nat = { external = [\"" EXTERNAL "\"]; };"
                               "rules = ({ name = \"ads\"; sni = \".blocked.test\"; action = \"drop\"; });");
    struct client c = client_of("www.example.org", 1, 2400), bad = client_of("blocked.test", 2, 2400);
    char first[QW_ENDPOINT_TEXT_MAX], second[QW_ENDPOINT_TEXT_MAX];
    bad.from = LAN2;
    CU_ASSERT_EQUAL(client_sends(&r, &c, 0, 1200), ENGINE_HOLD);
    CU_ASSERT_TRUE(r.last.translated);
    source(&r, first);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 1200, 2400), ENGINE_ACCEPT);
    CU_ASSERT_STRING_EQUAL(source(&r, second), first);
    CU_ASSERT_STRING_EQUAL(released(&r), "a1");
    CU_ASSERT_EQUAL(client_sends(&r, &bad, 0, 1200), ENGINE_HOLD);
    CU_ASSERT_EQUAL(client_sends(&r, &bad, 1200, 2400), ENGINE_DROP);
    CU_ASSERT_FALSE(r.last.translated);
    router_stop(&r);
}

static bool quotes(const struct router *r, const char *from, const char *to)
{
    const uint8_t *ip = r->last.reply ? r->last.reply->bytes + 8 : NULL;
    struct qw_addr source, destination;
    enum qw_family family;
    return ip && qw_addr_parse(from, &source, &family) && qw_addr_parse(to, &destination, &family) &&
           memcmp(ip + 12, source.bytes + 12, 4) == 0 && memcmp(ip + 16, destination.bytes + 12, 4) == 0;
}

/* RFC 1812 4.3.2.3: the sender would not know another packet. It waits translated, or met its second flow so.
 */
static void replies_quote_what_was_sent(void)
{
    struct router r = nat_with("nat = { external = [\"" EXTERNAL "\"]; }; default_out = \"reject\";"
                               "rules = ({ name = \"ok\"; sni = \"ok.test\"; action = \"accept\"; });");
    struct client c = client_of("ok.test", 1, 2400);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(client_sends(&r, &c, 0, 1200), ENGINE_HOLD);
        later(&r, 1000);
    }
    CU_ASSERT_TRUE(r.last.translated);
    CU_ASSERT_TRUE(quotes(&r, "10.0.0.5", "192.0.2.1"));
    router_stop(&r);
    r = nat_with("nat = { external = [\"" EXTERNAL
                 "\"]; forwards = ({ port = 443; to = \"10.0.0.9:8443\"; }); };"
                 "rules = ({ name = \"no\"; direction = \"in\"; to = \"10.0.0.9\"; action = \"reject\"; });");
    CU_ASSERT_FALSE(out(&r, LAN, EXTERNAL ":443", "x", 1));
    CU_ASSERT_TRUE(quotes(&r, "10.0.0.5", EXTERNAL));
    CU_ASSERT_EQUAL(stats(&r).counters.replies, 1);
    router_stop(&r);
}

/* A rule sees the inside endpoint, and decides before filtering and forwards do. */
static void rules_decide_first(void)
{
    struct router r = nat_with(
        "nat = { external = [\"" EXTERNAL "\"]; filtering = \"endpoint-independent\";"
        "        forwards = ({ port = 443; to = \"10.0.0.9:8443\"; }); };"
        "default_in = \"accept\";"
        "rules = ({ name = \"not\"; from = \"192.0.2.2\"; to = \"10.0.0.9\"; action = \"drop\"; });");
    CU_ASSERT_FALSE(in(&r, WAN_OTHER, EXTERNAL ":443", "x", 1));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_RULE);
    CU_ASSERT_TRUE(in(&r, WAN, EXTERNAL ":443", "x", 1));
    CU_ASSERT_FALSE(in(&r, WAN, EXTERNAL ":444", "x", 1)); /* default_in opens no port */
    router_stop(&r);
}

static void ipv6_is_not_translated(void)
{
    struct router r = nat(CONFIG_ADDRESS_DEPENDENT);
    CU_ASSERT_FALSE(in(&r, WAN6, LAN6, "x", 1));
    CU_ASSERT_TRUE(out(&r, LAN6, WAN6, "x", 1));
    CU_ASSERT_FALSE(r.last.translated);
    CU_ASSERT_TRUE(in(&r, WAN6, LAN6, "x", 1));
    router_stop(&r);
}

void suite_nat(void)
{
    static const struct test TESTS[] = {
        {"N1 N2: one external endpoint for one inside endpoint, whatever the remote",
         one_mapping_for_all_remotes},
        {"W6 N12: nothing changes but source, ports' sum and header sum", only_addresses_and_sums_change},
        {"N5: filtering in three strictnesses", three_ways_to_filter},
        {"F3 N9: nothing else comes in, translated or not", nothing_else_comes_in},
        {"T1 T2 N2: a mapping lives as long as its flows", a_mapping_lives_with_its_flows},
        {"T2 N10: the outside alone keeps no mapping alive", outside_keeps_nothing_alive},
        {"T2: an answer to a flow from outside holds the mapping",
         an_answer_to_the_outside_holds_the_mapping},
        {"N2 N10: a packet that comes late by an ended mapping takes none away from its flow",
         a_late_packet_takes_no_mapping_away},
        {"N6: hairpin, with the external source and under the filtering", hairpin},
        {"N4 N6: what is for the router itself passes untouched", the_router_speaks_for_itself},
        {"N9: another port, another mapping", a_moved_client_gets_another_mapping},
        {"N10: a host at its limit is told, existing mappings go on", a_full_host_is_told},
        {"T4 N10: attempts give way to new flows, and a full table uses up no port", attempts_give_way},
        {"N10 S3: a host gets no ports beyond its limit by making its attempts give way",
         giving_way_frees_no_port},
        {"N11: a forward lets in, answers by its endpoint, and works from inside", forwards_let_in},
        {"N11: another address ends mappings and flows of the old one", another_address_ends_what_was},
        {"S5: what cannot be translated is dropped", what_cannot_be_translated_stays},
        {"F1 W6: what waits for its ClientHello is translated", what_waits_is_translated},
        {"F2 N6: a reply quotes the packet as it was sent", replies_quote_what_was_sent},
        {"F2 N5 N11: rules decide before filtering and forwards", rules_decide_first},
        {"N1: IPv6 is filtered, not translated", ipv6_is_not_translated},
    };
    TEST_SUITE("NAT", TESTS);
}
