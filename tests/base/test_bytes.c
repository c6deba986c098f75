#include "hex.h"
#include "suite.h"
#include "suites.h"
#include <quicward/base/bytes.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t COUNTING[18] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};

static void integers_are_big_endian(void)
{
    struct qw_reader r = qw_reader(COUNTING, sizeof(COUNTING));
    CU_ASSERT_EQUAL(qw_u8(&r), 0x01);
    CU_ASSERT_EQUAL(qw_u16(&r), 0x0203);
    CU_ASSERT_EQUAL(qw_u24(&r), 0x040506);
    CU_ASSERT_EQUAL(qw_u32(&r), 0x0708090a);
    CU_ASSERT_EQUAL(qw_u64(&r), 0x0b0c0d0e0f101112);
    CU_ASSERT(!r.bad && qw_left(&r) == 0 && qw_offset(&r) == 18);
}

static uint64_t read_u8(struct qw_reader *r)
{
    return qw_u8(r);
}

static uint64_t read_u16(struct qw_reader *r)
{
    return qw_u16(r);
}

static uint64_t read_u24(struct qw_reader *r)
{
    return qw_u24(r);
}

static uint64_t read_u32(struct qw_reader *r)
{
    return qw_u32(r);
}

static uint64_t read_u64(struct qw_reader *r)
{
    return qw_u64(r);
}

/* Each read over each length, in a buffer of just that length: the sanitizer sees a step too far. */
static void every_cut_fails_for_good(void)
{
    static const struct {
        uint64_t (*read)(struct qw_reader *);
        size_t need;
    } READS[] = {{read_u8, 1}, {read_u16, 2}, {read_u24, 3}, {read_u32, 4}, {read_u64, 8}};
    for (size_t i = 0; i < sizeof(READS) / sizeof(READS[0]); i++)
        for (size_t len = 0; len < READS[i].need; len++) {
            uint8_t *exact = malloc(len ? len : 1);
            CU_ASSERT_FATAL(exact != NULL);
            memset(exact, 0xff, len ? len : 1);
            struct qw_reader r = qw_reader(len ? exact : NULL, len);
            CU_ASSERT_EQUAL(READS[i].read(&r), 0);
            CU_ASSERT(r.bad && qw_left(&r) == 0);
            CU_ASSERT_EQUAL(qw_u8(&r), 0);
            CU_ASSERT(qw_take(&r, 0).data == NULL && r.bad);
            free(exact);
        }
}

static void a_take_borrows_what_it_names(void)
{
    struct qw_reader r = qw_reader(COUNTING, sizeof(COUNTING));
    qw_skip(&r, 3);
    struct qw_bytes taken = qw_take(&r, 5);
    CU_ASSERT(taken.data == COUNTING + 3 && taken.len == 5);
    CU_ASSERT(qw_offset(&r) == 8 && qw_left(&r) == 10);
    taken = qw_take(&r, 10);
    CU_ASSERT(taken.len == 10 && !r.bad);
    CU_ASSERT(qw_take(&r, 0).len == 0 && !r.bad);
}

static void hostile_lengths_are_refused(void)
{
    static const uint64_t HOSTILE[] = {19,         1ull << 32,      UINT32_MAX, SIZE_MAX,
                                       UINT64_MAX, UINT64_MAX - 17, 1ull << 62, 1ull << 63};
    for (size_t i = 0; i < sizeof(HOSTILE) / sizeof(HOSTILE[0]); i++) {
        struct qw_reader taker = qw_reader(COUNTING, sizeof(COUNTING)), skipper = taker, splitter = taker;
        struct qw_bytes taken = qw_take(&taker, HOSTILE[i]);
        CU_ASSERT(taker.bad && taken.data == NULL && taken.len == 0);
        qw_skip(&skipper, HOSTILE[i]);
        CU_ASSERT(skipper.bad && qw_left(&skipper) == 0);
        struct qw_reader sub = qw_sub(&splitter, HOSTILE[i]);
        CU_ASSERT(splitter.bad && sub.bad && qw_left(&sub) == 0);
    }
}

static void a_sub_reader_ends_where_told(void)
{
    struct qw_reader r = qw_reader(COUNTING, sizeof(COUNTING));
    qw_skip(&r, 1);
    struct qw_reader sub = qw_sub(&r, 2);
    CU_ASSERT_EQUAL(qw_u16(&sub), 0x0203);
    CU_ASSERT(!sub.bad && qw_offset(&sub) == 2);
    CU_ASSERT_EQUAL(qw_u8(&sub), 0);
    CU_ASSERT(sub.bad && !r.bad);
    CU_ASSERT_EQUAL(qw_u8(&r), 0x04);
}

struct varint {
    const char *wire;
    uint64_t value;
};

/* RFC 9000 A.1, and the ends of each length. */
static const struct varint VARINTS[] = {
    {"c2197c5eff14e88c", 151288809941952652},
    {"9d7f3e7d", 494878333},
    {"7bbd", 15293},
    {"25", 37},
    {"00", 0},
    {"3f", 63},
    {"4040", 64},
    {"7fff", 16383},
    {"80004000", 16384},
    {"bfffffff", 1073741823},
    {"c000000040000000", 1073741824},
    {"ffffffffffffffff", 4611686018427387903},
};
#define VARINT_COUNT (sizeof(VARINTS) / sizeof(VARINTS[0]))

static void varints_are_read_and_cut(void)
{
    for (size_t i = 0; i < VARINT_COUNT; i++) {
        uint8_t wire[8];
        size_t len = test_hex(VARINTS[i].wire, wire, sizeof(wire));
        struct qw_reader r = qw_reader(wire, len);
        CU_ASSERT_EQUAL(qw_varint(&r), VARINTS[i].value);
        CU_ASSERT(!r.bad && qw_left(&r) == 0);
        for (size_t cut = 0; cut < len; cut++) {
            struct qw_reader short_of = qw_reader(wire, cut);
            CU_ASSERT(qw_varint(&short_of) == 0 && short_of.bad);
        }
    }
}

static void a_long_varint_of_a_small_value_is_read(void)
{
    static const uint8_t WIRE[] = {0x40, 0x25}; /* 37 again, RFC 9000 A.1 */
    struct qw_reader r = qw_reader(WIRE, sizeof(WIRE));
    CU_ASSERT(qw_varint(&r) == 37 && !r.bad);
}

static void varints_are_written_shortest(void)
{
    for (size_t i = 0; i < VARINT_COUNT; i++) {
        uint8_t expected[8], out[8];
        size_t len = test_hex(VARINTS[i].wire, expected, sizeof(expected));
        struct qw_writer w = qw_writer(out, sizeof(out));
        qw_put_varint(&w, VARINTS[i].value);
        CU_ASSERT(!w.bad && qw_written(&w) == len && memcmp(out, expected, len) == 0);
    }
}

static void a_varint_has_62_bits(void)
{
    uint8_t out[16];
    struct qw_writer w = qw_writer(out, sizeof(out));
    qw_put_varint(&w, 1ull << 62);
    CU_ASSERT(w.bad && qw_written(&w) == 0);
}

static void a_writer_writes_what_is_read(void)
{
    uint8_t out[18];
    struct qw_writer w = qw_writer(out, sizeof(out));
    qw_put_u8(&w, 0x01);
    qw_put_u16(&w, 0x0203);
    qw_put_u32(&w, 0x04050607);
    qw_put_u64(&w, 0x08090a0b0c0d0e0f);
    qw_put(&w, COUNTING + 15, 2);
    qw_put_zeros(&w, 1);
    CU_ASSERT(!w.bad && qw_written(&w) == 18);
    CU_ASSERT(memcmp(out, COUNTING, 17) == 0 && out[17] == 0);
}

static void a_writer_never_passes_its_end(void)
{
    for (size_t size = 0; size < 8; size++) {
        uint8_t out[9];
        memset(out, 0xee, sizeof(out));
        struct qw_writer w = qw_writer(out, size);
        qw_put_u64(&w, 0);
        CU_ASSERT(w.bad && qw_written(&w) == 0);
        qw_put(&w, COUNTING, 1);
        qw_put_zeros(&w, 1);
        qw_put_u8(&w, 0);
        CU_ASSERT(w.bad && qw_written(&w) == 0 && out[0] == 0xee && out[size] == 0xee);
    }
}

void bytes_suite(void)
{
    static const struct test TESTS[] = {
        {"integers are big endian", integers_are_big_endian},
        {"S7: a read at every cut fails, reads zero, and for good", every_cut_fails_for_good},
        {"a take borrows what it names", a_take_borrows_what_it_names},
        {"S7: lengths of up to 64 bits cannot leave the buffer", hostile_lengths_are_refused},
        {"a sub reader ends where it was told", a_sub_reader_ends_where_told},
        {"W2: the varints of RFC 9000 A.1 are read, cut anywhere they are not", varints_are_read_and_cut},
        {"W2: a varint longer than it need be is read", a_long_varint_of_a_small_value_is_read},
        {"varints are written in the shortest form", varints_are_written_shortest},
        {"a varint of more than 62 bits is refused", a_varint_has_62_bits},
        {"a writer writes what a reader reads", a_writer_writes_what_is_read},
        {"a writer never passes its end", a_writer_never_passes_its_end},
    };
    TEST_SUITE("bytes", TESTS);
}
