/* One real ClientHello in all the ways it may come: the same name, and the same fate, each time. */
#include "client.h"
#include "hellos.h"
#include "hex.h"
#include "packets.h"
#include "random.h"
#include "suite.h"
#include <quicward/quic.h>
#include <string.h>

#define ADS "rules = ({ name = \"ads\"; sni = \"server.test\"; action = \"drop\"; });"
#define OTHERS "rules = ({ name = \"ads\"; sni = \"other.test\"; action = \"drop\"; });"

enum { PIECES_MAX = 8 };

/* Chromium's. */
static struct client chromium(void)
{
    struct client c = {.from = LAN, .to = WAN, .side = ENGINE_INSIDE, .fill = 0x31};
    c.hello_len = test_hex(HELLOS[HELLO_CHROMIUM].hex, c.hello, sizeof c.hello);
    return c;
}

/* The message cut in `count` pieces, which the table of cuts makes unequal. */
struct split {
    unsigned count;
    size_t cut[PIECES_MAX + 1];
};

static struct split split_of(const struct client *c, unsigned count, unsigned variant)
{
    struct split split = {.count = count};
    for (unsigned i = 1; i < count; i++)
        split.cut[i] = c->hello_len * i / count + (variant * (i * 7 + 3)) % (c->hello_len / count / 2);
    split.cut[count] = c->hello_len;
    return split;
}

/* Sends all pieces in `order`; true when all but the last waited and the last one settled the attempt as
 * `expected`. */
static bool comes_out(const char *rules, const struct split *split, const unsigned *order,
                      enum engine_action expected)
{
    struct router r = router_with(rules);
    struct client c = chromium();
    bool right = true;
    for (unsigned i = 0; i < split->count; i++) {
        enum engine_action action = client_sends(&r, &c, split->cut[order[i]], split->cut[order[i] + 1]);
        right &= action == (i + 1 < split->count ? ENGINE_HOLD : expected);
    }
    const struct engine_release *released_list;
    size_t count = engine_released(r.worker, &released_list);
    right &= count == split->count - 1;
    for (size_t i = 0; i < count; i++)
        right &= released_list[i].action == expected && released_list[i].token == i + 1;
    struct engine_flow flow = only_flow(&r);
    right &= flow.hello.sni_len == 11 && memcmp(flow.hello.sni, "server.test", 11) == 0 && flow.hello.ech;
    router_stop(&r);
    return right;
}

static void both_fates(const struct split *split, const unsigned *order)
{
    CU_ASSERT_TRUE(comes_out(ADS, split, order, ENGINE_DROP));
    CU_ASSERT_TRUE(comes_out(OTHERS, split, order, ENGINE_ACCEPT));
}

static void all_orders(const struct split *split, unsigned *order, unsigned at)
{
    if (at == split->count)
        both_fates(split, order);
    for (unsigned i = at; i < split->count; i++) {
        unsigned first = order[at];
        order[at] = order[i];
        order[i] = first;
        all_orders(split, order, at + 1);
        order[i] = order[at];
        order[at] = first;
    }
}

static void every_split_in_every_order(void)
{
    struct client c = chromium();
    for (unsigned count = 2; count <= 4; count++)
        for (unsigned variant = 0; variant < 5; variant++) {
            struct split split = split_of(&c, count, variant * 13);
            unsigned order[PIECES_MAX] = {0, 1, 2, 3};
            all_orders(&split, order, 0);
        }
}

static void up_to_eight_datagrams(void)
{
    static const unsigned ORDERS[][PIECES_MAX] = {{0, 1, 2, 3, 4, 5, 6, 7},
                                                  {7, 6, 5, 4, 3, 2, 1, 0},
                                                  {4, 0, 5, 1, 6, 2, 7, 3},
                                                  {3, 7, 1, 5, 0, 6, 2, 4}};
    struct client c = chromium();
    for (unsigned o = 0; o < 4; o++)
        for (unsigned variant = 0; variant < 10; variant++) {
            struct split split = split_of(&c, 8, variant * 11);
            both_fates(&split, ORDERS[o]);
        }
}

/* PING, ACK with ranges and ECN counts, PADDING, duplicates and overlaps around two halves, in one Initial
 * each. */
static void among_other_frames(void)
{
    static const uint8_t BETWEEN[] = {0x01, 0x00, 0x00, 0x02, 0x05, 0x00, 0x01, 0x02, 0x00, 0x00,
                                      0x03, 0x05, 0x00, 0x00, 0x02, 0x01, 0x01, 0x01, 0x00};
    for (size_t overlap = 0; overlap < 200; overlap += 37) {
        struct router r = router_with(ADS);
        struct client c = chromium();
        for (unsigned half = 0; half < 2; half++) {
            uint8_t frames[2500], payload[2700], packet[2800];
            size_t middle = c.hello_len / 2, len = sizeof BETWEEN;
            memcpy(frames, BETWEEN, len);
            size_t from = half ? middle - overlap : 0, to = half ? c.hello_len : middle;
            for (size_t at = from; at < to; at += 300) {
                size_t end = at + 300 + overlap < to ? at + 300 + overlap : to;
                len += test_crypto_frame(frames + len, sizeof frames - len, c.hello, at, end);
                memcpy(frames + len, BETWEEN, sizeof BETWEEN);
                len += sizeof BETWEEN;
            }
            struct test_initial initial = {
                .version = QUIC_VERSION_2, .pn_len = 4, .packet_number = 0x01000000 + half, .frames = frames};
            initial.frames_len = len;
            initial.pad_to = 1200;
            initial.key_dcid.len = initial.dcid.len = 20;
            len = test_seal_initial(&initial, payload, sizeof payload);
            memset(payload + len, 0xee, 9); /* trailing bytes are legal */
            raw(&r, ENGINE_INSIDE, packet, test_udp(packet, sizeof packet, LAN, WAN, payload, len + 9));
            CU_ASSERT_EQUAL(r.last.action, half ? ENGINE_DROP : ENGINE_HOLD);
        }
        CU_ASSERT_STRING_EQUAL(released(&r), "d1");
        router_stop(&r);
    }
}

/* A real Initial with bytes changed is no Initial: it is forwarded, whatever it was about. */
static void damaged_initials_are_forwarded(void)
{
    uint64_t random = 3;
    struct router r = router_with(ADS);
    struct client c = chromium();
    uint8_t frames[1200], payload[1400], packet[1500];
    struct test_initial initial = {.version = QUIC_VERSION_1, .pn_len = 2, .frames = frames, .pad_to = 1200};
    initial.key_dcid.len = initial.dcid.len = 8;
    initial.frames_len = test_crypto_frame(frames, sizeof frames, c.hello, 0, 1000);
    size_t len = test_seal_initial(&initial, payload, sizeof payload);
    for (unsigned i = 0; i < 20000; i++) {
        char from[40];
        uint8_t damaged[1400];
        memcpy(damaged, payload, len);
        damaged[30 + test_random(&random) % (len - 30)] ^= (uint8_t)(1u << test_random(&random) % 8);
        snprintf(from, sizeof from, "10.%u.%u.1:5000", i >> 8, i & 255);
        size_t size =
            test_udp(packet, sizeof packet, from, WAN, damaged, 50 + test_random(&random) % (len - 50));
        CU_ASSERT_TRUE_FATAL(raw(&r, ENGINE_INSIDE, packet, size));
    }
    CU_ASSERT_EQUAL(engine_held(r.worker), 0);
    router_stop(&r);
}

void suite_corpus(void)
{
    static const struct test TESTS[] = {
        {"W4 F1: a real ClientHello in two to four datagrams, in every order", every_split_in_every_order},
        {"W4 F1: in eight datagrams", up_to_eight_datagrams},
        {"W4 W2: overlapping, among PING, ACK and PADDING, high packet numbers, trailing bytes, v2",
         among_other_frames},
        {"F5 S7: damaged Initials of every length are forwarded", damaged_initials_are_forwarded},
    };
    TEST_SUITE("corpus", TESTS);
}
