/* C3: a Retry ties itself to the Initial that it answers. */
#include "common.h"

static const uint32_t V[] = {QUIC_VERSION_1, QUIC_VERSION_2};

static size_t make(uint8_t *out, size_t size, uint32_t version, const struct test_cid *original,
                   size_t token_len)
{
    static const uint8_t TOKEN[200] = {1, 2, 3};
    struct test_cid dcid = cid_of(5), scid = cid_of(18);
    return test_retry(out, size, version, &dcid, &scid, original, TOKEN, token_len);
}

static void verified(void)
{
    for (size_t v = 0; v < COUNT(V); v++)
        for (uint8_t cid_len = 0; cid_len <= QUIC_CID_MAX; cid_len++) {
            uint8_t data[300];
            struct test_cid original = cid_of(cid_len);
            struct quic_packet packet;
            size_t len = make(data, sizeof data, V[v], &original, 10u * cid_len);
            CU_ASSERT_EQUAL(next_of(data, len, &packet), QW_OK);
            CU_ASSERT_EQUAL(packet.token.len, 10u * cid_len);
            CU_ASSERT_EQUAL(quic_retry_verify(crypto(), &packet, cid_bytes(&original)), QW_OK);
        }
}

static void other_dcid(void)
{
    uint8_t data[300];
    struct test_cid original = cid_of(8), other = original, longest = cid_of(255);
    struct quic_packet packet;
    CU_ASSERT_EQUAL(next_of(data, make(data, sizeof data, QUIC_VERSION_1, &original, 20), &packet), QW_OK);
    other.bytes[0] ^= 1;
    CU_ASSERT_EQUAL(quic_retry_verify(crypto(), &packet, cid_bytes(&other)), QW_ERR_AUTH);
    CU_ASSERT_EQUAL(quic_retry_verify(crypto(), &packet, bytes(original.bytes, 7)), QW_ERR_AUTH);
    CU_ASSERT_EQUAL(quic_retry_verify(crypto(), &packet, bytes(NULL, 0)), QW_ERR_AUTH);
    CU_ASSERT_EQUAL(quic_retry_verify(crypto(), &packet, cid_bytes(&longest)), QW_ERR_AUTH);
    CU_ASSERT_EQUAL(quic_retry_verify(crypto(), &packet, cid_bytes(&original)), QW_OK);
}

/* The tag is right, but no Initial of v1 or v2 had such a DCID. */
static void long_dcid(void)
{
    uint8_t data[300];
    struct test_cid original = cid_of(QUIC_CID_MAX + 1);
    struct quic_packet packet;
    CU_ASSERT_EQUAL(next_of(data, make(data, sizeof data, QUIC_VERSION_1, &original, 20), &packet), QW_OK);
    CU_ASSERT_EQUAL(quic_retry_verify(crypto(), &packet, cid_bytes(&original)), QW_ERR_AUTH);
}

static void every_bit(void)
{
    uint8_t data[300];
    struct test_cid original = cid_of(8);
    size_t len = make(data, sizeof data, QUIC_VERSION_2, &original, 20);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        struct quic_packet packet;
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CU_ASSERT(next_of(data, len, &packet) != QW_OK ||
                  quic_retry_verify(crypto(), &packet, cid_bytes(&original)) != QW_OK);
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void cut(void)
{
    uint8_t data[300];
    struct test_cid original = cid_of(8);
    size_t len = make(data, sizeof data, QUIC_VERSION_1, &original, 20);
    for (size_t cut_len = 1; cut_len < len; cut_len++) {
        struct quic_packet packet;
        bool whole = cut_len >= len - 20; /* a token may have any length */
        CU_ASSERT_EQUAL(next_of(data, cut_len, &packet), whole ? QW_OK : QW_ERR_TRUNCATED);
        CU_ASSERT(!whole || quic_retry_verify(crypto(), &packet, cid_bytes(&original)) == QW_ERR_AUTH);
    }
}

static void no_retry(void)
{
    uint8_t data[300];
    struct test_cid original = cid_of(8);
    struct quic_packet packet;
    CU_ASSERT_EQUAL(next_of(data, make(data, sizeof data, QUIC_VERSION_1, &original, 20), &packet), QW_OK);
    packet.packet.len = 15;
    CU_ASSERT_EQUAL(quic_retry_verify(crypto(), &packet, cid_bytes(&original)), QW_ERR_TRUNCATED);
    packet.type = QUIC_HANDSHAKE;
    CU_ASSERT_EQUAL(quic_retry_verify(crypto(), &packet, cid_bytes(&original)), QW_ERR_UNSUPPORTED);
}

static const struct test TESTS[] = {
    {"C3: a Retry verifies against the DCID that it answers", verified},
    {"C3, C8: and against no other", other_dcid},
    {"C3, C8: nor against a DCID over 20 bytes", long_dcid},
    {"C3, C8: no changed bit goes unnoticed", every_bit},
    {"C3: cut Retry packets", cut},
    {"C3: only Retry packets are verified", no_retry},
};

void retry_suite(void)
{
    TEST_SUITE("quic: Retry", TESTS);
}
