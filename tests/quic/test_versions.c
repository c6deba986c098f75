/* W1: what holds for every version, known or not. */
#include "common.h"

static const uint32_t RESERVED[] = {0x0a0a0a0a, 0x1a2a3a4a, 0xfafafafa, 0xdadadada}; /* RFC 9000 15 */

static void known(void)
{
    CU_ASSERT(quic_version_known(QUIC_VERSION_1));
    CU_ASSERT(quic_version_known(QUIC_VERSION_2));
    CU_ASSERT_FALSE(quic_version_known(QUIC_VERSION_NEGOTIATION));
    CU_ASSERT_FALSE(quic_version_known(0x00000002));
    CU_ASSERT_FALSE(quic_version_known(0xff00001d)); /* a draft */
    CU_ASSERT_FALSE(quic_version_known(0x709a50c4)); /* a draft of v2 */
}

static void google(void)
{
    CU_ASSERT(quic_version_is_google(0x51303433));       /* Q043 */
    CU_ASSERT(quic_version_is_google(0x51303530));       /* Q050 */
    CU_ASSERT(quic_version_is_google(0x54303531));       /* T051 */
    CU_ASSERT_FALSE(quic_version_is_google(0x51313433)); /* Q143 */
    CU_ASSERT_FALSE(quic_version_is_google(0x5130343a)); /* Q04: */
    CU_ASSERT_FALSE(quic_version_is_google(0x51302f33)); /* Q0/3 */
    CU_ASSERT_FALSE(quic_version_is_google(0x52303433)); /* R043 */
    CU_ASSERT_FALSE(quic_version_is_google(QUIC_VERSION_1));
    CU_ASSERT_FALSE(quic_version_is_google(QUIC_VERSION_2));
    CU_ASSERT_FALSE(quic_version_is_google(QUIC_VERSION_NEGOTIATION));
}

/* Version Negotiation and an unknown version with these CID lengths, `first` as the first byte. */
static void expect_invariants(uint8_t first, uint32_t version, uint8_t dcid_len, uint8_t scid_len)
{
    uint8_t data[1 + 4 + 2 * 256 + 4];
    struct test_cid dcid = cid_of(dcid_len), scid = cid_of(scid_len);
    struct qw_writer w = qw_writer(data, sizeof data);
    qw_put_u8(&w, first);
    qw_put_u32(&w, version);
    qw_put_u8(&w, dcid_len);
    qw_put(&w, dcid.bytes, dcid_len);
    qw_put_u8(&w, scid_len);
    qw_put(&w, scid.bytes, scid_len);
    qw_put_u32(&w, QUIC_VERSION_1); /* a body, or a list of versions */
    struct quic_packet packet;
    struct qw_reader r = qw_reader(data, qw_written(&w));
    enum quic_type type = version ? QUIC_OTHER_VERSION : QUIC_NEGOTIATION;
    bool good = quic_next(&r, &packet) == QW_OK && packet.type == type && packet.version == version &&
                same(packet.dcid, cid_bytes(&dcid)) && same(packet.scid, cid_bytes(&scid)) &&
                same(packet.packet, bytes(data, qw_written(&w))) && qw_left(&r) == 0;
    CU_ASSERT(good);
}

static void cid_lengths(void)
{
    for (unsigned dcid_len = 0; dcid_len <= 255; dcid_len++)
        for (unsigned scid_len = 0; scid_len <= 255; scid_len++) {
            expect_invariants(0xc0, 0xff00001d, (uint8_t)dcid_len, (uint8_t)scid_len);
            expect_invariants(0xc0, QUIC_VERSION_NEGOTIATION, (uint8_t)dcid_len, (uint8_t)scid_len);
        }
}

/* Only the form bit is an invariant of the first byte (RFC 8999 5.1). */
static void first_bytes(void)
{
    for (unsigned first = 0x80; first <= 0xff; first++) {
        expect_invariants((uint8_t)first, QUIC_VERSION_NEGOTIATION, 8, 0);
        for (size_t i = 0; i < COUNT(RESERVED); i++)
            expect_invariants((uint8_t)first, RESERVED[i], 21, 255);
    }
}

static void short_header(void)
{
    uint8_t data[] = {0, 1, 2, 3};
    for (unsigned first = 0; first < 0x80; first++) {
        data[0] = (uint8_t)first;
        struct quic_packet packet;
        struct qw_reader r = qw_reader(data, sizeof data);
        CU_ASSERT_EQUAL(quic_next(&r, &packet), QW_OK);
        CU_ASSERT_EQUAL(packet.type, QUIC_SHORT);
        CU_ASSERT(same(packet.packet, bytes(data, sizeof data)));
        CU_ASSERT_EQUAL(packet.dcid.len, 0);
        CU_ASSERT_EQUAL(quic_next(&r, &packet), QW_ERR_NOT_FOUND);
    }
}

/* RFC 9287: a sender that clears the fixed bit has authenticated it cleared. */
static void greased_fixed_bit(void)
{
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        uint8_t data[1200], buffer[1200];
        struct test_initial initial = plain_initial(VECTORS[i].version);
        initial.grease = true;
        size_t len = test_seal_initial(&initial, data, sizeof data);
        CU_ASSERT_EQUAL(data[0] & 0x40, 0);
        struct quic_packet packet;
        struct quic_opened opened;
        CU_ASSERT_EQUAL(next_of(data, len, &packet), QW_OK);
        CU_ASSERT_EQUAL(packet.type, QUIC_INITIAL);
        CU_ASSERT_EQUAL(open_with(&initial, &packet, -1, buffer, &opened), QW_OK);
        CU_ASSERT_EQUAL(opened.frames.data[0], 0x01);
    }
}

static const struct test TESTS[] = {
    {"W2: v1 and v2 are known, drafts are not", known},
    {"W7: Google's versions are told apart", google},
    {"W1: CID lengths 0..255 in unknown versions and Version Negotiation", cid_lengths},
    {"W1: any first byte, reserved versions", first_bytes},
    {"W1: short headers have no visible field", short_header},
    {"W1: an Initial with its fixed bit cleared opens", greased_fixed_bit},
};

void versions_suite(void)
{
    TEST_SUITE("quic: every version", TESTS);
}
