/* RFC 9001 A.1 to A.4 and RFC 9369 A.1 to A.4, byte for byte, opened by the program and made by
 * tests/support/seal.c. */
#include "common.h"

static void expect_keys(const struct vector *v, enum quic_sender sender, const struct vector_keys *expected)
{
    struct test_cid dcid = cid_hex(VECTOR_DCID);
    struct quic_initial_keys keys, want;
    test_hex(expected->key, want.key, sizeof want.key);
    test_hex(expected->iv, want.iv, sizeof want.iv);
    test_hex(expected->hp, want.hp, sizeof want.hp);
    CU_ASSERT_EQUAL(quic_initial_keys(crypto(), v->version, cid_bytes(&dcid), sender, &keys), QW_OK);
    CU_ASSERT_EQUAL(memcmp(&keys, &want, sizeof keys), 0);
}

static void keys(void)
{
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        expect_keys(&VECTORS[i], QUIC_CLIENT, &VECTORS[i].client_keys);
        expect_keys(&VECTORS[i], QUIC_SERVER, &VECTORS[i].server_keys);
    }
}

/* Opens the packet in `hex`, and compares what it says with `frames` and its packet number with `pn`. */
static void expect_opened(const char *hex, const struct test_initial *initial, struct qw_bytes frames)
{
    uint8_t data[1500], before[1500], buffer[1500];
    size_t len = test_hex(hex, data, sizeof data);
    memcpy(before, data, len);
    struct quic_packet packet;
    struct quic_opened opened;
    CU_ASSERT_EQUAL_FATAL(next_of(data, len, &packet), QW_OK);
    CU_ASSERT_EQUAL(packet.type, QUIC_INITIAL);
    CU_ASSERT_EQUAL(packet.version, initial->version);
    CU_ASSERT_EQUAL(packet.packet.len, len);
    CU_ASSERT(same(packet.dcid, cid_bytes(&initial->dcid)));
    CU_ASSERT(same(packet.scid, cid_bytes(&initial->scid)));
    CU_ASSERT_EQUAL(packet.token.len, 0);
    CU_ASSERT_EQUAL_FATAL(open_with(initial, &packet, -1, buffer, &opened), QW_OK);
    CU_ASSERT_EQUAL(opened.packet_number, initial->packet_number);
    CU_ASSERT(same(opened.frames, frames));
    CU_ASSERT_EQUAL(memcmp(data, before, len), 0);
}

static void expect_sealed(const char *hex, const struct test_initial *initial)
{
    uint8_t made[1500], want[1500];
    size_t len = test_hex(hex, want, sizeof want);
    CU_ASSERT_EQUAL(test_seal_initial(initial, made, sizeof made), len);
    CU_ASSERT_EQUAL(memcmp(made, want, len), 0);
}

static struct test_initial client_initial(uint32_t version)
{
    static uint8_t frames[300];
    struct test_initial initial = plain_initial(version);
    initial.packet_number = 2;
    initial.pn_len = 4;
    initial.frames = frames;
    initial.frames_len = test_hex(VECTOR_CLIENT_FRAME, frames, sizeof frames);
    return initial;
}

static void client(void)
{
    uint8_t padded[1162] = {0}; /* "plus enough PADDING frames to make a 1162-byte payload" */
    test_hex(VECTOR_CLIENT_FRAME, padded, sizeof padded);
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct test_initial initial = client_initial(VECTORS[i].version);
        expect_opened(VECTORS[i].client_initial, &initial, bytes(padded, sizeof padded));
        expect_sealed(VECTORS[i].client_initial, &initial);
    }
}

static void server(void)
{
    uint8_t frames[100];
    size_t frames_len = test_hex(VECTOR_SERVER_FRAMES, frames, sizeof frames);
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct test_initial initial = {
            .version = VECTORS[i].version,
            .from_server = true,
            .key_dcid = cid_hex(VECTOR_DCID),
            .scid = cid_hex(VECTOR_SCID),
            .packet_number = 1,
            .pn_len = 2,
            .frames = frames,
            .frames_len = frames_len,
        };
        expect_opened(VECTORS[i].server_initial, &initial, bytes(frames, frames_len));
        expect_sealed(VECTORS[i].server_initial, &initial);
    }
}

static void retry_of(const struct vector *v)
{
    uint8_t data[100], made[100], token[10];
    size_t len = test_hex(v->retry, data, sizeof data),
           token_len = test_hex(VECTOR_TOKEN, token, sizeof token);
    struct test_cid original = cid_hex(VECTOR_DCID), none = {0}, scid = cid_hex(VECTOR_SCID);
    struct quic_packet packet;
    CU_ASSERT_EQUAL_FATAL(next_of(data, len, &packet), QW_OK);
    CU_ASSERT_EQUAL(packet.type, QUIC_RETRY);
    CU_ASSERT_EQUAL(packet.packet.len, len);
    CU_ASSERT_EQUAL(packet.dcid.len, 0);
    CU_ASSERT(same(packet.scid, cid_bytes(&scid)));
    CU_ASSERT(same(packet.token, bytes(token, token_len)));
    CU_ASSERT_EQUAL(quic_retry_verify(crypto(), &packet, cid_bytes(&original)), QW_OK);
    CU_ASSERT_EQUAL(test_retry(made, sizeof made, v->version, &none, &scid, &original, token, token_len),
                    len);
    CU_ASSERT_EQUAL(memcmp(made, data, len), 0);
}

static void retry(void)
{
    for (size_t i = 0; i < VECTOR_COUNT; i++)
        retry_of(&VECTORS[i]);
}

static const struct test TESTS[] = {
    {"W3: the keys of RFC 9001 A.1 and RFC 9369 A.1", keys},
    {"W3: the client Initials of RFC 9001 A.2 and RFC 9369 A.2", client},
    {"W3: the server Initials of RFC 9001 A.3 and RFC 9369 A.3", server},
    {"W3, C3: the Retry packets of RFC 9001 A.4 and RFC 9369 A.4", retry},
};

void vectors_suite(void)
{
    TEST_SUITE("quic: the RFCs' examples", TESTS);
}
