/* Rules that see the ClientHello: nothing of an attempt passes before they have decided, then all of it or
 * nothing. */
#include "client.h"
#include "packets.h"
#include "suite.h"
#include <string.h>

#define BLOCK_ADS "rules = ({ name = \"ads\"; sni = \".blocked.test\"; action = \"drop\"; });"

static void whole_hellos_are_decided_at_once(void)
{
    struct router r = router_with(BLOCK_ADS);
    struct client bad = client_of("www.blocked.test", 1, 0), good = client_of("www.example.org", 2, 0);
    CU_ASSERT_EQUAL(client_sends_all(&r, &bad), ENGINE_DROP);
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_RULE);
    good.from = "10.0.0.5:5001";
    CU_ASSERT_EQUAL(client_sends_all(&r, &good), ENGINE_ACCEPT);
    CU_ASSERT_EQUAL(stats(&r).counters.held, 0);
    CU_ASSERT_TRUE(in(&r, WAN, "10.0.0.5:5001", "answer", 6));
    CU_ASSERT_FALSE(in(&r, WAN, LAN, "answer", 6));
    router_stop(&r);
}

static void pieces_wait_and_leave_in_order(void)
{
    struct router r = router_with(BLOCK_ADS);
    struct client c = client_of("www.example.org", 1, 2400);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 1600, 2400), ENGINE_HOLD);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 0, 800), ENGINE_HOLD);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 0, 800), ENGINE_HOLD); /* a duplicate */
    CU_ASSERT_EQUAL(engine_held(r.worker), 3);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 800, 1600), ENGINE_ACCEPT);
    CU_ASSERT_STRING_EQUAL(released(&r), "a1a2a3");
    CU_ASSERT_EQUAL(engine_held(r.worker), 0);
    CU_ASSERT_EQUAL(only_flow(&r).up.packets, 4);
    CU_ASSERT_EQUAL(stats(&r).counters.accepted, 4);
    router_stop(&r);
}

static void all_pieces_of_a_blocked_attempt_go(void)
{
    struct router r = router_with(BLOCK_ADS);
    struct client c = client_of("blocked.test", 1, 2400);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 0, 1200), ENGINE_HOLD);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 1200, 2400), ENGINE_DROP);
    CU_ASSERT_STRING_EQUAL(released(&r), "d1");
    for (int i = 0; i < 20; i++) { /* what comes again, in part or whole, goes the same way */
        CU_ASSERT_EQUAL(client_sends(&r, &c, 1200, 2400), ENGINE_DROP);
        CU_ASSERT_EQUAL(client_sends_all(&r, &c), ENGINE_DROP);
        CU_ASSERT_EQUAL(client_sends_zero_rtt(&r, &c), ENGINE_DROP);
        later(&r, 500);
    }
    CU_ASSERT_EQUAL(stats(&r).counters.accepted, 0);
    CU_ASSERT_EQUAL(stats(&r).reasons[QW_REASON_RULE], 62);
    router_stop(&r);
}

/* RFC 9000 2.2: data at one offset never changes. */
static void bytes_never_change(void)
{
    struct router r = router_with(BLOCK_ADS);
    struct client bad = client_of("www.blocked.test", 1, 0), other = client_of("www.allowed.test", 1, 0);
    CU_ASSERT_EQUAL_FATAL(bad.hello_len, other.hello_len);
    CU_ASSERT_EQUAL(client_sends(&r, &bad, 0, bad.hello_len - 1), ENGINE_HOLD);
    CU_ASSERT_EQUAL(client_sends_all(&r, &other), ENGINE_DROP);
    CU_ASSERT_STRING_EQUAL(released(&r), "d1");
    router_stop(&r);
}

static void early_data_waits_with_its_initial(void)
{
    struct router r = router_with(BLOCK_ADS);
    struct client c = client_of("www.example.org", 1, 0);
    CU_ASSERT_EQUAL(client_sends_zero_rtt(&r, &c), ENGINE_HOLD);
    CU_ASSERT_EQUAL(client_sends_all(&r, &c), ENGINE_ACCEPT);
    CU_ASSERT_STRING_EQUAL(released(&r), "a1");
    router_stop(&r);
}

/* The pieces that passed count: the repetition makes the ClientHello whole. */
static void time_runs_out(void)
{
    struct router r = router_with(BLOCK_ADS);
    struct client c = client_of("blocked.test", 1, 2400);
    client_sends(&r, &c, 0, 1200);
    CU_ASSERT_EQUAL(engine_deadline(r.worker).ns, r.now.ns + 10 * QW_NS_PER_MS);
    later(&r, 9);
    CU_ASSERT_STRING_EQUAL(released(&r), "");
    later(&r, 1);
    CU_ASSERT_STRING_EQUAL(released(&r), "a1");
    CU_ASSERT_EQUAL(stats(&r).counters.hold_limits, 1);
    CU_ASSERT_EQUAL(engine_deadline(r.worker).ns, UINT64_MAX);
    CU_ASSERT_EQUAL(only_flow(&r).hello.state, ENGINE_HELLO_PARTIAL);
    later(&r, 2900);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 0, 1200), ENGINE_HOLD);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 1200, 2400), ENGINE_DROP);
    CU_ASSERT_STRING_EQUAL(released(&r), "d2");
    CU_ASSERT_EQUAL(only_flow(&r).hello.state, ENGINE_HELLO_READ);
    router_stop(&r);
}

static void time_runs_out_for_a_default_that_drops(void)
{
    struct router r = router_with("default_out = \"drop\";"
                                  "rules = ({ name = \"ok\"; sni = \"ok.test\"; action = \"accept\"; });");
    struct client c = client_of("ok.test", 1, 2400);
    client_sends(&r, &c, 0, 1200);
    later(&r, 99);
    CU_ASSERT_STRING_EQUAL(released(&r), "");
    later(&r, 1);
    CU_ASSERT_STRING_EQUAL(released(&r), "d1");
    CU_ASSERT_EQUAL(stats(&r).reasons[QW_REASON_HOLD_LIMIT], 1);
    CU_ASSERT_EQUAL(out(&r, LAN, WAN, "no quic", 7), false);
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_DEFAULT);
    later(&r, 1000);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 1200, 2400), ENGINE_ACCEPT); /* the lost half alone */
    CU_ASSERT_EQUAL(client_sends(&r, &c, 0, 1200), ENGINE_ACCEPT);
    CU_ASSERT_STRING_EQUAL(only_flow(&r).rule, "ok");
    router_stop(&r);
}

/* Pieces that come slowly make the wait longer, up to hold.time. */
static void the_wait_follows_the_pieces(void)
{
    struct router r = router_with(BLOCK_ADS "hold = { time = 50; };");
    struct client c = client_of("www.example.org", 1, 3000);
    struct qw_time start = r.now;
    client_sends(&r, &c, 0, 500);
    later(&r, 6);
    client_sends(&r, &c, 500, 1000);
    CU_ASSERT_EQUAL(engine_deadline(r.worker).ns, r.now.ns + 24 * QW_NS_PER_MS);
    later(&r, 20);
    client_sends(&r, &c, 1000, 1500);
    CU_ASSERT_EQUAL(engine_deadline(r.worker).ns, start.ns + 50 * QW_NS_PER_MS);
    later(&r, 24);
    CU_ASSERT_STRING_EQUAL(released(&r), "a1a2a3");
    router_stop(&r);
}

static void eight_datagrams_are_the_most(void)
{
    struct router r = router_with(BLOCK_ADS);
    struct client c = client_of("www.example.org", 1, 3000);
    for (size_t i = 0; i < 8; i++)
        CU_ASSERT_EQUAL(client_sends(&r, &c, 10 * i, 10 * i + 10), ENGINE_HOLD);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 80, 90), ENGINE_ACCEPT);
    CU_ASSERT_STRING_EQUAL(released(&r), "a1a2a3a4a5a6a7a8");
    CU_ASSERT_EQUAL(stats(&r).counters.hold_limits, 1);
    router_stop(&r);
}

/* Half ClientHellos beyond hold.total push out the oldest, and a real client among them still gets its place.
 */
static void the_total_is_bounded(void)
{
    struct router r = router_with("default_out = \"drop\"; hold = { total = 8; };"
                                  "rules = ({ name = \"ok\"; sni = \"ok.test\"; action = \"accept\"; });");
    char from[40];
    for (unsigned i = 0; i < 100; i++) {
        struct client c = client_of("www.example.org", (uint8_t)i, 2400);
        snprintf(from, sizeof from, "10.0.0.7:%u", 1000 + i % 50);
        c.from = from;
        CU_ASSERT_EQUAL(client_sends(&r, &c, 0, 1200), ENGINE_HOLD);
        CU_ASSERT_TRUE(engine_held(r.worker) <= 8);
    }
    CU_ASSERT_EQUAL(stats(&r).reasons[QW_REASON_HOLD_LIMIT], 92);
    later(&r, 200);
    CU_ASSERT_EQUAL(engine_held(r.worker), 0);
    CU_ASSERT_EQUAL(stats(&r).counters.dropped, 100);
    router_stop(&r);
}

/* Held packets wait in the kernel's queue, in which others must find places. */
static void half_of_the_queue_is_the_most(void)
{
    static const struct {
        const char *keys;
        size_t most;
    } QUEUES[] = {{"queue = { length = 8; }; hold = { total = 64; };", 4},
                  {"queue = { length = 7; }; hold = { total = 64; };", 3},
                  {"queue = { length = 1; }; hold = { total = 64; };", 1},
                  {"queue = { length = 100; }; hold = { total = 9; };", 9}};
    for (size_t q = 0; q < sizeof QUEUES / sizeof QUEUES[0]; q++) {
        char text[300], from[40];
        size_t most = 0;
        snprintf(text, sizeof text, "%s %s", QUEUES[q].keys, BLOCK_ADS);
        struct router r = router_with(text);
        for (unsigned i = 0; i < 12; i++) {
            struct client c = client_of("www.example.org", (uint8_t)i, 2400);
            snprintf(from, sizeof from, "10.0.0.7:%u", 1000 + i);
            c.from = from;
            client_sends(&r, &c, 0, 1200);
            most = engine_held(r.worker) > most ? engine_held(r.worker) : most;
        }
        CU_ASSERT_EQUAL(most, QUEUES[q].most);
        router_stop(&r);
    }
}

static void a_full_hold_list_serves_newcomers(void)
{
    struct router r = router_with("default_out = \"drop\"; hold = { total = 8; };"
                                  "rules = ({ name = \"ok\"; sni = \"ok.test\"; action = \"accept\"; });");
    char from[40];
    struct client real = client_of("ok.test", 200, 2400);
    for (unsigned i = 0; i < 20; i++) {
        struct client c = client_of("ok.test", (uint8_t)i, 2400);
        snprintf(from, sizeof from, "10.0.0.7:%u", 1000 + i);
        c.from = from;
        client_sends(&r, &c, 0, 1200);
    }
    CU_ASSERT_EQUAL(client_sends(&r, &real, 0, 1200), ENGINE_HOLD);
    CU_ASSERT_STRING_EQUAL(released(&r), "d13"); /* the oldest of the eight */
    CU_ASSERT_EQUAL(client_sends(&r, &real, 1200, 2400), ENGINE_ACCEPT);
    CU_ASSERT_STRING_EQUAL(released(&r), "a21");
    router_stop(&r);
}

static void without_such_a_rule_nothing_waits(void)
{
    struct router r = router_with("rules = ({ name = \"web\"; to_port = 443; action = \"accept\"; },"
                                  "{ name = \"ads\"; sni = \"blocked.test\"; action = \"drop\"; });");
    struct client c = client_of("blocked.test", 1, 2400);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 0, 1200), ENGINE_ACCEPT); /* the first rule decides without it */
    CU_ASSERT_EQUAL(client_sends(&r, &c, 1200, 2400), ENGINE_ACCEPT);
    struct engine_flow flow = only_flow(&r);
    CU_ASSERT_STRING_EQUAL(flow.rule, "web");
    CU_ASSERT_EQUAL(flow.hello.sni_len, 12);
    CU_ASSERT_EQUAL(memcmp(flow.hello.sni, "blocked.test", 12), 0);
    CU_ASSERT_EQUAL(memcmp(flow.hello.alpn, "\2h3", 3), 0);
    router_stop(&r);
}

static void a_forged_initial_blocks_nobody_else(void)
{
    struct router r = router_with(BLOCK_ADS);
    struct client forged = client_of("blocked.test", 1, 0), real = client_of("www.example.org", 2, 2400);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(client_sends_all(&r, &forged), ENGINE_DROP);
    CU_ASSERT_EQUAL(client_sends(&r, &real, 0, 1200), ENGINE_HOLD);
    CU_ASSERT_EQUAL(client_sends_all(&r, &forged), ENGINE_DROP);
    CU_ASSERT_EQUAL(client_sends(&r, &real, 1200, 2400), ENGINE_ACCEPT);
    CU_ASSERT_TRUE(in(&r, WAN, LAN, "answer", 6));
    CU_ASSERT_EQUAL(only_flow(&r).hello.sni_len, strlen("www.example.org"));
    CU_ASSERT_EQUAL(client_sends_all(&r, &forged), ENGINE_DROP); /* whatever else is admitted */
    CU_ASSERT_EQUAL(only_flow(&r).hello.sni_len, strlen("www.example.org"));
    router_stop(&r);
}

static void the_name_of_an_answered_flow_stays(void)
{
    struct router r = router_with("");
    struct client first = client_of("first.test", 1, 0), second = client_of("second.test", 2, 0),
                  third = client_of("third.test", 3, 0);
    client_sends_all(&r, &first);
    client_sends_all(&r, &first);
    CU_ASSERT_EQUAL(stats(&r).counters.hellos, 1);
    client_sends_all(&r, &second);
    CU_ASSERT_EQUAL(only_flow(&r).hello.sni[0], 's');
    in(&r, WAN, LAN, "answer", 6);
    client_sends_all(&r, &third);
    CU_ASSERT_EQUAL(only_flow(&r).hello.sni[0], 's');
    router_stop(&r);
}

static void memory_of_pieces_comes_back(void)
{
    struct router r = router_with(BLOCK_ADS "hello = { memory = 64; };");
    char from[40];
    for (unsigned i = 0; i < 500; i++) {
        struct client c = client_of("www.example.org", (uint8_t)i, 2400);
        snprintf(from, sizeof from, "10.0.0.7:%u", 1000 + i);
        c.from = from;
        CU_ASSERT_EQUAL(client_sends(&r, &c, 0, 1200), ENGINE_HOLD);
        later(&r, 200);
    }
    struct client c = client_of("blocked.test", 1, 2400);
    client_sends(&r, &c, 0, 1200);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 1200, 2400), ENGINE_DROP);
    CU_ASSERT_EQUAL(stats(&r).counters.hellos_unreadable, 0);
    router_stop(&r);
}

static void a_forged_piece_holds_nobody_up(void)
{
    struct router r = router_with(BLOCK_ADS);
    struct client forged = client_of("blocked.test", 1, 2400), real = client_of("www.example.org", 2, 0);
    CU_ASSERT_EQUAL(client_sends(&r, &forged, 0, 1200), ENGINE_HOLD);
    CU_ASSERT_EQUAL(client_sends_all(&r, &real), ENGINE_ACCEPT);
    CU_ASSERT_STRING_EQUAL(released(&r), ""); /* nor does it speak for the other */
    CU_ASSERT_TRUE(in(&r, WAN, LAN, "answer", 6));
    router_stop(&r);
}

static void what_cannot_be_read_gets_the_default(void)
{
    struct router r = router_with(BLOCK_ADS);
    struct client c = client_of("www.blocked.test", 1, 0);
    c.hello[0] = 2; /* no ClientHello */
    CU_ASSERT_EQUAL(client_sends_all(&r, &c), ENGINE_ACCEPT);
    CU_ASSERT_EQUAL(stats(&r).counters.hellos_unreadable, 1);
    struct client half = client_of("www.blocked.test", 2, 2400);
    half.hello[0] = 2;
    half.from = "10.0.0.5:5001";
    CU_ASSERT_EQUAL(client_sends(&r, &half, 0, 1200), ENGINE_ACCEPT); /* as its first bytes tell */
    uint8_t garbage[1200] = {0xc0, 0, 0, 0, 1, 8};
    for (size_t len = 0; len < sizeof garbage; len++) {
        char from[40];
        snprintf(from, sizeof from, "10.0.%zu.%zu:1000", 1 + len / 250, len % 250);
        CU_ASSERT_TRUE_FATAL(out(&r, from, WAN, garbage, len));
    }
    router_stop(&r);
}

static void a_rejected_client_is_told(void)
{
    struct router r =
        router_with("reject = { per_host = 2; };"
                    "rules = ({ name = \"ads\"; sni = \"blocked.test\"; action = \"reject\"; });");
    struct client c = client_of("blocked.test", 1, 2400);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 0, 1200), ENGINE_HOLD);
    CU_ASSERT_PTR_NULL(r.last.reply);
    CU_ASSERT_EQUAL(client_sends(&r, &c, 1200, 2400), ENGINE_DROP);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r.last.reply);
    CU_ASSERT_EQUAL(r.last.reply->bytes[0], 3);
    CU_ASSERT_EQUAL(r.last.reply->bytes[1], 13);
    CU_ASSERT_EQUAL(r.last.reply->to.bytes[15], 5); /* 10.0.0.5 */
    unsigned replies = 1;
    for (uint8_t i = 2; i < 50; i++) {
        struct client other = client_of("blocked.test", i, 0);
        CU_ASSERT_EQUAL(client_sends_all(&r, &other), ENGINE_DROP);
        replies += r.last.reply != NULL;
    }
    CU_ASSERT_EQUAL(replies, 2);
    CU_ASSERT_EQUAL(stats(&r).counters.replies_refused, 47);
    router_stop(&r);
}

static void held_packets_of_a_flow_that_ended(void)
{
    struct router r = router_with(BLOCK_ADS);
    struct client c = client_of("www.example.org", 1, 2400);
    char from[40];
    client_sends(&r, &c, 0, 1200);
    for (unsigned i = 0; i < 64; i++) { /* the table has 64 places */
        snprintf(from, sizeof from, "10.0.1.%u:1000", i);
        CU_ASSERT_TRUE(out(&r, from, WAN, "x", 1));
    }
    CU_ASSERT_EQUAL(engine_held(r.worker), 1);
    later(&r, 200);
    CU_ASSERT_STRING_EQUAL(released(&r), "d1");
    CU_ASSERT_EQUAL(stats(&r).reasons[QW_REASON_HOLD_LIMIT], 1);
    router_stop(&r);
}

static void another_workers_packets_follow(void)
{
    struct router a = router_with(BLOCK_ADS), b = a;
    struct client c = client_of("www.example.org", 1, 2400);
    b.worker = engine_worker_new(a.engine);
    CU_ASSERT_EQUAL(client_sends(&b, &c, 0, 1200), ENGINE_HOLD);
    CU_ASSERT_EQUAL(client_sends(&a, &c, 1200, 2400), ENGINE_ACCEPT);
    CU_ASSERT_STRING_EQUAL(released(&a), "");
    later(&b, 1);
    CU_ASSERT_STRING_EQUAL(released(&b), "a1");
    engine_worker_free(b.worker);
    router_stop(&a);
}

void suite_inspect(void)
{
    static const struct test TESTS[] = {
        {"F1 W5: a whole ClientHello is decided at once", whole_hellos_are_decided_at_once},
        {"F1 W4 F6: pieces wait, and leave in the order they came", pieces_wait_and_leave_in_order},
        {"F1: all pieces of a blocked attempt go, also when they come again",
         all_pieces_of_a_blocked_attempt_go},
        {"F1 W4: bytes that change refuse the attempt", bytes_never_change},
        {"F1 C5: 0-RTT that overtook its Initial waits for it", early_data_waits_with_its_initial},
        {"F1 W5: after the wait the default lets what waited go, and the repetition is decided",
         time_runs_out},
        {"F1: a default that drops drops what waited, and the repetition is decided",
         time_runs_out_for_a_default_that_drops},
        {"F1: the wait follows the pieces, up to hold.time", the_wait_follows_the_pieces},
        {"F1: eight datagrams wait at most", eight_datagrams_are_the_most},
        {"F1 S3: what waits in all is bounded", the_total_is_bounded},
        {"F1 S3: no more is held than half of the kernel's queue", half_of_the_queue_is_the_most},
        {"F1 S3: a full list serves newcomers", a_full_hold_list_serves_newcomers},
        {"F1: nothing waits when no rule needs it, and reports still show the name",
         without_such_a_rule_nothing_waits},
        {"F5: a forged Initial with a blocked name blocks nobody else", a_forged_initial_blocks_nobody_else},
        {"W5: the name of an answered flow stays", the_name_of_an_answered_flow_stays},
        {"W4 S3: the memory of pieces comes back", memory_of_pieces_comes_back},
        {"F5: a forged piece holds nobody up", a_forged_piece_holds_nobody_up},
        {"W5 F5: what cannot be read gets the default", what_cannot_be_read_gets_the_default},
        {"F2 M3: a rejected client is told, within limits", a_rejected_client_is_told},
        {"F1 T4: held packets of a flow that ended are dropped", held_packets_of_a_flow_that_ended},
        {"F1 F6: packets that wait in another worker follow", another_workers_packets_follow},
    };
    TEST_SUITE("inspection", TESTS);
}
