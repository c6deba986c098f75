/* W2: the long headers of v1 and v2, and where one packet ends and the next begins. */
#include "common.h"

static const uint32_t V[] = {QUIC_VERSION_1, QUIC_VERSION_2};

static void types(void)
{
    static const enum quic_type EXPECTED[][4] = {
        {QUIC_INITIAL, QUIC_ZERO_RTT, QUIC_HANDSHAKE, QUIC_RETRY},  /* RFC 9000 17.2 */
        {QUIC_RETRY, QUIC_INITIAL, QUIC_ZERO_RTT, QUIC_HANDSHAKE}}; /* RFC 9369 3.2 */
    struct test_cid dcid = cid_of(8), scid = cid_of(3);
    for (size_t v = 0; v < COUNT(V); v++)
        for (unsigned bits = 0; bits < 4; bits++) {
            uint8_t data[200];
            struct quic_packet packet;
            size_t len = test_long_header(data, sizeof data, V[v], bits, &dcid, &scid, 100);
            enum qw_error error = next_of(data, len, &packet);
            CU_ASSERT_EQUAL(packet.type, EXPECTED[v][bits]);
            CU_ASSERT(error == QW_OK || packet.type == QUIC_INITIAL); /* its token length is missing here */
        }
}

static void initial_fields(void)
{
    uint8_t data[1200], token[70];
    memset(token, 0x55, sizeof token);
    struct test_initial initial = plain_initial(QUIC_VERSION_1);
    initial.scid = cid_of(20);
    initial.token = token;
    initial.token_len = sizeof token;
    size_t len = test_seal_initial(&initial, data, sizeof data);
    struct quic_packet packet;
    CU_ASSERT_EQUAL(next_of(data, len, &packet), QW_OK);
    CU_ASSERT(same(packet.dcid, cid_bytes(&initial.dcid)));
    CU_ASSERT(same(packet.scid, cid_bytes(&initial.scid)));
    CU_ASSERT(same(packet.token, bytes(token, sizeof token)));
    CU_ASSERT_EQUAL(packet.pn_offset, 1 + 4 + 1 + 8 + 1 + 20 + 2 + 70 + 2);
    CU_ASSERT(same(packet.packet, bytes(data, len)));
}

/* An Initial, a 0-RTT and a Handshake packet of v1 in one datagram; `ends` takes the end of each. */
static size_t coalesced(uint8_t *out, size_t size, size_t ends[3])
{
    struct test_initial initial = plain_initial(QUIC_VERSION_1);
    initial.pad_to = 0;
    struct test_cid scid = cid_of(4);
    ends[0] = test_seal_initial(&initial, out, size);
    ends[1] = ends[0] +
              test_long_header(out + ends[0], size - ends[0], QUIC_VERSION_1, 1, &initial.dcid, &scid, 50);
    ends[2] = ends[1] +
              test_long_header(out + ends[1], size - ends[1], QUIC_VERSION_1, 2, &initial.dcid, &scid, 60);
    return ends[2];
}

/* Reads the three packets, and gives what quic_next says of the rest. */
static enum qw_error after_coalesced(struct qw_reader *r, const uint8_t *data, const size_t ends[3],
                                     struct quic_packet *rest)
{
    static const enum quic_type EXPECTED[] = {QUIC_INITIAL, QUIC_ZERO_RTT, QUIC_HANDSHAKE};
    size_t start = 0;
    for (size_t i = 0; i < 3; start = ends[i++]) {
        struct quic_packet packet;
        CU_ASSERT_EQUAL(quic_next(r, &packet), QW_OK);
        CU_ASSERT_EQUAL(packet.type, EXPECTED[i]);
        CU_ASSERT(same(packet.packet, bytes(data + start, ends[i] - start)));
        CU_ASSERT_EQUAL(packet.packet.data, data + start);
    }
    return quic_next(r, rest);
}

static void coalescing(void)
{
    uint8_t data[500];
    size_t ends[3], len = coalesced(data, sizeof data, ends);
    struct quic_packet rest;
    struct qw_reader r = qw_reader(data, len);
    CU_ASSERT_EQUAL(after_coalesced(&r, data, ends, &rest), QW_ERR_NOT_FOUND);
    memcpy(data + len, "\x40 one-RTT packet", 16);
    r = qw_reader(data, len + 16);
    CU_ASSERT_EQUAL(after_coalesced(&r, data, ends, &rest), QW_OK);
    CU_ASSERT_EQUAL(rest.type, QUIC_SHORT);
    CU_ASSERT_EQUAL(rest.packet.len, 16);
    CU_ASSERT_EQUAL(qw_left(&r), 0);
}

static void trailing(void)
{
    static const struct {
        const char *garbage;
        enum qw_error error;
    } CASES[] = {
        {"ff", QW_ERR_TRUNCATED},
        {"c000000001", QW_ERR_TRUNCATED},
        {"c00000000109 0102", QW_ERR_TRUNCATED},
        {"c000000001 15 000102030405060708090a0b0c0d0e0f1011121314 00 00 00", QW_ERR_MALFORMED},
        {"e000000001 00 00 4400 00", QW_ERR_TRUNCATED},
        {"f000000001 00 00 0102030405060708090a0b0c0d0e0f", QW_ERR_TRUNCATED},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        uint8_t data[500];
        size_t ends[3], len = coalesced(data, sizeof data, ends);
        size_t garbage = test_hex(CASES[i].garbage, data + len, sizeof data - len);
        struct quic_packet rest;
        struct qw_reader r = qw_reader(data, len + garbage);
        CU_ASSERT_EQUAL(after_coalesced(&r, data, ends, &rest), CASES[i].error);
        CU_ASSERT_EQUAL(qw_left(&r), garbage);
    }
}

static void lengths(void)
{
    static const struct {
        const char *hex;
        enum qw_error error;
        size_t pn_offset;
    } CASES[] = {
        {"c000000001 00 00 00 04 01020304", QW_OK, 9},
        {"c000000001 00 00 00 00", QW_OK, 9},                            /* nothing to open, but a packet */
        {"c000000001 00 00 00 c000000000000004 01020304", QW_OK, 16},    /* the longest encoding of 4 */
        {"c000000001 00 00 c000000000000001 aa 04 01020304", QW_OK, 17}, /* of the token's length too */
        {"c000000001 00 00 00 05 01020304", QW_ERR_TRUNCATED, 0},        /* one byte too many */
        {"c000000001 00 00 00 ffffffffffffffff 01020304", QW_ERR_TRUNCATED, 0},
        {"c000000001 00 00 00 c000000100000004 01020304", QW_ERR_TRUNCATED, 0}, /* 2^32 more */
        {"c000000001 00 00 06 04 01020304", QW_ERR_TRUNCATED, 0},               /* the token takes all */
        {"c000000001 00 00 05 04 01020304", QW_ERR_TRUNCATED, 0},               /* and leaves no Length */
        {"c000000001 00 00 ffffffffffffffff 04 01020304", QW_ERR_TRUNCATED, 0},
        {"c000000001 00 00 40", QW_ERR_TRUNCATED, 0},    /* half a token length */
        {"c000000001 00 00 00 80", QW_ERR_TRUNCATED, 0}, /* a quarter of Length */
        {"e000000001 00 00 04 01020304", QW_OK, 8},      /* a Handshake has no token */
        {"e000000001 00 00 05 01020304", QW_ERR_TRUNCATED, 0},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        uint8_t data[64];
        size_t len = test_hex(CASES[i].hex, data, sizeof data);
        struct quic_packet packet;
        enum qw_error error = next_of(data, len, &packet);
        CU_ASSERT_EQUAL(error, CASES[i].error);
        CU_ASSERT(error != QW_OK || (packet.packet.len == len && packet.pn_offset == CASES[i].pn_offset));
    }
}

static void known_cid_lengths(void)
{
    for (unsigned len = 0; len <= 255; len++)
        for (size_t v = 0; v < COUNT(V); v++) {
            uint8_t data[600];
            struct test_cid longer = cid_of((uint8_t)len), other = cid_of(20);
            enum qw_error expected = len <= QUIC_CID_MAX ? QW_OK : QW_ERR_MALFORMED;
            struct quic_packet packet;
            size_t size = test_long_header(data, sizeof data, V[v], 2, &longer, &other, 30);
            CU_ASSERT_EQUAL(next_of(data, size, &packet), expected);
            size = test_long_header(data, sizeof data, V[v], 2, &other, &longer, 30);
            CU_ASSERT_EQUAL(next_of(data, size, &packet), expected);
        }
}

static void empty(void)
{
    struct quic_packet packet;
    struct qw_reader r = qw_reader(NULL, 0);
    CU_ASSERT_EQUAL(quic_next(&r, &packet), QW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(quic_next(&r, &packet), QW_ERR_NOT_FOUND);
}

static const struct test TESTS[] = {
    {"W2: the packet types of v1 and of v2", types},
    {"W2: the fields of an Initial", initial_fields},
    {"W2: coalesced packets, a short header last", coalescing},
    {"W2: garbage behind the last packet takes nothing from those before", trailing},
    {"W2: Length and token length that lie", lengths},
    {"W2: v1 and v2 have no CID over 20 bytes", known_cid_lengths},
    {"W2: an empty datagram", empty},
};

void header_suite(void)
{
    TEST_SUITE("quic: headers", TESTS);
}
