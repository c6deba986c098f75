/* Each connection attempt is decided by its own ClientHello, whatever came before on its addresses. */
#include "attempts.h"
#include "nat_router.h"
#include "packets.h"
#include "seal.h"
#include "suite.h"
#include <quicward/quic.h>
#include <string.h>

#define BLOCK "rules = ({ name = \"bad\"; sni = \".blocked.test\"; action = \"drop\"; });"
#define ALLOW                                                                                                \
    "default_out = \"drop\"; rules = ({ name = \"ok\"; sni = \"ok.test\"; action = \"accept\"; },"           \
    "{ name = \"other\"; quic = false; action = \"accept\"; });"
#define ONLY_NAMES                                                                                           \
    "default_out = \"drop\"; rules = ({ name = \"ok\"; sni = \"ok.test\"; action = \"accept\"; });"

/* ---- what may come first ---- */

static void garbage(struct router *r)
{
    CU_ASSERT_TRUE(out(r, LAN, WAN, "x", 1));
}

static void empty(struct router *r)
{
    CU_ASSERT_TRUE(out(r, LAN, WAN, "", 0));
}

static void stun(struct router *r)
{
    static const uint8_t BINDING[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
    CU_ASSERT_TRUE(out(r, LAN, WAN, BINDING, sizeof BINDING));
    CU_ASSERT_TRUE(in(r, WAN, LAN, BINDING, sizeof BINDING));
}

static void short_header(struct router *r)
{
    CU_ASSERT_TRUE(out(r, LAN, WAN, "\x40shortshortshortshort", 21));
}

static void negotiation(struct router *r)
{
    uint8_t first[1200] = {0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8}, answer[64] = {0x80, 0, 0, 0, 0, 4};
    memset(first + 6, 7, 8);
    first[14] = 4;
    out(r, LAN, WAN, first, sizeof first); /* an allow list may refuse it */
    in(r, WAN, LAN, answer, 40);
}

static void server_first(struct router *r)
{
    in(r, WAN, LAN, "x", 1); /* refused, mostly */
}

static void connection(struct router *r)
{
    struct client c = client_of("ok.test", 99, 0);
    client_connects(r, &c);
    CU_ASSERT_EQUAL(only_flow(r).state, FLOW_CONFIRMED);
}

static void answered_connection(struct router *r)
{
    struct client c = client_of("ok.test", 98, 0);
    CU_ASSERT_EQUAL(client_sends_all(r, &c), ENGINE_ACCEPT);
    CU_ASSERT_TRUE(server_answers(r, &c));
}

static void (*const BEFORE[])(struct router *r) = {
    garbage, empty, stun, short_header, negotiation, server_first, connection, answered_connection};
#define BEFORE_COUNT (sizeof BEFORE / sizeof BEFORE[0])

static void check_after(const char *rules, unsigned before)
{
    struct router r = router_with(rules);
    struct client bad = client_of("www.blocked.test", 1, 0), halves = client_of("www.blocked.test", 2, 2400),
                  good = client_of("ok.test", 3, 2400);
    BEFORE[before](&r);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(client_sends_all(&r, &bad), ENGINE_DROP);
        CU_ASSERT_EQUAL(r.last.reason, strcmp(rules, BLOCK) == 0 ? QW_REASON_RULE : QW_REASON_DEFAULT);
    }
    uint64_t token = r.token;
    CU_ASSERT_EQUAL(client_sends(&r, &halves, 0, 1200), ENGINE_HOLD);
    CU_ASSERT_EQUAL(client_sends(&r, &halves, 1200, 2400), ENGINE_DROP);
    CU_ASSERT_EQUAL(engine_held(r.worker), 0);
    CU_ASSERT_EQUAL(client_sends(&r, &good, 1200, 2400), ENGINE_HOLD);
    CU_ASSERT_EQUAL(client_sends(&r, &good, 0, 1200), ENGINE_ACCEPT);
    CU_ASSERT_EQUAL(r.token, token + 4);
    CU_ASSERT_EQUAL(client_sends_all(&r, &bad), ENGINE_DROP);
    CU_ASSERT_EQUAL(client_sends(&r, &halves, 0, 1200), ENGINE_DROP);
    garbage(&r);
    CU_ASSERT_EQUAL(client_sends_zero_rtt(&r, &halves), ENGINE_DROP);
    CU_ASSERT_TRUE(in(&r, WAN, LAN, "answer", 6));
    router_stop(&r);
}

static void whatever_came_before(void)
{
    for (unsigned i = 0; i < BEFORE_COUNT; i++) {
        check_after(BLOCK, i);
        check_after(ALLOW, i);
    }
}

/* ---- another ClientHello under the same connection ID ---- */

/* RFC 9000 17.2.5.2 wants the same one again behind a Retry. */
static void a_retry_admits_no_other_name(void)
{
    static const char *const RULES[] = {BLOCK, ALLOW};
    for (int i = 0; i < 2; i++) {
        struct router r = router_with(RULES[i]);
        struct client good = client_of("ok.test", 1, 0), bad = client_of("www.blocked.test", 1, 0);
        CU_ASSERT_EQUAL(client_sends_all(&r, &good), ENGINE_ACCEPT);
        CU_ASSERT_TRUE(server_retries(&r, &good));
        bad.packet_number = good.packet_number;
        CU_ASSERT_EQUAL(client_follows(&r, &bad), ENGINE_DROP);
        CU_ASSERT_EQUAL(client_follows(&r, &bad), ENGINE_DROP);
        router_stop(&r);
    }
}

/* Each packet in front costs the keys of the Retry anew, so that the datagram's tries end before the name.
 * What was not read does not pass where a name could matter, and passes where none does. */
static void what_took_too_many_tries_is_not_let_through(void)
{
    static const char *const RULES[] = {BLOCK, ALLOW, ""};
    for (int i = 0; i < 3; i++)
        for (unsigned front = 2; front <= 20; front += 18) {
            struct router r = router_with(RULES[i]);
            struct client good = client_of("ok.test", 1, 0), bad = client_of("www.blocked.test", 1, 0);
            CU_ASSERT_EQUAL(client_sends_all(&r, &good), ENGINE_ACCEPT);
            CU_ASSERT_TRUE(server_retries(&r, &good));
            bad.packet_number = good.packet_number;
            CU_ASSERT_EQUAL(client_follows_behind(&r, &bad, front), i < 2 ? ENGINE_DROP : ENGINE_ACCEPT);
            if (i < 2 && front == 20)
                CU_ASSERT_EQUAL(r.last.reason, QW_REASON_HOLD_LIMIT);
            router_stop(&r);
        }
}

static void a_retry_is_followed(void)
{
    struct router r = router_with(ALLOW);
    struct client good = client_of("ok.test", 1, 0);
    CU_ASSERT_EQUAL(client_sends_all(&r, &good), ENGINE_ACCEPT);
    CU_ASSERT_TRUE(server_retries(&r, &good));
    CU_ASSERT_EQUAL(client_follows(&r, &good), ENGINE_ACCEPT);
    CU_ASSERT_EQUAL(client_follows(&r, &good), ENGINE_ACCEPT);
    CU_ASSERT_EQUAL(stats(&r).counters.hellos, 1);
    router_stop(&r);
}

/* The first one may have died on its way (its TTL was small): the server then takes the second. */
static void a_second_hello_is_judged(void)
{
    static const char *const RULES[] = {BLOCK, ALLOW};
    for (int i = 0; i < 2; i++)
        for (size_t len = 0; len <= 2400; len += 2400) {
            struct router r = router_with(RULES[i]);
            struct client good = client_of("ok.test", 1, len), bad = client_of("www.blocked.test", 1, len);
            size_t half = good.hello_len / 2;
            client_sends(&r, &good, 0, half);
            CU_ASSERT_EQUAL(client_sends(&r, &good, half, good.hello_len), ENGINE_ACCEPT);
            bad.packet_number = good.packet_number;
            CU_ASSERT_EQUAL(client_sends(&r, &good, 0, half), ENGINE_ACCEPT); /* the same again */
            half = bad.hello_len / 2;
            CU_ASSERT_EQUAL(client_sends(&r, &bad, 0, half), ENGINE_HOLD);
            CU_ASSERT_EQUAL(client_sends(&r, &bad, half, bad.hello_len), ENGINE_DROP);
            CU_ASSERT_EQUAL(client_sends_all(&r, &bad), ENGINE_DROP);
            router_stop(&r);
        }
}

/* Nobody knows which bytes the server takes. */
static void a_hello_that_contradicts_itself(void)
{
    struct router r = router_with(ALLOW);
    struct client good = client_of("ok.test", 1, 2400), bad = client_of("www.blocked.test", 1, 2400);
    CU_ASSERT_EQUAL(client_sends(&r, &bad, 0, 1200), ENGINE_HOLD);
    good.packet_number = bad.packet_number;
    CU_ASSERT_EQUAL(client_sends(&r, &good, 0, 1200), ENGINE_DROP);
    CU_ASSERT_STRING_EQUAL(released(&r), "d1");
    CU_ASSERT_EQUAL(client_sends(&r, &good, 1200, 2400), ENGINE_DROP);
    router_stop(&r);
}

static void two_hellos_in_one_datagram(void)
{
    static const char *const RULES[] = {BLOCK, ALLOW};
    for (int i = 0; i < 2; i++) {
        struct router r = router_with(RULES[i]);
        struct client good = client_of("ok.test", 1, 0), bad = client_of("www.blocked.test", 1, 0);
        CU_ASSERT_EQUAL(client_sends_two(&r, &good, &bad), ENGINE_DROP);
        CU_ASSERT_EQUAL(r.last.reason, QW_REASON_CONTRADICTION);
        struct client same = client_of("ok.test", 2, 0);
        CU_ASSERT_EQUAL(client_sends_two(&r, &same, &same), ENGINE_ACCEPT);
        router_stop(&r);
    }
}

/* ---- who decides ---- */

/* A byte of the server, mode firewall: a rule that lets the outside in speaks of the outside's flows. */
static void the_server_decides_nothing(void)
{
    struct router r = router_with("default_in = \"accept\";" ONLY_NAMES);
    struct client c = client_of("www.blocked.test", 1, 2400);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 0, 1200), ENGINE_HOLD);
    in(&r, WAN, LAN, "x", 1);
    CU_ASSERT_STRING_EQUAL(released(&r), "");
    CU_ASSERT_EQUAL(client_sends(&r, &c, 1200, 2400), ENGINE_DROP);
    CU_ASSERT_STRING_EQUAL(released(&r), "d1");
    CU_ASSERT_EQUAL(client_sends_all(&r, &c), ENGINE_DROP);
    router_stop(&r);
}

/* Of a session that nothing was sent in, nobody outside has anything. */
static void an_undecided_mapping_lets_nobody_in(void)
{
    struct router r = nat_with("nat = { external = [\"" EXTERNAL "\"]; };" ONLY_NAMES);
    struct client c = client_of("www.blocked.test", 1, 2400), other = client_of("www.blocked.test", 2, 2400);
    char mapped[QW_ENDPOINT_TEXT_MAX];
    other.to = WAN_OTHER_PORT;
    CU_ASSERT_EQUAL(client_sends(&r, &c, 0, 1200), ENGINE_HOLD);
    source(&r, mapped);
    CU_ASSERT_EQUAL(client_sends(&r, &other, 0, 1200), ENGINE_HOLD);
    CU_ASSERT_FALSE(in(&r, WAN, mapped, "x", 1));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_UNSOLICITED);
    CU_ASSERT_FALSE(in(&r, WAN_OTHER_PORT, mapped, "x", 1));
    CU_ASSERT_FALSE(in(&r, "192.0.2.1:445", mapped, "x", 1));
    CU_ASSERT_EQUAL(client_sends(&r, &c, 1200, 2400), ENGINE_DROP);
    CU_ASSERT_STRING_EQUAL(released(&r), "d1");
    struct client good = client_of("ok.test", 3, 0);
    CU_ASSERT_EQUAL(client_sends_all(&r, &good), ENGINE_ACCEPT);
    CU_ASSERT_TRUE(in(&r, WAN, mapped, "x", 1)); /* now it has: of the address */
    CU_ASSERT_TRUE(in(&r, "192.0.2.1:445", mapped, "x", 1));
    CU_ASSERT_EQUAL(client_sends_all(&r, &other), ENGINE_DROP);
    CU_ASSERT_EQUAL(client_sends_all(&r, &c), ENGINE_DROP);
    router_stop(&r);
}

static void mappings_of_undecided_flows_end_clean(void)
{
    struct router r = nat_with("nat = { external = [\"" EXTERNAL "\"]; };" ONLY_NAMES);
    for (uint8_t i = 0; i < 5; i++) {
        struct client c = client_of("www.blocked.test", i, 0),
                      good = client_of("ok.test", (uint8_t)(i + 50), 0);
        client_sends_all(&r, &c);
        if (i % 2)
            CU_ASSERT_EQUAL(client_sends_all(&r, &good), ENGINE_ACCEPT);
        later(&r, 400000);
        later(&r, 2000);
        CU_ASSERT_EQUAL(stats(&r).counters.mappings, 0);
    }
    router_stop(&r);
}

/* ---- refused attempts ---- */

/* Pushed out of the places by others, it is judged again when it comes again. */
static void noise_does_not_help(void)
{
    struct router r = router_with(BLOCK);
    struct client bad = client_of("www.blocked.test", 1, 0);
    CU_ASSERT_EQUAL(client_sends_all(&r, &bad), ENGINE_DROP);
    for (uint8_t i = 10; i < 20; i++) {
        struct client noise = client_of("noise.test", i, 0);
        CU_ASSERT_EQUAL(client_sends_all(&r, &noise), ENGINE_ACCEPT);
        CU_ASSERT_EQUAL(client_sends_all(&r, &bad), ENGINE_DROP);
    }
    router_stop(&r);
}

/* The client's packets to the server's connection ID, and its Handshake packets, belong to the attempt. */
static void a_refused_attempt_goes_nowhere(void)
{
    struct router r = router_with(BLOCK);
    struct client bad = client_of("www.blocked.test", 1, 2400);
    garbage(&r);
    client_sends(&r, &bad, 0, 1200);
    later(&r, 10);
    CU_ASSERT_STRING_EQUAL(released(&r), "a2");
    CU_ASSERT_TRUE(server_answers(&r, &bad));
    CU_ASSERT_FALSE(client_sends(&r, &bad, 1200, 2400) == ENGINE_ACCEPT);
    CU_ASSERT_FALSE(client_sends_handshake(&r, &bad));
    CU_ASSERT_TRUE(server_answers(&r, &bad));
    short_header(&r); /* in a replay, say */
    CU_ASSERT_TRUE(only_flow(&r).state < FLOW_CONFIRMED);
    router_stop(&r);
}

static void every_attempt_is_told(void)
{
    struct router r =
        router_with("rules = ({ name = \"bad\"; sni = \".blocked.test\"; action = \"reject\"; });");
    struct client c = client_of("www.blocked.test", 1, 2400);
    garbage(&r);
    client_sends(&r, &c, 0, 1200);
    for (int i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(client_sends(&r, &c, 1200, 2400), ENGINE_DROP);
        CU_ASSERT_PTR_NOT_NULL(r.last.reply);
        CU_ASSERT_EQUAL(client_sends_zero_rtt(&r, &c), ENGINE_DROP);
        CU_ASSERT_PTR_NOT_NULL(r.last.reply);
        later(&r, 1000);
    }
    router_stop(&r);
}

/* The loss of one datagram is no reason to tell a client to give up; what never gets whole is. */
static void a_limit_tells_in_the_end(void)
{
    struct router r = router_with("default_out = \"reject\";"
                                  "rules = ({ name = \"ok\"; sni = \"ok.test\"; action = \"accept\"; });");
    struct client c = client_of("ok.test", 1, 2400);
    for (int i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(client_sends(&r, &c, 0, 1200), ENGINE_HOLD);
        CU_ASSERT_EQUAL(r.last.reply != NULL, i >= 2);
        later(&r, 1000);
    }
    CU_ASSERT_EQUAL(client_sends(&r, &c, 1200, 2400), ENGINE_ACCEPT);
    router_stop(&r);
}

static void only_by_other_rules_too(void)
{
    struct router r = router_with("rules = ({ name = \"v2\"; version = \"v1\"; action = \"drop\"; });");
    struct client c = client_of("ok.test", 1, 0);
    garbage(&r);
    CU_ASSERT_EQUAL(client_sends_all(&r, &c), ENGINE_DROP);
    router_stop(&r);
    r = router_with("quic = \"block\";");
    garbage(&r);
    CU_ASSERT_EQUAL(client_sends_all(&r, &c), ENGINE_DROP);
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_QUIC_BLOCKED);
    CU_ASSERT_PTR_NOT_NULL(r.last.reply);
    router_stop(&r);
}

/* Hosts that opened the flow together, as ICE does: the outside's connection passes, but for names. */
static void the_other_side_may_begin_one(void)
{
    struct router r = router_with(BLOCK);
    struct client c = client_of("peer.test", 1, 0), bad = client_of("www.blocked.test", 2, 0);
    c.from = bad.from = WAN;
    c.to = bad.to = LAN;
    c.side = bad.side = ENGINE_OUTSIDE;
    stun(&r);
    CU_ASSERT_EQUAL(client_sends_all(&r, &c), ENGINE_ACCEPT);
    CU_ASSERT_EQUAL(client_sends_all(&r, &bad), ENGINE_DROP);
    router_stop(&r);
}

/* ---- limits ---- */

static void check_exhausted(const char *word, const char *rules, const char *what)
{
    char text[400];
    snprintf(text, sizeof text, "hold = { exhausted = \"%s\"; };%s", word, rules);
    struct router r = router_with(text);
    struct client bad = client_of("www.blocked.test", 1, 2400), good = client_of("ok.test", 2, 2400);
    client_sends(&r, &bad, 0, 1200);
    later(&r, 100);
    CU_ASSERT_STRING_EQUAL(released(&r), what);
    later(&r, 900);
    CU_ASSERT_EQUAL(client_sends(&r, &bad, 1200, 2400), ENGINE_DROP);
    client_sends(&r, &good, 1200, 2400);
    later(&r, 100);
    CU_ASSERT_EQUAL(client_sends(&r, &good, 0, 1200), ENGINE_ACCEPT);
    CU_ASSERT_EQUAL(client_sends_all(&r, &bad), ENGINE_DROP);
    router_stop(&r);
}

static void limits_do_as_told(void)
{
    check_exhausted("default", BLOCK, "a1");
    check_exhausted("default", ONLY_NAMES, "d1");
    check_exhausted("accept", ONLY_NAMES, "a1");
    check_exhausted("drop", BLOCK, "d1");
}

/* M3: the scratch of a waiting attempt is needed elsewhere. */
static void displaced_attempts_are_put_off(void)
{
    struct router r = router_with(BLOCK);
    struct client c = client_of("ok.test", 1, 2400), bad = client_of("www.blocked.test", 2, 0);
    char from[40];
    CU_ASSERT_EQUAL(client_sends(&r, &c, 0, 1200), ENGINE_HOLD);
    for (unsigned i = 0; i < 20; i++) { /* 16 handshakes are followed */
        struct client flood = client_of("flood.test", (uint8_t)(100 + i), 2400);
        snprintf(from, sizeof from, "10.0.0.9:%u", 1000 + i);
        flood.from = from;
        CU_ASSERT_EQUAL(client_sends(&r, &flood, 0, 1200), ENGINE_HOLD);
    }
    CU_ASSERT_EQUAL(client_sends_all(&r, &bad), ENGINE_DROP); /* a forged one, on its addresses */
    CU_ASSERT_STRING_EQUAL(released(&r), "");
    later(&r, 10);
    CU_ASSERT_EQUAL(strncmp(released(&r), "a1", 2), 0);
    CU_ASSERT_EQUAL(client_sends_all(&r, &bad), ENGINE_DROP);
    CU_ASSERT_EQUAL(client_sends_all(&r, &c), ENGINE_ACCEPT);
    router_stop(&r);
}

/* Memory for pieces is no verdict either. */
static void the_oldest_pieces_are_lost_first(void)
{
    struct router r = router_with("hello = { memory = 64; };" BLOCK);
    struct client c = client_of("ok.test", 1, 2400);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 0, 1200), ENGINE_HOLD);
    for (unsigned i = 0; i < 60; i++) { /* four attempts each of 15 flows */
        struct client flood = client_of("www.blocked.test", (uint8_t)(100 + i), 2400);
        char from[40];
        snprintf(from, sizeof from, "10.0.0.9:%u", 1000 + i / 4);
        flood.from = from;
        CU_ASSERT_EQUAL(client_sends(&r, &flood, 1200, 2400), ENGINE_HOLD);
    }
    CU_ASSERT_EQUAL(stats(&r).counters.hellos_unreadable, 0);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 1200, 2400), ENGINE_HOLD); /* the first half is lost */
    CU_ASSERT_EQUAL(client_sends(&r, &c, 0, 1200), ENGINE_ACCEPT);
    CU_ASSERT_STRING_EQUAL(released(&r), "a1a62");
    struct client last = client_of("www.blocked.test", 159, 2400);
    last.from = "10.0.0.9:1014";
    CU_ASSERT_EQUAL(client_sends(&r, &last, 0, 1200), ENGINE_DROP); /* the newest are there */
    CU_ASSERT_EQUAL(stats(&r).counters.hellos_unreadable, 0);
    router_stop(&r);
}

/* ---- a confirmed flow ---- */

static void a_confirmed_flow_loses_nothing(void)
{
    struct router r = router_with(ONLY_NAMES);
    struct client c = client_of("ok.test", 1, 0), bad = client_of("www.blocked.test", 2, 2400);
    client_connects(&r, &c);
    CU_ASSERT_EQUAL(client_sends(&r, &bad, 0, 1200), ENGINE_HOLD);
    for (int i = 0; i < 5; i++) {
        CU_ASSERT_TRUE(out(&r, LAN, WAN, "\x40shortshortshortshort", 21));
        CU_ASSERT_TRUE(in(&r, WAN, LAN, "\x40shortshortshortshort", 21));
        CU_ASSERT_TRUE(client_sends_handshake(&r, &c));
        CU_ASSERT_TRUE(server_answers(&r, &c));
        CU_ASSERT_EQUAL(client_sends_zero_rtt(&r, &c), ENGINE_ACCEPT);
    }
    CU_ASSERT_EQUAL(client_sends(&r, &bad, 1200, 2400), ENGINE_DROP);
    struct engine_flow flow = only_flow(&r);
    CU_ASSERT_EQUAL(flow.state, FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(flow.hello.sni_len, 7);
    CU_ASSERT_STRING_EQUAL(flow.rule, "ok");
    CU_ASSERT_EQUAL(stats(&r).counters.flows_known, 1);
    struct client next = client_of("ok.test", 3, 0);
    client_connects(&r, &next);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_confirmed, 1);
    CU_ASSERT_EQUAL(only_flow(&r).state, FLOW_CONFIRMED);
    router_stop(&r);
}

/* ---- a changed port ---- */

#define MOVED "10.0.0.5:6000"
#define SHORT "\x40shortshortshortshort"

static bool goes_on(struct router *r, const char *from, const char *to)
{
    return out(r, from, to, SHORT, 21);
}

static void a_moved_client_goes_on(void)
{
    struct router r = router_with(ONLY_NAMES);
    struct client c = client_of("ok.test", 1, 0), bad = client_of("www.blocked.test", 2, 0);
    CU_ASSERT_FALSE(goes_on(&r, MOVED, WAN));
    answered_connection(&r);
    CU_ASSERT_FALSE(goes_on(&r, MOVED, WAN)); /* not confirmed yet */
    client_connects(&r, &c);
    CU_ASSERT_FALSE(goes_on(&r, "10.0.0.6:6000", WAN));
    CU_ASSERT_FALSE(goes_on(&r, MOVED, "192.0.2.1:444"));
    CU_ASSERT_FALSE(goes_on(&r, MOVED, "192.0.2.2:443"));
    CU_ASSERT_FALSE(in(&r, WAN, MOVED, SHORT, 21));
    CU_ASSERT_TRUE(goes_on(&r, MOVED, WAN));
    CU_ASSERT_TRUE(in(&r, WAN, MOVED, SHORT, 21));
    bad.from = MOVED;
    CU_ASSERT_EQUAL(client_sends_all(&r, &bad), ENGINE_DROP);
    bad.from = "10.0.0.5:7000";
    CU_ASSERT_EQUAL(client_sends_all(&r, &bad), ENGINE_DROP);
    router_stop(&r);
}

static void a_moved_client_moves_again(void)
{
    struct router r = router_with("timers = { confirmed = 300; two_way = 300; };" ONLY_NAMES);
    struct client c = client_of("ok.test", 1, 0);
    client_connects(&r, &c);
    CU_ASSERT_TRUE(goes_on(&r, MOVED, WAN));
    in(&r, WAN, MOVED, SHORT, 21);
    for (int i = 0; i < 4; i++) {
        later(&r, 100000);
        CU_ASSERT_TRUE(goes_on(&r, MOVED, WAN));
    }
    CU_ASSERT_TRUE(goes_on(&r, "10.0.0.5:6001", WAN)); /* the first port's flow is over, the second's not */
    r.now.ns += 301 * SECOND;                          /* nobody has swept yet */
    CU_ASSERT_FALSE(goes_on(&r, "10.0.0.5:6002", WAN));
    later(&r, 2000);
    CU_ASSERT_FALSE(goes_on(&r, "10.0.0.5:6003", WAN));
    router_stop(&r);
}

static void a_moved_client_behind_nat(void)
{
    struct router r = nat_with("nat = { external = [\"" EXTERNAL "\"]; };" ONLY_NAMES);
    struct client c = client_of("ok.test", 1, 0);
    char first[QW_ENDPOINT_TEXT_MAX];
    CU_ASSERT_EQUAL(client_sends_all(&r, &c), ENGINE_ACCEPT);
    source(&r, first);
    c.outside = first;
    server_answers(&r, &c);
    client_sends_handshake(&r, &c);
    CU_ASSERT_TRUE(goes_on(&r, LAN, WAN));
    CU_ASSERT_EQUAL(only_flow(&r).state, FLOW_CONFIRMED);
    CU_ASSERT_TRUE(goes_on(&r, MOVED, WAN));
    CU_ASSERT_FALSE(goes_on(&r, MOVED, WAN_OTHER));
    router_stop(&r);
}

/* Its packets meet two flows at once, so they do not wait between. */
static void a_hairpin_is_judged_and_never_held(void)
{
    struct router r = nat_with("nat = { external = [\"" EXTERNAL "\"];"
                               "forwards = ({ port = 443; to = \"10.0.0.9:8443\"; }); };" BLOCK);
    struct client bad = client_of("www.blocked.test", 1, 2400), good = client_of("ok.test", 2, 2400),
                  whole = client_of("www.blocked.test", 3, 0);
    bad.to = good.to = whole.to = EXTERNAL ":443";
    CU_ASSERT_TRUE(out(&r, LAN, EXTERNAL ":443", "x", 1));
    CU_ASSERT_EQUAL(client_sends_all(&r, &whole), ENGINE_DROP);
    CU_ASSERT_EQUAL(client_sends(&r, &good, 0, 1200), ENGINE_ACCEPT);
    CU_ASSERT_EQUAL(client_sends(&r, &good, 1200, 2400), ENGINE_ACCEPT);
    CU_ASSERT_EQUAL(client_sends(&r, &bad, 0, 1200), ENGINE_ACCEPT);
    CU_ASSERT_EQUAL(client_sends(&r, &bad, 1200, 2400), ENGINE_DROP);
    CU_ASSERT_EQUAL(engine_held(r.worker), 0);
    router_stop(&r);
    r = nat_with("nat = { external = [\"" EXTERNAL "\"];"
                 "forwards = ({ port = 443; to = \"10.0.0.9:8443\"; }); };" BLOCK);
    CU_ASSERT_EQUAL(client_sends_all(&r, &whole), ENGINE_DROP); /* the first packet of its flow */
    router_stop(&r);
}

/* What waits in another worker follows the verdict of this one, also on an admitted flow. */
static void workers_share_attempts(void)
{
    struct router a = router_with(BLOCK), b = a;
    struct client good = client_of("ok.test", 1, 2400), bad = client_of("www.blocked.test", 2, 2400);
    b.worker = engine_worker_new(a.engine);
    garbage(&a);
    CU_ASSERT_EQUAL(client_sends(&b, &good, 0, 1200), ENGINE_HOLD);
    CU_ASSERT_EQUAL(client_sends(&b, &bad, 0, 1200), ENGINE_HOLD);
    CU_ASSERT_EQUAL(client_sends(&a, &bad, 1200, 2400), ENGINE_DROP);
    later(&b, 1);
    CU_ASSERT_STRING_EQUAL(released(&b), "d2");
    CU_ASSERT_EQUAL(client_sends(&a, &good, 1200, 2400), ENGINE_ACCEPT);
    later(&b, 1);
    CU_ASSERT_STRING_EQUAL(released(&b), "a1");
    CU_ASSERT_EQUAL(engine_held(b.worker), 0);
    engine_worker_free(b.worker);
    router_stop(&a);
}

void suite_attempts(void)
{
    static const struct test TESTS[] = {
        {"F1 F2: a name is judged whatever came before on its addresses", whatever_came_before},
        {"F1 C3: a Retry admits no other name", a_retry_admits_no_other_name},
        {"S3 P3: what took too many tries is not let through unread",
         what_took_too_many_tries_is_not_let_through},
        {"F1 C3: a Retry is followed", a_retry_is_followed},
        {"F1 W4: another ClientHello of an admitted attempt is judged too", a_second_hello_is_judged},
        {"F1 W4: a ClientHello that contradicts itself is refused", a_hello_that_contradicts_itself},
        {"F1 W4: two ClientHellos in one datagram contradict each other", two_hellos_in_one_datagram},
        {"F1 F3: a byte of the server decides nothing", the_server_decides_nothing},
        {"F1 N5: in mode nat an undecided flow lets nobody in", an_undecided_mapping_lets_nobody_in},
        {"N2 T1: mappings of undecided flows end with them", mappings_of_undecided_flows_end_clean},
        {"F1 C5: an attempt pushed out by others stays refused", noise_does_not_help},
        {"F1: Handshake packets of a refused attempt go with it", a_refused_attempt_goes_nowhere},
        {"F2: a reject answers every attempt to send", every_attempt_is_told},
        {"F1 F2: a limit tells a client that never sends its ClientHello whole", a_limit_tells_in_the_end},
        {"F1 F2: rules on versions and quic = block judge later attempts too", only_by_other_rules_too},
        {"F1 F3: the other side of a flow may begin a connection, but for names",
         the_other_side_may_begin_one},
        {"F1: hold.exhausted says what a limit does, and is no verdict", limits_do_as_told},
        {"F1 S3: attempts whose scratch is needed elsewhere are put off", displaced_attempts_are_put_off},
        {"W4 S3: pieces that came first are lost first, and nothing is decided by it",
         the_oldest_pieces_are_lost_first},
        {"N6 F1: a hairpin is judged, and never held", a_hairpin_is_judged_and_never_held},
        {"F1 F6: workers share an attempt on an admitted flow", workers_share_attempts},
        {"C4 F1: a confirmed flow loses nothing but the refused attempt", a_confirmed_flow_loses_nothing},
        {"F1 C9: a client that moves to another port goes on as it was admitted", a_moved_client_goes_on},
        {"F1 T2: and moves again, while a flow lives that it goes on from", a_moved_client_moves_again},
        {"F1 N9: a client that moves behind NAT goes on", a_moved_client_behind_nat},
    };
    TEST_SUITE("attempts", TESTS);
}
