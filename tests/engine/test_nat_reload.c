/* What of mode nat a reload changes while flows live. */
#include "client.h"
#include "nat_router.h"
#include "packets.h"
#include "suite.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEB "10.0.0.9:8443"
#define WEB2 "10.0.0.8:8443"
#define FORWARD(port, to) "forwards = ( { port = " port "; to = \"" to "\"; } );"

/* Mode nat with `keys` of nat; the caller frees it. */
static struct config *with(const char *keys)
{
    char text[512];
    snprintf(text, sizeof text, "nat = { external = [\"" EXTERNAL "\"]; %s };", keys);
    return config_with("nat", text);
}

static struct router start(const char *keys)
{
    struct config *config = with(keys);
    config->flows_max = 64;
    config->handshakes_max = 8;
    struct router r = router_start(config);
    config_free(config);
    return r;
}

static void reload(struct router *r, const char *keys)
{
    struct config *config = with(keys);
    config->flows_max = 64;
    config->handshakes_max = 8;
    CU_ASSERT_EQUAL_FATAL(engine_reload(r->engine, config, stderr), QW_OK);
    config_free(config);
}

static bool reaches(struct router *r, const char *from, const char *external, const char *inside)
{
    char text[QW_ENDPOINT_TEXT_MAX];
    return in(r, from, external, "payload", 7) && strcmp(destination(r, text), inside) == 0;
}

/* It leaves, and as it is. */
static bool leaves_unchanged(struct router *r, const char *from, const char *to)
{
    char text[QW_ENDPOINT_TEXT_MAX];
    return out(r, from, to, "payload", 7) && !r->last.translated && strcmp(source(r, text), from) == 0;
}

static bool comes_unchanged(struct router *r, const char *from, const char *to)
{
    char text[QW_ENDPOINT_TEXT_MAX];
    return in(r, from, to, "payload", 7) && !r->last.translated && strcmp(destination(r, text), to) == 0;
}

static void a_forward_drains(void)
{
    struct router r = start("");
    char text[QW_ENDPOINT_TEXT_MAX];
    CU_ASSERT_FALSE(in(&r, WAN, EXTERNAL ":443", "x", 1));
    reload(&r, FORWARD("443", WEB));
    CU_ASSERT_TRUE(reaches(&r, WAN, EXTERNAL ":443", WEB));
    CU_ASSERT_STRING_EQUAL(leave(&r, WEB, WAN, text), EXTERNAL ":443");
    reload(&r, "");
    CU_ASSERT_TRUE(reaches(&r, WAN, EXTERNAL ":443", WEB));
    CU_ASSERT_STRING_EQUAL(leave(&r, WEB, WAN, text), EXTERNAL ":443");
    CU_ASSERT_FALSE(in(&r, WAN_OTHER, EXTERNAL ":443", "x", 1));
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 1);
    r.now.ns += 301 * SECOND;
    engine_tick(r.worker, r.now, 100);
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 0);
    CU_ASSERT_FALSE(in(&r, WAN, EXTERNAL ":443", "x", 1));
    router_stop(&r);
}

/* The flow of the first host goes on by another endpoint, and is the same flow. */
static void a_forward_moves(void)
{
    struct router r = start(FORWARD("443", WEB));
    char text[QW_ENDPOINT_TEXT_MAX], again[QW_ENDPOINT_TEXT_MAX];
    CU_ASSERT_TRUE(reaches(&r, WAN, EXTERNAL ":443", WEB));
    CU_ASSERT_STRING_EQUAL(leave(&r, WEB, WAN, text), EXTERNAL ":443");
    uint64_t flow = r.last.flow;
    reload(&r, FORWARD("443", WEB2));
    CU_ASSERT_TRUE(reaches(&r, WAN, EXTERNAL ":443", WEB2));
    CU_ASSERT_STRING_EQUAL(leave(&r, WEB2, WAN, text), EXTERNAL ":443");
    CU_ASSERT_STRING_NOT_EQUAL(leave(&r, WEB, WAN, text), EXTERNAL ":443");
    CU_ASSERT_EQUAL(r.last.flow, flow);
    CU_ASSERT_TRUE(reaches(&r, WAN, text, WEB));
    CU_ASSERT_STRING_EQUAL(leave(&r, WEB, WAN, again), text);
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 1);
    r.now.ns += 301 * SECOND;
    engine_tick(r.worker, r.now, 100);
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 0);
    CU_ASSERT_TRUE(reaches(&r, WAN, EXTERNAL ":443", WEB2));
    router_stop(&r);
}

static void a_forward_takes_a_port(void)
{
    struct router r = start("choice = \"random\";");
    char was[QW_ENDPOINT_TEXT_MAX], now[QW_ENDPOINT_TEXT_MAX], keys[128];
    leave(&r, LAN, WAN, was);
    uint64_t flow = r.last.flow;
    snprintf(keys, sizeof keys, "choice = \"random\"; forwards = ( { port = %s; to = \"" WEB "\"; } );",
             strchr(was, ':') + 1);
    reload(&r, keys);
    CU_ASSERT_TRUE(reaches(&r, WAN, was, WEB)); /* the answer is for the forward now */
    CU_ASSERT_STRING_NOT_EQUAL(leave(&r, LAN, WAN, now), was);
    CU_ASSERT_EQUAL(r.last.flow, flow);
    CU_ASSERT_TRUE(reaches(&r, WAN, now, LAN));
    CU_ASSERT_EQUAL(stats(&r).counters.flows_unmapped, 0);
    router_stop(&r);
}

/* What a flow held of an endpoint that was taken is given back: else there would be no place for sessions
 * left.
 */
static void taken_endpoints_cost_nothing(void)
{
    struct router r = start(FORWARD("443", WEB));
    char text[QW_ENDPOINT_TEXT_MAX];
    for (unsigned i = 0; i < 400; i++) { /* sessions are flows.max and some */
        CU_ASSERT_TRUE_FATAL(out(&r, i % 2 ? WEB2 : WEB, WAN, "x", 1));
        CU_ASSERT_STRING_EQUAL(source(&r, text), EXTERNAL ":443");
        reload(&r, i % 2 ? FORWARD("443", WEB) : FORWARD("443", WEB2));
    }
    router_stop(&r);
}

/* Flows that are there go on by their mapping, new ones by the forward. */
static void a_host_gets_a_forward(void)
{
    struct router r = start("");
    char was[QW_ENDPOINT_TEXT_MAX], text[QW_ENDPOINT_TEXT_MAX];
    leave(&r, WEB, WAN, was);
    reload(&r, FORWARD("443", WEB));
    CU_ASSERT_STRING_EQUAL(leave(&r, WEB, WAN, text), was);
    CU_ASSERT_TRUE(reaches(&r, WAN, was, WEB));
    CU_ASSERT_STRING_EQUAL(leave(&r, WEB, WAN_OTHER, text), EXTERNAL ":443");
    CU_ASSERT_TRUE(reaches(&r, "203.0.113.7:1", EXTERNAL ":443", WEB));
    router_stop(&r);
}

static void a_range(void)
{
    struct router r = start("");
    char text[QW_ENDPOINT_TEXT_MAX];
    reload(&r, FORWARD("\"5000-5002\"", "10.0.0.9:6000"));
    CU_ASSERT_TRUE(reaches(&r, WAN, EXTERNAL ":5000", "10.0.0.9:6000"));
    CU_ASSERT_TRUE(reaches(&r, WAN, EXTERNAL ":5002", "10.0.0.9:6002"));
    CU_ASSERT_FALSE(in(&r, WAN, EXTERNAL ":5003", "x", 1));
    CU_ASSERT_STRING_EQUAL(leave(&r, "10.0.0.9:6001", WAN, text), EXTERNAL ":5001");
    router_stop(&r);
}

/* Who was let in before stays. */
static void filtering(void)
{
    struct router r = start("filtering = \"endpoint-independent\";");
    char external[QW_ENDPOINT_TEXT_MAX], text[QW_ENDPOINT_TEXT_MAX];
    leave(&r, LAN, WAN, external);
    CU_ASSERT_TRUE(reaches(&r, WAN_OTHER, external, LAN));
    reload(&r, "filtering = \"address-dependent\";");
    CU_ASSERT_TRUE(reaches(&r, WAN_OTHER, external, LAN));
    CU_ASSERT_TRUE(reaches(&r, WAN_OTHER_PORT, external, LAN)); /* an address that LAN has spoken to */
    CU_ASSERT_FALSE(in(&r, "203.0.113.7:443", external, "x", 1));
    CU_ASSERT_STRING_EQUAL(leave(&r, LAN, WAN, text), external);
    reload(&r, "filtering = \"endpoint-independent\";");
    CU_ASSERT_TRUE(reaches(&r, "203.0.113.7:443", external, LAN));
    router_stop(&r);
}

static void per_host(void)
{
    struct router r = start("per_host = 1;");
    char external[QW_ENDPOINT_TEXT_MAX], text[QW_ENDPOINT_TEXT_MAX];
    leave(&r, LAN, WAN, external);
    CU_ASSERT_FALSE(out(&r, "10.0.0.5:5002", WAN, "x", 1));
    reload(&r, "per_host = 2;");
    leave(&r, "10.0.0.5:5002", WAN, text);
    reload(&r, "per_host = 1;");
    CU_ASSERT_STRING_EQUAL(leave(&r, LAN, WAN, text), external);
    CU_ASSERT_FALSE(out(&r, "10.0.0.5:5004", WAN, "x", 1));
    router_stop(&r);
}

/* ---- uplinks ---- */

/* An address for each of two interfaces outside, and a forward on the second. */
static struct router two_uplinks(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    struct config_forward forward = {.port = 443, .external = 1};
    enum qw_family family;
    CU_ASSERT_TRUE(qw_endpoint_parse(WEB, &forward.to, &family));
    CU_ASSERT_TRUE(qw_addr_parse("203.0.113.7", &config.external[1], &family));
    config.outside = (struct config_interfaces){2, {"wan0", "wan1"}};
    config.external_count = 2;
    config.external_uplink[0] = 1;
    config.external_uplink[1] = 2;
    config.forward_count = 1;
    config.forwards = &forward;
    return router_start(&config);
}

/* Sends from `from` to `to` as the route says, and tells the source that it left with. */
static char *leaves_by(struct router *r, const char *interface, const char *from, const char *to,
                       char text[static QW_ENDPOINT_TEXT_MAX])
{
    uint8_t bytes[256];
    size_t len = test_udp(bytes, sizeof bytes, from, to, "payload", 7);
    memcpy(r->packet, bytes, len);
    r->packet_len = len;
    const struct engine_packet packet = {.data = r->packet,
                                         .writable = r->packet,
                                         .captured = len,
                                         .wire_len = (uint32_t)len,
                                         .from = ENGINE_INSIDE,
                                         .from_interface = "lan0",
                                         .to_interface = interface};
    engine_handle(r->worker, &packet, r->now, &r->last);
    CU_ASSERT_EQUAL(r->last.action, ENGINE_ACCEPT);
    return source(r, text);
}

/* A flow follows its route: to the other uplink, and back. */
static void flows_follow_the_route(void)
{
    struct router r = two_uplinks();
    char first[QW_ENDPOINT_TEXT_MAX], second[QW_ENDPOINT_TEXT_MAX], text[QW_ENDPOINT_TEXT_MAX];
    leaves_by(&r, "wan0", LAN, WAN, first);
    uint64_t flow = r.last.flow;
    CU_ASSERT_NSTRING_EQUAL(first, "198.51.100.7:", 13);
    CU_ASSERT_TRUE(reaches(&r, WAN, first, LAN));
    leaves_by(&r, "wan1", LAN, WAN, second);
    CU_ASSERT_EQUAL(r.last.flow, flow);
    CU_ASSERT_NSTRING_EQUAL(second, "203.0.113.7:", 12);
    CU_ASSERT_TRUE(reaches(&r, WAN, second, LAN));
    CU_ASSERT_STRING_EQUAL(leaves_by(&r, "wan1", LAN, WAN, text), second);
    CU_ASSERT_STRING_EQUAL(leaves_by(&r, "wan0", LAN, WAN, text), first); /* its own port, which rested */
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 1);
    CU_ASSERT_NSTRING_EQUAL(leaves_by(&r, "wan1", LAN, WAN_OTHER, text), "203.0.113.7:", 12);
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 2);
    r.now.ns += 301 * SECOND;
    engine_tick(r.worker, r.now, 100);
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 0);
    router_stop(&r);
}

/* What began outside goes on by the address that it came to. */
static void flows_from_outside_keep_their_address(void)
{
    struct router r = two_uplinks();
    char text[QW_ENDPOINT_TEXT_MAX];
    CU_ASSERT_TRUE(reaches(&r, WAN, "203.0.113.7:443", WEB));
    CU_ASSERT_STRING_EQUAL(leaves_by(&r, "wan0", WEB, WAN, text), "203.0.113.7:443");
    CU_ASSERT_NSTRING_EQUAL(leaves_by(&r, "wan0", WEB, WAN_OTHER, text), "198.51.100.7:", 13);
    CU_ASSERT_STRING_EQUAL(leaves_by(&r, "wan1", WEB, "192.0.2.9:1", text), "203.0.113.7:443");
    r.unrouted = true; /* a hairpin leaves by nothing */
    CU_ASSERT_TRUE(out(&r, LAN, "203.0.113.7:443", "x", 1));
    CU_ASSERT_STRING_EQUAL(destination(&r, text), WEB);
    router_stop(&r);
}

/* ---- nat.except ---- */

#define EXCEPT "except = \"192.0.2.0/24\";"

/* As in mode firewall: out and back, and nobody else in. */
static void excepted_destinations(void)
{
    struct router r = start(EXCEPT);
    char text[QW_ENDPOINT_TEXT_MAX];
    CU_ASSERT_TRUE(leaves_unchanged(&r, LAN, WAN));
    r.unrouted = true;
    CU_ASSERT_TRUE(comes_unchanged(&r, WAN, LAN));
    CU_ASSERT_FALSE(in(&r, WAN_OTHER, LAN, "x", 1));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_UNSOLICITED);
    CU_ASSERT_FALSE(in(&r, "203.0.113.7:443", LAN, "x", 1));
    r.unrouted = false;
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 0);
    leave(&r, LAN, "203.0.113.7:443", text);
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 1);
    CU_ASSERT_TRUE(reaches(&r, "203.0.113.7:443", text, LAN));
    CU_ASSERT_FALSE(in(&r, WAN, text, "x", 1)); /* an excepted host has no session with the mapping */
    router_stop(&r);
}

static void excepted_sources(void)
{
    struct router r =
        start("except = [\"10.0.0.5\"]; filtering = \"endpoint-independent\";" FORWARD("443", WEB));
    char text[QW_ENDPOINT_TEXT_MAX];
    CU_ASSERT_TRUE(leaves_unchanged(&r, LAN, WAN));
    r.unrouted = true;
    CU_ASSERT_TRUE(comes_unchanged(&r, WAN, LAN));
    CU_ASSERT_FALSE(in(&r, WAN_OTHER, LAN, "x", 1));
    CU_ASSERT_FALSE(in(&r, WAN, LAN2, "x", 1));
    CU_ASSERT_TRUE(out(&r, LAN, EXTERNAL ":443", "x", 1)); /* a hairpin is translated all the same */
    CU_ASSERT_STRING_EQUAL(destination(&r, text), WEB);
    CU_ASSERT_NSTRING_EQUAL(source(&r, text), EXTERNAL ":", sizeof EXTERNAL);
    r.unrouted = false;
    leave(&r, LAN2, WAN, text);
    router_stop(&r);
}

/* A rule or default_in lets in what begins outside. */
static void excepted_are_judged(void)
{
    struct router r = nat_with("nat = { external = \"" EXTERNAL "\"; " EXCEPT " }; default_in = \"accept\";"
                               "rules = ( { name = \"no\"; to = \"192.0.2.2\"; action = \"drop\"; } );");
    r.unrouted = true;
    CU_ASSERT_TRUE(comes_unchanged(&r, WAN, LAN));
    CU_ASSERT_FALSE(in(&r, "203.0.113.7:443", LAN, "x", 1));
    r.unrouted = false;
    CU_ASSERT_TRUE(leaves_unchanged(&r, LAN, WAN));
    CU_ASSERT_FALSE(out(&r, LAN, WAN_OTHER, "x", 1));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_RULE);
    router_stop(&r);
}

/* What was translated is so until its flow ends. */
static void excepted_later(void)
{
    struct router r = start("");
    char external[QW_ENDPOINT_TEXT_MAX], text[QW_ENDPOINT_TEXT_MAX];
    leave(&r, LAN, WAN, external);
    reload(&r, EXCEPT);
    CU_ASSERT_TRUE(reaches(&r, WAN, external, LAN));
    CU_ASSERT_STRING_EQUAL(leave(&r, LAN, WAN, text), external);
    CU_ASSERT_TRUE(leaves_unchanged(&r, LAN, WAN_OTHER));
    r.now.ns += 301 * SECOND;
    CU_ASSERT_TRUE(leaves_unchanged(&r, LAN, WAN));
    engine_tick(r.worker, r.now, 100);
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 0);
    router_stop(&r);
}

/* A mapping that a forward took does not come back for what is excepted now. */
static void excepted_with_its_port_gone(void)
{
    struct router r = start(FORWARD("443", LAN));
    char text[QW_ENDPOINT_TEXT_MAX];
    CU_ASSERT_STRING_EQUAL(leave(&r, LAN, WAN, text), EXTERNAL ":443");
    reload(&r, EXCEPT FORWARD("443", WEB));
    CU_ASSERT_TRUE(leaves_unchanged(&r, LAN, WAN));
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 0);
    router_stop(&r);
}

/* The server sees its client move, and a QUIC server goes along. */
static void excepted_no_longer(void)
{
    struct router r = start(EXCEPT);
    char external[QW_ENDPOINT_TEXT_MAX];
    CU_ASSERT_TRUE(leaves_unchanged(&r, LAN, WAN));
    uint64_t flow = r.last.flow;
    reload(&r, "");
    r.unrouted = true;
    CU_ASSERT_FALSE(in(&r, WAN, LAN, "x", 1));
    r.unrouted = false;
    leave(&r, LAN, WAN, external);
    CU_ASSERT_EQUAL(r.last.flow, flow);
    CU_ASSERT_TRUE(reaches(&r, WAN, external, LAN));
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 1);
    router_stop(&r);
}

/* An error from `hop` about a packet from `from` to `to`. */
static bool report(struct router *r, enum engine_origin origin, const char *hop, const char *from,
                   const char *to)
{
    uint8_t packet[256], error[512];
    size_t len = test_udp(packet, sizeof packet, from, to, "payload", 7);
    return raw(r, origin, error, test_icmp_error(error, sizeof error, hop, 3, 4, 1400, packet, len, len));
}

static void errors_about_excepted(void)
{
    struct router r = start(EXCEPT);
    CU_ASSERT_TRUE(leaves_unchanged(&r, LAN, WAN));
    r.unrouted = true;
    CU_ASSERT_TRUE(report(&r, ENGINE_OUTSIDE, "203.0.113.9", LAN, WAN) && !r.last.translated);
    CU_ASSERT_FALSE(report(&r, ENGINE_OUTSIDE, "203.0.113.9", LAN, WAN_OTHER));
    CU_ASSERT_FALSE(report(&r, ENGINE_OUTSIDE, "203.0.113.9", LAN, "203.0.113.7:443"));
    CU_ASSERT_TRUE(comes_unchanged(&r, WAN, LAN));
    r.unrouted = false;
    CU_ASSERT_TRUE(report(&r, ENGINE_INSIDE, "10.0.0.5", WAN, LAN) && !r.last.translated);
    CU_ASSERT_FALSE(report(&r, ENGINE_INSIDE, "10.0.0.5", WAN_OTHER, LAN));
    r.own = true; /* the router's own */
    CU_ASSERT_TRUE(report(&r, ENGINE_INSIDE, "198.51.100.7", WAN, LAN) && !r.last.translated);
    router_stop(&r);
}

void suite_nat_reload(void)
{
    static const struct test TESTS[] = {
        {"S2 N17 N11: flows of a forward that left go on, others do not begin", a_forward_drains},
        {"S2 N17 N11: a flow whose forward was given away goes on by another endpoint", a_forward_moves},
        {"S2 N17 N11: a flow whose port a forward got goes on by another one", a_forward_takes_a_port},
        {"S2 N17 S3: endpoints that forwards take leave no sessions behind", taken_endpoints_cost_nothing},
        {"S2 N17 N11: flows of a host that gets a forward go on", a_host_gets_a_forward},
        {"N17 N11: a forward of a range of ports", a_range},
        {"S2 N17 N5: filtering is asked for new flows", filtering},
        {"S2 N17 N10: the limit of a host", per_host},
        {"N15: a flow from inside follows its route to another uplink and back", flows_follow_the_route},
        {"N15: a flow from outside keeps the address that it came to", flows_from_outside_keep_their_address},
        {"N17: excepted destinations are not translated, and judged as in mode firewall",
         excepted_destinations},
        {"N17: nor are excepted sources", excepted_sources},
        {"N17 F2: rules and defaults judge what is excepted", excepted_are_judged},
        {"S2 N17: flows that were translated before an exception go on so", excepted_later},
        {"S2 N17: unless their mapping is gone", excepted_with_its_port_gone},
        {"S2 N17: flows of an exception that is gone are translated, and go on", excepted_no_longer},
        {"N17 N7: errors about what is excepted pass as they are", errors_about_excepted},
    };
    TEST_SUITE("engine nat reload", TESTS);
}
