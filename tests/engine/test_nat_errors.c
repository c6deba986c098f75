#include "nat_router.h"
#include "packets.h"
#include "suite.h"
#include <string.h>

#define HOP "203.0.113.9"

static struct router nat(char external[static QW_ENDPOINT_TEXT_MAX])
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    struct router r = router_start(&config);
    leave(&r, LAN, WAN, external);
    return r;
}

/* An error from `hop` about a packet from `from` to `to`. */
static bool report(struct router *r, enum engine_origin origin, const char *hop, uint8_t type,
                   const char *from, const char *to)
{
    uint8_t packet[256], error[512];
    size_t len = test_udp(packet, sizeof packet, from, to, "payload", 7);
    return raw(r, origin, error,
               test_icmp_error(error, sizeof error, hop, type, type == 3 ? 4 : 0, 1400, packet, len, len));
}

static void check(struct router *r, const char *src, const char *dst, const char *quoted_src,
                  const char *quoted_dst)
{
    struct packet_view view;
    char text[QW_ENDPOINT_TEXT_MAX];
    as_left(r);
    CU_ASSERT_EQUAL_FATAL(packet_decode(r->packet, r->packet_len, (uint32_t)r->packet_len, &view), QW_OK);
    CU_ASSERT_STRING_EQUAL(qw_addr_text(&view.tuple.src.addr, QW_IPV4, text), src);
    CU_ASSERT_STRING_EQUAL(qw_addr_text(&view.tuple.dst.addr, QW_IPV4, text), dst);
    CU_ASSERT_STRING_EQUAL(qw_endpoint_text(&view.icmp.quote.tuple.src, QW_IPV4, text), quoted_src);
    CU_ASSERT_STRING_EQUAL(qw_endpoint_text(&view.icmp.quote.tuple.dst, QW_IPV4, text), quoted_dst);
}

static void errors_come_in_translated(void)
{
    static const uint8_t TYPES[] = {3, 4, 11, 12};
    char external[QW_ENDPOINT_TEXT_MAX];
    struct router r = nat(external);
    for (size_t i = 0; i < sizeof TYPES; i++) {
        CU_ASSERT_TRUE(report(&r, ENGINE_OUTSIDE, HOP, TYPES[i], external, WAN));
        CU_ASSERT_TRUE(r.last.translated);
        check(&r, HOP, "10.0.0.5", LAN, WAN);
    }
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 1);
    router_stop(&r);
}

static void forged_errors_stay_out(void)
{
    char external[QW_ENDPOINT_TEXT_MAX];
    struct router r = nat(external);
    CU_ASSERT_FALSE(report(&r, ENGINE_OUTSIDE, HOP, 3, external, WAN_OTHER));
    CU_ASSERT_FALSE(report(&r, ENGINE_OUTSIDE, HOP, 3, EXTERNAL ":99", WAN));
    CU_ASSERT_FALSE(report(&r, ENGINE_OUTSIDE, HOP, 3, WAN, external)); /* the inside did not send it */
    CU_ASSERT_FALSE(report(&r, ENGINE_OUTSIDE, HOP, 3, LAN, WAN));      /* untranslated */
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_UNSOLICITED_ICMP);
    router_stop(&r);
}

static void errors_leave_without_inside_addresses(void)
{
    char external[QW_ENDPOINT_TEXT_MAX];
    struct router r = nat(external);
    CU_ASSERT_TRUE(report(&r, ENGINE_INSIDE, "10.0.0.5", 3, WAN, LAN));
    check(&r, EXTERNAL, "192.0.2.1", WAN, external);
    CU_ASSERT_TRUE(report(&r, ENGINE_INSIDE, "10.0.0.1", 11, WAN, LAN)); /* a router on the way to it */
    check(&r, EXTERNAL, "192.0.2.1", WAN, external);
    CU_ASSERT_FALSE(report(&r, ENGINE_INSIDE, "10.0.0.5", 3, WAN, "10.0.0.5:9"));
    router_stop(&r);
}

/* Whoever sends them: else one side could keep a mapping alive by provoking errors of the other. */
static void errors_restart_no_timer(void)
{
    char external[QW_ENDPOINT_TEXT_MAX];
    struct router r = nat(external);
    r.now.ns += 60 * SECOND;
    CU_ASSERT_TRUE(report(&r, ENGINE_INSIDE, "10.0.0.5", 3, WAN, LAN));
    CU_ASSERT_TRUE(report(&r, ENGINE_OUTSIDE, HOP, 3, external, WAN));
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 1);
    r.now.ns += 61 * SECOND;
    engine_tick(r.worker, r.now, 100);
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 0);
    router_stop(&r);
}

/* Quotes a later fragment, which shows no ports: the kernel has not tracked it, and it must not leave as it
 * is. */
static void errors_without_ports_stay(void)
{
    char external[QW_ENDPOINT_TEXT_MAX];
    struct router r = nat(external);
    uint8_t packet[256], error[512];
    size_t len = test_udp(packet, sizeof packet, WAN, LAN, "payload", 7);
    packet[6] = 0;
    packet[7] = 100; /* fragment offset */
    size_t size = test_icmp_error(error, sizeof error, "10.0.0.5", 3, 1, 0, packet, len, len);
    CU_ASSERT_FALSE(raw(&r, ENGINE_INSIDE, error, size));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_UNSOLICITED_ICMP);
    size = test_icmp_error(error, sizeof error, HOP, 3, 1, 0, packet, len, len);
    CU_ASSERT_FALSE(raw(&r, ENGINE_OUTSIDE, error, size));
    router_stop(&r);
}

static void the_routers_own_errors_leave(void)
{
    char external[QW_ENDPOINT_TEXT_MAX];
    struct router r = nat(external);
    r.own = true;
    CU_ASSERT_TRUE(report(&r, ENGINE_INSIDE, EXTERNAL, 3, WAN, EXTERNAL ":53"));
    CU_ASSERT_FALSE(r.last.translated);
    CU_ASSERT_TRUE(report(&r, ENGINE_INSIDE, "203.0.113.1", 3, WAN, external)); /* a PTB from this side */
    CU_ASSERT_FALSE(r.last.translated);
    router_stop(&r);
}

/* By lo to itself, or by the outside interface where the address is only routed here: the same for the
 * engine. */
static void the_routers_errors_about_translated_packets_return(void)
{
    static const uint8_t TYPES[] = {3, 11, 12};
    char external[QW_ENDPOINT_TEXT_MAX];
    struct router r = nat(external);
    r.own = true;
    for (size_t i = 0; i < sizeof TYPES; i++) {
        CU_ASSERT_TRUE(report(&r, ENGINE_INSIDE, EXTERNAL, TYPES[i], external, WAN));
        CU_ASSERT_TRUE(r.last.translated);
        check(&r, EXTERNAL, "10.0.0.5", LAN, WAN);
    }
    r.own = false; /* nobody else says so */
    CU_ASSERT_FALSE(report(&r, ENGINE_INSIDE, "10.0.0.6", 3, external, WAN));
    router_stop(&r);
}

static void errors_about_the_routers_own_udp_stay_with_it(void)
{
    static uint64_t ports[QW_PORT_WORDS];
    char external[QW_ENDPOINT_TEXT_MAX];
    struct router r = nat(external);
    r.own = true;
    CU_ASSERT_TRUE(report(&r, ENGINE_INSIDE, EXTERNAL, 3, EXTERNAL ":99", WAN));
    CU_ASSERT_FALSE(r.last.translated);
    r.own = false;
    CU_ASSERT_FALSE(report(&r, ENGINE_OUTSIDE, HOP, 3, EXTERNAL ":40000", WAN));
    qw_ports_add(ports, 40000, 40010);
    engine_set_router_ports(r.engine, ports);
    CU_ASSERT_TRUE(
        report(&r, ENGINE_OUTSIDE, HOP, 3, EXTERNAL ":40000", WAN)); /* a tunnel's: no socket has it */
    CU_ASSERT_FALSE(r.last.translated);
    CU_ASSERT_FALSE(report(&r, ENGINE_OUTSIDE, HOP, 3, EXTERNAL ":40011", WAN));
    CU_ASSERT_FALSE(report(&r, ENGINE_OUTSIDE, HOP, 3, "203.0.113.80:40000", WAN));
    router_stop(&r);
}

static void groups_are_a_matter_of_rules(void)
{
    struct config config = nat_config(CONFIG_ENDPOINT_INDEPENDENT);
    struct router r = router_start(&config);
    CU_ASSERT_FALSE(in(&r, WAN, "239.1.2.3:5000", "x", 1));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_UNSOLICITED);
    router_stop(&r);
    config.default_in = CONFIG_ACCEPT;
    r = router_start(&config);
    CU_ASSERT_TRUE(in(&r, WAN, "239.1.2.3:5000", "x", 1));
    CU_ASSERT_FALSE(r.last.translated);
    CU_ASSERT_FALSE(in(&r, WAN, EXTERNAL ":5000", "x", 1));
    router_stop(&r);
}

/* Nobody inside got a packet that was still addressed to the outside of a mapping. As it is such an error
 * would leave with the inside address; with the router's it would speak for other hosts' mappings. */
static void nobody_speaks_for_the_router(void)
{
    char external[QW_ENDPOINT_TEXT_MAX];
    struct router r = nat(external);
    CU_ASSERT_FALSE(report(&r, ENGINE_INSIDE, "10.0.0.6", 3, WAN, external));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_UNSOLICITED_ICMP);
    CU_ASSERT_FALSE(report(&r, ENGINE_INSIDE, "10.0.0.6", 3, WAN, EXTERNAL ":53"));
    router_stop(&r);
}

static void errors_between_inside_hosts(void)
{
    char one[QW_ENDPOINT_TEXT_MAX], two[QW_ENDPOINT_TEXT_MAX];
    struct router r = nat(one);
    leave(&r, LAN2, WAN, two);
    r.unrouted = true;
    out(&r, LAN, two, "x", 1);
    CU_ASSERT_TRUE(out(&r, LAN2, one, "x", 1));
    CU_ASSERT_TRUE(report(&r, ENGINE_INSIDE, "10.0.0.5", 3, two, LAN)); /* LAN got that packet */
    check(&r, EXTERNAL, "10.0.0.6", LAN2, one);
    CU_ASSERT_TRUE(report(&r, ENGINE_INSIDE, EXTERNAL, 11, two, LAN)); /* the router, to itself */
    check(&r, EXTERNAL, "10.0.0.6", LAN2, one);
    router_stop(&r);
}

void suite_nat_errors(void)
{
    static const struct test TESTS[] = {
        {"N7 M5: errors from outside come in as their host knows the packet", errors_come_in_translated},
        {"N7 F3: errors about what no mapping sent stay out", forged_errors_stay_out},
        {"N7: errors from inside tell nothing of the inside", errors_leave_without_inside_addresses},
        {"N7 T2: errors restart no timer, neither those from inside nor those from outside",
         errors_restart_no_timer},
        {"N7 S5: errors that show no ports stay", errors_without_ports_stay},
        {"N7: what the router says of its own packets passes", the_routers_own_errors_leave},
        {"N7: what the router says of translated packets reaches their sender",
         the_routers_errors_about_translated_packets_return},
        {"N7: errors about the router's own UDP stay with it", errors_about_the_routers_own_udp_stay_with_it},
        {"F3 S5: multicast from outside needs a rule", groups_are_a_matter_of_rules},
        {"N7 S5: an inside host's errors about the outside of a mapping stay", nobody_speaks_for_the_router},
        {"N6 N7: errors between two inside hosts", errors_between_inside_hosts},
    };
    TEST_SUITE("NAT: ICMP errors", TESTS);
}
