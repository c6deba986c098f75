/* W3: opening Initials, beyond the RFCs' examples. */
#include "common.h"

static const uint32_t V[] = {QUIC_VERSION_1, QUIC_VERSION_2};

/* Seals `initial`, opens it after `largest`, and wants its packet number and frames back. */
static void expect_round_trip(const struct test_initial *initial, int64_t largest)
{
    uint8_t data[2000], buffer[2000];
    struct quic_packet packet;
    struct quic_opened opened = {0};
    size_t len = test_seal_initial(initial, data, sizeof data);
    bool good = next_of(data, len, &packet) == QW_OK && packet.packet.len == len &&
                open_with(initial, &packet, largest, buffer, &opened) == QW_OK &&
                opened.packet_number == initial->packet_number && opened.frames.len >= initial->frames_len &&
                memcmp(opened.frames.data, initial->frames, initial->frames_len) == 0;
    CU_ASSERT(good);
    for (size_t i = initial->frames_len; good && i < opened.frames.len; i++)
        good = opened.frames.data[i] == 0;
    CU_ASSERT(good);
}

static void shapes(void)
{
    static const size_t TOKENS[] = {0, 1, 63, 64, 300};
    uint8_t token[300];
    memset(token, 0xa5, sizeof token);
    for (size_t v = 0; v < COUNT(V); v++)
        for (uint8_t cid_len = 0; cid_len <= QUIC_CID_MAX; cid_len++)
            for (unsigned pn_len = 1; pn_len <= 4; pn_len++) {
                struct test_initial initial = plain_initial(V[v]);
                initial.from_server = cid_len & 1;
                initial.key_dcid = initial.dcid = cid_of(cid_len);
                initial.scid = cid_of((uint8_t)(QUIC_CID_MAX - cid_len));
                initial.packet_number = pn_len;
                initial.pn_len = pn_len;
                initial.token = token;
                initial.token_len = TOKENS[(cid_len + pn_len) % COUNT(TOKENS)];
                initial.pad_to = pn_len & 1 ? 0 : 1200;
                expect_round_trip(&initial, -1);
            }
}

/* The keys stay those of the client's first DCID when the client has switched to the server's CID. */
static void later_dcid(void)
{
    struct test_initial initial = plain_initial(QUIC_VERSION_1);
    initial.dcid = cid_hex(VECTOR_SCID);
    initial.packet_number = 1;
    expect_round_trip(&initial, 0);
}

/* The nonce holds the whole packet number: only the right one opens. */
static void packet_numbers(void)
{
    static const struct {
        int64_t largest;
        uint64_t number;
        unsigned len;
    } CASES[] = {
        {0xa82f30ea, 0xa82f9b32, 2}, /* RFC 9000 A.3 */
        {0xabe8b3, 0xac5c02, 2},     /* RFC 9000 A.2 */
        {0xabe8b3, 0xace8fe, 3},     /* likewise */
        {-1, 0, 1},
        {-1, 128, 1}, /* the far end of the window: expected + half of it */
        {-1, 255, 1}, /* beyond it, but there is nothing before 0 */
        {127, 256, 1},
        {127, 1, 1},         /* the near end: expected - half of it + 1 */
        {128, 1 + 256, 1},   /* one more, and 1 is read as 257 */
        {255, 200, 1},       /* late, across the window's border */
        {255, 256 + 128, 1}, /* early, the far end again */
        {0xffff, 0x10000, 2},
        {0xffff, 0xfffe, 2},
        {0xfffffffe, 0xffffffff, 4},
        {0xffffffff, 0x100000000, 4},
        {0x100000000, 0xffffffff, 4},
        {0x123456789a, 0x123456789b, 3},
        {((int64_t)1 << 62) - 2, ((uint64_t)1 << 62) - 1, 1}, /* the last number there is */
        {((int64_t)1 << 62) - 2, ((uint64_t)1 << 62) - 1, 4},
        {((int64_t)1 << 62) - 2, ((uint64_t)1 << 62) - 255, 1}, /* no window goes on from there */
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct test_initial initial = plain_initial(QUIC_VERSION_2);
        initial.packet_number = CASES[i].number;
        initial.pn_len = CASES[i].len;
        expect_round_trip(&initial, CASES[i].largest);
    }
}

static void wrong_keys(void)
{
    uint8_t data[1200], buffer[1200];
    struct test_initial initial = plain_initial(QUIC_VERSION_1), wrong = initial;
    struct quic_packet packet;
    struct quic_opened opened;
    CU_ASSERT_EQUAL_FATAL(next_of(data, test_seal_initial(&initial, data, sizeof data), &packet), QW_OK);
    wrong.key_dcid.bytes[7] ^= 1;
    CU_ASSERT_EQUAL(open_with(&wrong, &packet, -1, buffer, &opened), QW_ERR_AUTH);
    wrong = initial;
    wrong.key_dcid.len = 7;
    CU_ASSERT_EQUAL(open_with(&wrong, &packet, -1, buffer, &opened), QW_ERR_AUTH);
    wrong = initial;
    wrong.from_server = true;
    CU_ASSERT_EQUAL(open_with(&wrong, &packet, -1, buffer, &opened), QW_ERR_AUTH);
    wrong = initial;
    wrong.version = QUIC_VERSION_2;
    CU_ASSERT_EQUAL(open_with(&wrong, &packet, -1, buffer, &opened), QW_ERR_AUTH);
    CU_ASSERT_EQUAL(open_with(&initial, &packet, 1000, buffer, &opened), QW_ERR_AUTH); /* another number */
    CU_ASSERT_EQUAL(open_with(&initial, &packet, -1, buffer, &opened), QW_OK);
}

static void every_bit(void)
{
    uint8_t data[1200], buffer[1200];
    struct test_initial initial = plain_initial(QUIC_VERSION_1);
    struct quic_initial_keys keys = keys_of(&initial);
    size_t len = test_seal_initial(&initial, data, sizeof data), opened_anyway = 0;
    for (size_t bit = 0; bit < 8 * len; bit++) {
        struct quic_packet packet;
        struct quic_opened opened;
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        opened_anyway +=
            next_of(data, len, &packet) == QW_OK &&
            quic_initial_open(crypto(), &keys, &packet, -1, buffer, sizeof buffer, &opened) == QW_OK;
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CU_ASSERT_EQUAL(opened_anyway, 0);
}

/* The shortest Initial that can be sampled: a packet number and frames of 4 bytes together, and a tag. */
static void shortest(void)
{
    uint8_t data[100], buffer[100];
    for (unsigned pn_len = 1; pn_len <= 4; pn_len++) {
        struct test_initial initial = plain_initial(QUIC_VERSION_1);
        struct quic_packet packet;
        struct quic_opened opened;
        initial.pad_to = 0;
        initial.pn_len = pn_len;
        initial.frames_len = pn_len < 4;
        CU_ASSERT_EQUAL(next_of(data, test_seal_initial(&initial, data, sizeof data), &packet), QW_OK);
        CU_ASSERT_EQUAL(packet.packet.len - packet.pn_offset, 20);
        CU_ASSERT_EQUAL(open_with(&initial, &packet, -1, buffer, &opened), QW_OK);
        CU_ASSERT_EQUAL(opened.frames.len, 4 - pn_len);
        packet.packet.len--;
        CU_ASSERT_EQUAL(open_with(&initial, &packet, -1, buffer, &opened), QW_ERR_TRUNCATED);
        packet.packet.len = packet.pn_offset;
        CU_ASSERT_EQUAL(open_with(&initial, &packet, -1, buffer, &opened), QW_ERR_TRUNCATED);
    }
}

static void small_buffer(void)
{
    uint8_t data[1200], buffer[1200];
    struct test_initial initial = plain_initial(QUIC_VERSION_1);
    struct quic_initial_keys keys = keys_of(&initial);
    struct quic_packet packet;
    struct quic_opened opened;
    CU_ASSERT_EQUAL(next_of(data, test_seal_initial(&initial, data, sizeof data), &packet), QW_OK);
    size_t needed = packet.packet.len - packet.pn_offset - 1 - 16;
    buffer[needed - 1] = 0x77;
    CU_ASSERT_EQUAL(quic_initial_open(crypto(), &keys, &packet, -1, buffer, needed - 1, &opened),
                    QW_ERR_FULL);
    CU_ASSERT_EQUAL(buffer[needed - 1], 0x77);
    CU_ASSERT_EQUAL(quic_initial_open(crypto(), &keys, &packet, -1, buffer, needed, &opened), QW_OK);
    CU_ASSERT_EQUAL(opened.frames.len, needed);
}

static void no_initial(void)
{
    uint8_t data[1200], buffer[1200];
    struct test_initial initial = plain_initial(QUIC_VERSION_1);
    struct quic_packet packet;
    struct quic_opened opened;
    CU_ASSERT_EQUAL(next_of(data, test_seal_initial(&initial, data, sizeof data), &packet), QW_OK);
    for (unsigned type = QUIC_SHORT; type <= QUIC_OTHER_VERSION; type++) {
        packet.type = type;
        CU_ASSERT_EQUAL(open_with(&initial, &packet, -1, buffer, &opened),
                        type == QUIC_INITIAL ? QW_OK : QW_ERR_UNSUPPORTED);
    }
}

static void refused_keys(void)
{
    struct quic_initial_keys keys;
    struct test_cid dcid = cid_of(21);
    CU_ASSERT_EQUAL(quic_initial_keys(crypto(), QUIC_VERSION_1, cid_bytes(&dcid), QUIC_CLIENT, &keys),
                    QW_ERR_INVALID);
    dcid.len = 20;
    CU_ASSERT_EQUAL(quic_initial_keys(crypto(), QUIC_VERSION_1, cid_bytes(&dcid), QUIC_CLIENT, &keys), QW_OK);
    CU_ASSERT_EQUAL(quic_initial_keys(crypto(), 0xff00001d, cid_bytes(&dcid), QUIC_CLIENT, &keys),
                    QW_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(quic_initial_keys(crypto(), QUIC_VERSION_1, bytes(NULL, 0), QUIC_CLIENT, &keys), QW_OK);
}

static const struct test TESTS[] = {
    {"W3: CIDs of 0..20 bytes, tokens, packet number lengths, both senders", shapes},
    {"W3: the keys outlive a change of DCID", later_dcid},
    {"W3: packet numbers are decoded as in RFC 9000 A.3", packet_numbers},
    {"W3, C8: other keys don't open", wrong_keys},
    {"W3, C8: no changed bit goes unnoticed", every_bit},
    {"W3: the shortest Initial, and shorter", shortest},
    {"W3: a buffer that is too small stays as it was", small_buffer},
    {"W3: only Initials are opened", no_initial},
    {"W3: unknown versions and DCIDs over 20 bytes have no keys", refused_keys},
};

void initial_suite(void)
{
    TEST_SUITE("quic: Initials", TESTS);
}
