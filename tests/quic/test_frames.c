/* W4: what an Initial's payload holds besides CRYPTO frames, and what it must not hold (RFC 9000 12.4, 19).
 */
#include "common.h"
#include "guard.h"

void frames_suite(void);

#define FRAMES_MAX 2000

/* Frames in hexadecimal, the CRYPTO frames read of them, and how the reading ends. */
struct reading {
    const char *frames;
    unsigned count;
    enum qw_error end;
};

/* Reads to the end; the CRYPTO frames must be `06 00 01 aa` each, and lie inside. */
static unsigned count_crypto(struct qw_bytes frames, enum qw_error *end)
{
    struct qw_reader r = qw_reader(frames.data, frames.len);
    struct quic_crypto_frame frame;
    unsigned count = 0;
    while ((*end = quic_next_crypto(&r, &frame)) == QW_OK) {
        CU_ASSERT_EQUAL(frame.offset, 0);
        CU_ASSERT_TRUE(frame.data.len == 1 && frame.data.data[0] == 0xaa);
        count++;
    }
    CU_ASSERT_TRUE(frame.offset == 0 && frame.data.len == 0);
    CU_ASSERT_EQUAL(quic_next_crypto(&r, &frame), *end); /* the end stays the end */
    return count;
}

static void expect(const struct reading *readings, size_t count)
{
    struct guard guard = guard_new(FRAMES_MAX);
    for (size_t i = 0; i < count; i++) {
        uint8_t frames[FRAMES_MAX];
        size_t len = test_hex(readings[i].frames, frames, sizeof frames);
        enum qw_error end;
        CU_ASSERT_EQUAL(count_crypto(bytes(guard_copy(&guard, frames, len), len), &end), readings[i].count);
        CU_ASSERT_EQUAL(end, readings[i].end);
    }
    guard_free(&guard);
}
#define EXPECT(readings) expect(readings, COUNT(readings))

static void skipped(void)
{
    static const struct reading READINGS[] = {
        {"", 0, QW_ERR_NOT_FOUND},
        {"06 00 01 aa", 1, QW_ERR_NOT_FOUND},
        {"06 00 01 aa 06 00 01 aa", 2, QW_ERR_NOT_FOUND},
        {"00 06 00 01 aa 00", 1, QW_ERR_NOT_FOUND},
        {"01 06 00 01 aa 01", 1, QW_ERR_NOT_FOUND},
        {"02 05 00 00 05 06 00 01 aa", 1, QW_ERR_NOT_FOUND},                   /* ACK */
        {"02 7fff 4001 02 00 01 02 03 4004 06 00 01 aa", 1, QW_ERR_NOT_FOUND}, /* of three ranges */
        {"03 05 00 00 05 01 02 8000aaaa 06 00 01 aa", 1, QW_ERR_NOT_FOUND},    /* with ECN counts */
        {"03 05 00 01 01 01 01 c0000000aaaaaaaa 02 03 06 00 01 aa", 1, QW_ERR_NOT_FOUND} /* and a range */,
        {"1c 0a 06 03 616263 06 00 01 aa", 1, QW_ERR_NOT_FOUND}, /* CONNECTION_CLOSE */
        {"1c 4128 00 00 06 00 01 aa", 1, QW_ERR_NOT_FOUND},      /* with no reason */
        {"06 4000 80000001 aa", 1, QW_ERR_NOT_FOUND}, /* only types must be in their shortest form */
    };
    EXPECT(READINGS);
}

static void cut_off(void)
{
    static const struct reading READINGS[] = {
        {"06", 0, QW_ERR_MALFORMED},
        {"06 00", 0, QW_ERR_MALFORMED},
        {"06 00 01", 0, QW_ERR_MALFORMED},
        {"06 00 02 aa", 0, QW_ERR_MALFORMED},
        {"06 00 ffffffffffffffff aa", 0, QW_ERR_MALFORMED},
        {"02 05 00 00", 0, QW_ERR_MALFORMED},
        {"02 05 00 01 00 01", 0, QW_ERR_MALFORMED},
        {"03 05 00 00 05 01 02", 0, QW_ERR_MALFORMED},
        {"03 05 00 00 05 01 02 40", 0, QW_ERR_MALFORMED},
        {"1c 0a 06 04 616263", 0, QW_ERR_MALFORMED},
        {"1c 0a 06 ffffffffffffffff 616263", 0, QW_ERR_MALFORMED},
        {"1c 0a", 0, QW_ERR_MALFORMED},
        {"06 00 01 aa 06 00 02 aa", 1, QW_ERR_MALFORMED}, /* what was read before stands */
    };
    EXPECT(READINGS);
}

/* Counts that would take years to count to. */
static void hostile_ack(void)
{
    static const struct reading READINGS[] = {
        {"02 05 00 ffffffffffffffff 00 06 00 01 aa", 0, QW_ERR_MALFORMED},
        {"03 05 00 ffffffffffffffff 00 06 00 01 aa", 0, QW_ERR_MALFORMED},
        {"02 05 00 bfffffff 00 00 00 00 00 00 00", 0, QW_ERR_MALFORMED},
        {"06 00 01 aa 02 ffffffffffffffff ffffffffffffffff c000000000000001 00", 1, QW_ERR_MALFORMED},
        {"02 00 00 03 00 00 00 00 00 00", 0, QW_ERR_MALFORMED},
    };
    EXPECT(READINGS);
}

static void not_allowed(void)
{
    static const struct reading READINGS[] = {
        {"06 00 01 aa 08 00 06 00 01 aa", 1, QW_ERR_MALFORMED}, /* STREAM */
        {"1d 00 00 06 00 01 aa", 0, QW_ERR_MALFORMED},          /* CONNECTION_CLOSE of the application */
        {"4006 00 01 aa", 0, QW_ERR_MALFORMED},                 /* a type longer than it must be */
        {"4000 06 00 01 aa", 0, QW_ERR_MALFORMED},
    };
    EXPECT(READINGS);
    for (unsigned type = 0; type < 256; type++) {
        uint8_t frames[40] = {(uint8_t)type};
        bool allowed = type <= 0x03 || type == 0x06 || type == 0x1c;
        struct qw_reader r = qw_reader(frames, sizeof frames);
        struct quic_crypto_frame frame;
        enum qw_error expected = type == 0x06 ? QW_OK : allowed ? QW_ERR_NOT_FOUND : QW_ERR_MALFORMED;
        CU_ASSERT_EQUAL(quic_next_crypto(&r, &frame), expected);
    }
}

/* RFC 9000 19.6: the end of the data may be 2^62-1 at most. */
static void largest_offset(void)
{
    static const struct {
        const char *frame;
        enum qw_error error;
    } FRAMES[] = {{"06 ffffffffffffffff 00", QW_OK},
                  {"06 fffffffffffffffe 01 aa", QW_OK},
                  {"06 ffffffffffffffff 01 aa", QW_ERR_MALFORMED}};
    for (size_t i = 0; i < COUNT(FRAMES); i++) {
        uint8_t bytes[20];
        struct qw_reader r = qw_reader(bytes, test_hex(FRAMES[i].frame, bytes, sizeof bytes));
        struct quic_crypto_frame frame;
        CU_ASSERT_EQUAL(quic_next_crypto(&r, &frame), FRAMES[i].error);
    }
}

static void padding(void)
{
    static const uint8_t CRYPTO[] = {0x06, 0x00, 0x01, 0xaa};
    static uint8_t frames[QUIC_DATAGRAM_MAX];
    for (size_t run = 0; run < sizeof frames - 100; run = run < 150 ? run + 1 : run * 2) {
        memset(frames, 0, sizeof frames);
        memcpy(frames + run, CRYPTO, sizeof CRYPTO);
        enum qw_error end;
        for (size_t behind = 0; behind < 20; behind++) {
            struct qw_bytes all = bytes(frames, run + sizeof CRYPTO + behind);
            CU_ASSERT_EQUAL(count_crypto(all, &end), 1);
            CU_ASSERT_EQUAL(end, QW_ERR_NOT_FOUND);
        }
        frames[run] = 0x08;
        CU_ASSERT_EQUAL(count_crypto(bytes(frames, run + 1), &end), 0);
        CU_ASSERT_EQUAL(end, QW_ERR_MALFORMED);
    }
}

static void examples(void)
{
    static const struct {
        const char *frames;
        size_t len;
    } EXAMPLES[] = {{VECTOR_CLIENT_FRAME, 241}, {VECTOR_SERVER_FRAMES, 90}};
    for (size_t i = 0; i < COUNT(EXAMPLES); i++) {
        uint8_t frames[FRAMES_MAX];
        struct qw_reader r = qw_reader(frames, test_hex(EXAMPLES[i].frames, frames, sizeof frames));
        struct quic_crypto_frame frame;
        CU_ASSERT_EQUAL(quic_next_crypto(&r, &frame), QW_OK);
        CU_ASSERT_TRUE(frame.offset == 0 && frame.data.len == EXAMPLES[i].len);
        CU_ASSERT_EQUAL(quic_next_crypto(&r, &frame), QW_ERR_NOT_FOUND);
    }
}

/* Every kind of frame, cut everywhere and with each byte replaced by each value, against memory's end. */
static void every_byte(void)
{
    uint8_t original[80], changed[80];
    size_t whole =
        test_hex("00000000000000000000 01 02 05 00 01 02 00 01 03 05 00 00 05 01 02 03 06 4100 03 aabbcc"
                 "1c 0a 06 03 616263 000000 06 00 02 ddee",
                 original, sizeof original);
    struct guard guard = guard_new(sizeof original);
    unsigned beyond = 0;
    for (size_t i = 0; i < whole * 256 * 2; i++) {
        memcpy(changed, original, whole);
        changed[i / 512] = (uint8_t)i;
        size_t len = i & 256 ? i / 512 + 1 : whole;
        struct qw_bytes all = bytes(guard_copy(&guard, changed, len), len);
        struct qw_reader r = qw_reader(all.data, all.len);
        struct quic_crypto_frame frame;
        while (quic_next_crypto(&r, &frame) == QW_OK)
            beyond += frame.data.data < all.data || frame.data.data + frame.data.len > all.data + all.len;
    }
    CU_ASSERT_EQUAL(beyond, 0);
    guard_free(&guard);
}

static const struct test TESTS[] = {
    {"W4: PADDING, PING, ACK and CONNECTION_CLOSE are skipped", skipped},
    {"W4: frames cut off end the reading, not what was read", cut_off},
    {"W4, S7: ACK frames that claim endless ranges", hostile_ack},
    {"W4: other frames end the reading", not_allowed},
    {"W4: CRYPTO offsets up to 2^62-1", largest_offset},
    {"W4: PADDING of every length", padding},
    {"W4: the frames of RFC 9001 A", examples},
    {"W4, S7: frames cut and changed everywhere", every_byte},
};

void frames_suite(void)
{
    TEST_SUITE("quic: frames", TESTS);
}
