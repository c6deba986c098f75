/* The rules for edges, packet by packet. Side 0 is the client. */
#include "suite.h"
#include "suites.h"
#include <quicward/measure.h>
#include <string.h>

#define CLIENT_US 20000u /* halves */
#define SERVER_US 80000u

struct history {
    struct measure measure;
    uint32_t now;
};

static struct history begin(uint32_t clock)
{
    struct history history = {.now = clock};
    measure_join(&history.measure, 0);
    return history;
}

/* Packets of `sender` with its bit as it is, each `every` us for `us`. */
static void fill(struct history *history, unsigned sender, bool bit, uint32_t us, uint32_t every)
{
    for (uint32_t at = 0; at + every < us; at += every) {
        measure_spin(&history->measure, sender, bit, history->now + at);
        measure_spin(&history->measure, !sender, sender == 0 ? bit : !bit, history->now + at + 1);
    }
}

/* A round trip of halves `client` and `server`; both send each millisecond. `bits` are so when it begins:
 * client 1, server 0. */
static void turn(struct history *history, uint32_t client, uint32_t server)
{
    for (int bit = 1; bit >= 0; bit--) {
        for (uint32_t at = 0; at < server; at += 1000) {
            measure_spin(&history->measure, 0, bit, history->now + at);
            measure_spin(&history->measure, 1, !bit, history->now + at);
        }
        history->now += server;
        for (uint32_t at = 0; at < client; at += 1000) {
            measure_spin(&history->measure, 1, bit, history->now + at);
            measure_spin(&history->measure, 0, bit, history->now + at);
        }
        history->now += client;
    }
}

static void turns(struct history *history, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        turn(history, CLIENT_US, SERVER_US);
}

static struct measure_report report(const struct history *history)
{
    struct measure_report out;
    measure_report(&history->measure, history->now, &out);
    return out;
}

static bool near(uint32_t value, uint32_t truth)
{
    return value >= truth - truth / 10 && value <= truth + truth / 10;
}

static void expect_high(const struct history *history)
{
    struct measure_report out = report(history);
    CU_ASSERT_EQUAL(out.spin.confidence, MEASURE_HIGH);
    CU_ASSERT(near(out.client.rtt_us, CLIENT_US));
    CU_ASSERT(near(out.server.rtt_us, SERVER_US));
    CU_ASSERT_EQUAL(out.spin.rtt_us, out.client.rtt_us + out.server.rtt_us);
    CU_ASSERT(out.spin.min_us <= out.spin.rtt_us);
    CU_ASSERT(out.spin.sampled && out.spin.age_ms <= 1049);
}

static void steady(void)
{
    struct history history = begin(5);
    turns(&history, 1);
    CU_ASSERT(report(&history).spin.confidence < MEASURE_MEDIUM);
    turns(&history, 2);
    CU_ASSERT_EQUAL(report(&history).spin.confidence, MEASURE_MEDIUM);
    turns(&history, 3);
    expect_high(&history);
}

static void wrap(void)
{
    struct history history = begin(UINT32_MAX - 300000);
    turns(&history, 6);
    expect_high(&history);
}

static void middle(void)
{
    for (unsigned bits = 0; bits < 4; bits++) {
        struct history history = begin(77);
        measure_spin(&history.measure, 0, bits & 1, 1);
        measure_spin(&history.measure, 1, bits & 2, 2);
        history.now = 50000;
        turns(&history, 8);
        expect_high(&history);
    }
}

/* A packet that comes late turns its direction back while it is the other's turn. */
static void reordered(void)
{
    struct history history = begin(5);
    for (int i = 0; i < 10; i++) {
        turns(&history, 1);
        measure_spin(&history.measure, 0, 1, history.now);       /* the client's next phase, */
        measure_spin(&history.measure, 0, 0, history.now + 100); /* and one packet of the last */
        measure_spin(&history.measure, 0, 1, history.now + 200);
    }
    expect_high(&history);
}

/* The application paused: the half that ends with its edge says nothing. */
static void silence(void)
{
    struct history history = begin(5);
    turns(&history, 6);
    uint32_t before = report(&history).spin.rtt_us;
    for (int i = 0; i < 10; i++) {
        history.now += 400000; /* nobody speaks, then the client with its next edge */
        turns(&history, 1);
    }
    struct measure_report out = report(&history);
    CU_ASSERT(near(out.spin.rtt_us, before));
    CU_ASSERT_EQUAL(out.spin.confidence, MEASURE_HIGH);
}

static void request_and_response(void)
{
    struct history history = begin(5);
    for (int i = 0; i < 100; i++) { /* a packet each way and two seconds of nothing */
        bool bit = i % 2 == 0;
        measure_spin(&history.measure, 0, bit, history.now);
        measure_spin(&history.measure, 1, bit, history.now + SERVER_US);
        history.now += 2000000;
    }
    CU_ASSERT_EQUAL(report(&history).spin.confidence, MEASURE_NONE);
}

static void pinned(bool client, bool server)
{
    struct history history = begin(5);
    for (int i = 0; i < 5000; i++) {
        measure_spin(&history.measure, 0, client, history.now);
        measure_spin(&history.measure, 1, server, history.now + 300);
        history.now += 1000;
    }
    CU_ASSERT_EQUAL(report(&history).spin.confidence, MEASURE_NONE);
    CU_ASSERT_EQUAL(report(&history).client.rtt_us, 0);
}

static void fixed(void)
{
    for (unsigned bits = 0; bits < 4; bits++)
        pinned(bits & 1, bits & 2);
}

/* A bit that stood still for longer than the clock's round, then moves. */
static void stale_edge(void)
{
    struct history history = begin(5);
    turns(&history, 1);
    uint32_t edge = history.measure.by[1].edge;
    for (uint32_t i = 0; i < 4400; i++) {
        history.now += 1000000;
        fill(&history, 0, history.measure.by[0].state & MEASURE_ONE, 3, 1);
    }
    CU_ASSERT(edge != 0);
    CU_ASSERT(history.measure.by[0].edge == 0 && history.measure.by[1].edge == 0);
}

static void jump_back(void)
{
    struct history history = begin(500000000);
    turns(&history, 6);
    history.now -= 3600000;
    turns(&history, 8);
    expect_high(&history);
}

static void jump_forth(void)
{
    struct history history = begin(5);
    turns(&history, 6);
    history.now += 3600000000u;
    turns(&history, 8);
    expect_high(&history);
}

static void round_trip_changes(void)
{
    static const double FACTORS[] = {0.5, 2};
    for (unsigned i = 0; i < 2; i++) {
        struct history history = begin(5);
        uint32_t client = (uint32_t)(CLIENT_US * FACTORS[i]), server = (uint32_t)(SERVER_US * FACTORS[i]);
        turns(&history, 20);
        for (int n = 0; n < 15; n++) /* 30 halves */
            turn(&history, client, server);
        struct measure_report out = report(&history);
        CU_ASSERT(near(out.client.rtt_us, client));
        CU_ASSERT(near(out.server.rtt_us, server));
    }
}

/* Rule: the handshake judges the result and never rejects an edge. */
static void slow_handshake(void)
{
    struct history history = begin(5);
    history.measure.handshake[0] |= 10 * CLIENT_US;
    history.measure.handshake[1] |= 10 * SERVER_US;
    turns(&history, 8);
    expect_high(&history);
}

static void far_above_the_handshake(void)
{
    struct history history = begin(5);
    history.measure.handshake[1] |= 1000;
    turns(&history, 8);
    CU_ASSERT_EQUAL(report(&history).server.confidence, MEASURE_NONE);
    CU_ASSERT_EQUAL(report(&history).spin.confidence, MEASURE_NONE);
    history.measure.handshake[1] |= MEASURE_MARKED; /* an upper bound judges nobody */
    expect_high(&history);
}

static void never_over_three_seconds(void)
{
    struct history history = begin(5);
    for (int i = 0; i < 20; i++)
        turn(&history, 3500000, 3500000);
    CU_ASSERT_EQUAL(report(&history).client.rtt_us, 0);
    CU_ASSERT_EQUAL(report(&history).spin.confidence, MEASURE_NONE);
}

/* RFC 9287: the QUIC bit may be clear. The rest of the byte is protected and says nothing. */
static void bits_around(void)
{
    static const uint8_t FIRST[] = {0x00, 0x40, 0x1f, 0x5f};
    for (unsigned i = 0; i < sizeof FIRST; i++) {
        struct history a = begin(5), b = begin(5);
        for (uint32_t n = 0; n < 2000; n++) {
            bool bit = n / 100 % 2;
            uint8_t byte = (uint8_t)(FIRST[i] | (bit ? 0x20 : 0));
            measure_spin(&a.measure, n & 1, bit, n * 500);
            measure_datagram(&b.measure, n & 1, (struct qw_bytes){&byte, 1}, false, n * 500);
        }
        CU_ASSERT(memcmp(&a.measure, &b.measure, sizeof a.measure) == 0);
    }
}

/* Twenty round trips of which only the edges are seen: both ends are silent before each. In `waits` of ten
 * the client has nothing to send for 30 ms. The handshake showed so much of each half. */
static enum measure_confidence bursts(unsigned waits, uint32_t client, uint32_t server)
{
    struct history history = begin(5);
    history.measure.handshake[0] |= client;
    history.measure.handshake[1] |= server;
    for (unsigned i = 0; i < 20; i++) {
        measure_spin(&history.measure, 0, i % 2, history.now);
        history.now += SERVER_US;
        measure_spin(&history.measure, 1, i % 2, history.now);
        history.now += CLIENT_US + (i % 10 >= 10 - waits ? 30000 : 0);
    }
    struct measure_report out = report(&history);
    CU_ASSERT(out.spin.confidence < MEASURE_MEDIUM || near(out.spin.rtt_us, CLIENT_US + SERVER_US));
    return out.spin.confidence;
}

static void minimum_and_handshake_agree(void)
{
    CU_ASSERT_EQUAL(bursts(0, CLIENT_US, SERVER_US), MEASURE_MEDIUM);
    CU_ASSERT_EQUAL(bursts(4, CLIENT_US + 2500, SERVER_US + 2500), MEASURE_MEDIUM);
    CU_ASSERT_EQUAL(bursts(5, CLIENT_US, SERVER_US), MEASURE_MEDIUM);
    CU_ASSERT(bursts(8, CLIENT_US, SERVER_US) < MEASURE_MEDIUM);  /* it waits mostly */
    CU_ASSERT(bursts(10, CLIENT_US, SERVER_US) < MEASURE_MEDIUM); /* a period of its own */
    CU_ASSERT(bursts(0, 0, SERVER_US) < MEASURE_MEDIUM);          /* no handshake */
    CU_ASSERT(bursts(0, 2 * CLIENT_US, SERVER_US) < MEASURE_MEDIUM);
    CU_ASSERT(bursts(0, CLIENT_US, SERVER_US / 2) < MEASURE_MEDIUM);
}

/* Both halves are well below what the handshake showed: senders that wait cannot do that, nor one slow end.
 */
static void shorter_than_the_handshake(void)
{
    CU_ASSERT_EQUAL(bursts(0, 2 * CLIENT_US, 2 * SERVER_US), MEASURE_MEDIUM);
    CU_ASSERT(bursts(3, 2 * CLIENT_US, 2 * SERVER_US) < MEASURE_MEDIUM); /* it needs nearly all halves */
    CU_ASSERT(bursts(0, CLIENT_US, 2 * SERVER_US) < MEASURE_MEDIUM);
    CU_ASSERT(bursts(0, 2 * CLIENT_US, SERVER_US) < MEASURE_MEDIUM);
    CU_ASSERT(bursts(0, 20 * CLIENT_US, 20 * SERVER_US) < MEASURE_MEDIUM); /* what could that be? */
}

/* Something was sent twice in the handshake: the half is that since the first time, or since the last. */
static void one_of_two_handshakes(void)
{
    const uint32_t first = 6 * SERVER_US | MEASURE_MARKED, steps = 10 * MEASURE_LATE_UNIT; /* 2^-2.5 */
    CU_ASSERT(bursts(0, CLIENT_US, first) < MEASURE_MEDIUM);
    CU_ASSERT_EQUAL(bursts(0, CLIENT_US, SERVER_US | MEASURE_MARKED | steps), MEASURE_MEDIUM);
    CU_ASSERT_EQUAL(bursts(0, CLIENT_US, first | steps), MEASURE_MEDIUM);
    CU_ASSERT(bursts(0, CLIENT_US, first | 3 * MEASURE_LATE_UNIT) < MEASURE_MEDIUM);
    CU_ASSERT(bursts(10, CLIENT_US, first | steps) < MEASURE_MEDIUM);
}

/* Only the edges are seen, `count` round trips. */
static void edges(struct history *history, unsigned count, uint32_t client, uint32_t server)
{
    for (unsigned i = 0; i < 2 * count; i++) {
        measure_spin(&history->measure, 0, ~i & 1, history->now);
        history->now += server;
        measure_spin(&history->measure, 1, ~i & 1, history->now);
        history->now += client;
    }
}

/* A client's first half was its server's start, or a lost packet's: what follows is not measured by it. */
static void first_half_too_long(void)
{
    struct history history = begin(5);
    history.measure.handshake[0] |= CLIENT_US;
    history.measure.handshake[1] |= SERVER_US;
    edges(&history, 1, 10 * CLIENT_US, 10 * SERVER_US);
    edges(&history, 10, CLIENT_US, SERVER_US);
    struct measure_report out = report(&history);
    CU_ASSERT_EQUAL(out.spin.confidence, MEASURE_MEDIUM);
    CU_ASSERT(near(out.spin.rtt_us, CLIENT_US + SERVER_US));
    CU_ASSERT_EQUAL(history.measure.by[1].noise, 0);
}

/* One stray packet is no reason to give the minimum up, several of them are. */
static void too_soon(void)
{
    for (unsigned packets = 1; packets <= 8; packets += 7) {
        struct history history = begin(5);
        edges(&history, 10, CLIENT_US, SERVER_US);
        measure_spin(&history.measure, 0, 1, history.now);
        for (unsigned i = 0; i < packets; i++)
            measure_spin(&history.measure, 1, 1, history.now + 1000 + i);
        CU_ASSERT_EQUAL(history.measure.by[1].min < SERVER_US / 2, packets == 8);
    }
}

/* When no half has been near the minimum for long, a figure of accepted halves is out of date. */
static void bursts_change(void)
{
    struct history history = begin(5);
    turns(&history, 10);
    expect_high(&history);
    edges(&history, 6, 3 * CLIENT_US, 3 * SERVER_US);
    CU_ASSERT_EQUAL(report(&history).spin.confidence, MEASURE_HIGH); /* a sender may wait so often */
    edges(&history, 6, 3 * CLIENT_US, 3 * SERVER_US);
    CU_ASSERT(report(&history).spin.confidence < MEASURE_MEDIUM);
    CU_ASSERT(near(history.measure.by[0].min, 3 * CLIENT_US));
    CU_ASSERT(near(history.measure.by[1].min, 3 * SERVER_US));
    edges(&history, 20, CLIENT_US, SERVER_US);
    CU_ASSERT(near(history.measure.by[0].min, CLIENT_US));
    CU_ASSERT(near(history.measure.by[1].min, SERVER_US));
}

/* Voice over a long way: silences of 20 ms are short for its halves, and it waits for its clock all the same.
 */
static void media_clock(void)
{
    struct history history = begin(5);
    for (unsigned i = 0; i < 4000; i++, history.now += 10000) {
        uint32_t phase = history.now / 400000; /* of 200 + 200 ms */
        bool server = (history.now - 200000) / 400000 % 2;
        measure_spin(&history.measure, 0, phase % 2, history.now);
        measure_spin(&history.measure, 1, server, history.now);
    }
    CU_ASSERT_EQUAL(report(&history).spin.confidence, MEASURE_MEDIUM);
}

/* A client near the router of a server far away: its half varies by much for itself, and by little for the
 * sum. */
static void short_half(void)
{
    struct history history = begin(5);
    for (unsigned i = 0; i < 20; i++)
        turn(&history, 5000 + i % 3 * 1000, 100000);
    struct measure_report out = report(&history);
    CU_ASSERT_EQUAL(out.spin.confidence, MEASURE_MEDIUM);
    CU_ASSERT(near(out.spin.rtt_us, 106000));
    CU_ASSERT_EQUAL(out.client.confidence, MEASURE_LOW); /* for itself */
    struct history waits = begin(5);
    edges(&waits, 20, 5000, 100000);
    CU_ASSERT(report(&waits).spin.confidence < MEASURE_MEDIUM); /* nothing confirms it */
}

/* Whatever comes, shown figures are possible ones. */
static void anything(void)
{
    uint64_t state = 3;
    struct history history = begin(9);
    for (int i = 0; i < 300000; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        uint32_t word = (uint32_t)(state >> 33);
        history.now += word % 7 == 0 ? word : word % 1000;
        measure_spin(&history.measure, word >> 20 & 1, word >> 21 & 1, history.now);
        struct measure_report out = report(&history);
        CU_ASSERT(out.client.rtt_us <= MEASURE_HALF_MAX && out.server.rtt_us <= MEASURE_HALF_MAX);
    }
}

void suite_spin(void)
{
    static const struct test TESTS[] = {
        {"O2: both halves and their sum, with rising confidence", steady},
        {"O2: the clock comes round", wrap},
        {"O2: met in the middle, in any of four states", middle},
        {"O2: a reordered packet is no edge", reordered},
        {"O2: silence does not stretch the figure", silence},
        {"O2: request and response alone give no figure", request_and_response},
        {"O2: bits that never move", fixed},
        {"O2: an edge is forgotten before the clock comes round", stale_edge},
        {"O2: the clock jumps back", jump_back},
        {"O2: the clock jumps forth", jump_forth},
        {"O2: the round trip halves and doubles", round_trip_changes},
        {"O2: a slow handshake rejects no edge", slow_handshake},
        {"O2: far above the handshake is no figure", far_above_the_handshake},
        {"O2: no round trip takes over three seconds", never_over_three_seconds},
        {"O2: the QUIC bit and protected bits do not count", bits_around},
        {"O2: bursts are told by a minimum that the handshake confirms, though the client waits often",
         minimum_and_handshake_agree},
        {"O2: a handshake of a longer way confirms too, if both halves are below it",
         shorter_than_the_handshake},
        {"O2: a handshake in which something was sent twice confirms too", one_of_two_handshakes},
        {"O2: a first half that is too long rejects no true edge", first_half_too_long},
        {"O2: one packet that comes too soon is a stray", too_soon},
        {"O2: bursts after the round trip has changed", bursts_change},
        {"O2: what a media clock may space is not high", media_clock},
        {"O2: a short half is judged by the whole round trip", short_half},
        {"O2: anything at all gives possible figures", anything},
    };
    TEST_SUITE("measure: spin bit", TESTS);
}
