#include "hex.h"
#include "random.h"
#include "suite.h"
#include "suites.h"
#include <quicward/base/checksum.h>
#include <string.h>

static uint16_t checksum(const void *data, size_t len)
{
    return qw_checksum_finish(qw_checksum_add(0, data, len));
}

/* RFC 1071 3. */
static void the_worked_example(void)
{
    static const uint8_t BYTES[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    CU_ASSERT_EQUAL(checksum(BYTES, sizeof(BYTES)), (uint16_t)~0xddf2);
}

static void a_real_header(void)
{
    uint8_t header[20];
    test_hex("4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7", header, sizeof(header));
    CU_ASSERT_EQUAL(checksum(header, sizeof(header)), 0);
    header[10] = header[11] = 0;
    CU_ASSERT_EQUAL(checksum(header, sizeof(header)), 0xb861);
}

/* The definition, word by word. */
static uint16_t plainly(const uint8_t *data, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void every_length_and_alignment(void)
{
    uint8_t bytes[80];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 151 + 77);
    for (size_t at = 0; at < 8; at++)
        for (size_t len = 0; at + len <= sizeof(bytes); len++)
            CU_ASSERT_EQUAL(checksum(bytes + at, len), plainly(bytes + at, len));
}

static void pieces_sum_to_the_whole(void)
{
    uint8_t bytes[61];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(255 - i * 3);
    for (size_t cut = 0; cut <= sizeof(bytes); cut += 2) {
        uint32_t sum = qw_checksum_add(0, bytes, cut);
        sum = qw_checksum_add(sum, bytes + cut, sizeof(bytes) - cut);
        CU_ASSERT_EQUAL(qw_checksum_finish(sum), plainly(bytes, sizeof(bytes)));
    }
}

static void the_largest_sum_does_not_overflow(void)
{
    static uint8_t ones[65534];
    memset(ones, 0xff, sizeof(ones));
    uint32_t sum = 0;
    for (int i = 0; i < 1000; i++)
        sum = qw_checksum_add(sum, ones, sizeof(ones));
    CU_ASSERT_EQUAL(qw_checksum_finish(sum), 0);
    CU_ASSERT_EQUAL(qw_checksum_finish(UINT32_MAX), 0);
    CU_ASSERT_EQUAL(qw_checksum_finish(0), 0xffff);
}

/* RFC 1624 4: equation 2 of RFC 1141 gives 0xffff here. */
static void the_worked_update(void)
{
    CU_ASSERT_EQUAL(qw_checksum_update(0xdd2f, 0x5555, 0x3285), 0x0000);
}

/* Over data that is not all zero the sum is never 0, so a checksum is never 0xffff: the update agrees with
 * the definition bit by bit, also where words are 0x0000 and 0xffff. */
static void updates_agree_with_the_definition(void)
{
    static const uint16_t EDGES[] = {0x0000, 0x0001, 0x7fff, 0x8000, 0xfffe, 0xffff};
    uint64_t state = 1;
    for (unsigned i = 0; i < 200000; i++) {
        uint8_t bytes[8];
        for (size_t at = 0; at < sizeof(bytes); at++)
            bytes[at] = (uint8_t)(i % 4 ? test_random(&state) : i % 8 ? 0xff : 0);
        bytes[7] |= 1;
        uint16_t before = plainly(bytes, sizeof(bytes)), from = (uint16_t)(bytes[2] << 8 | bytes[3]);
        uint32_t random = test_random(&state);
        uint16_t to = random & 0x10000 ? EDGES[random % 6] : (uint16_t)random;
        bytes[2] = (uint8_t)(to >> 8);
        bytes[3] = (uint8_t)to;
        CU_ASSERT_EQUAL(qw_checksum_update(before, from, to), plainly(bytes, sizeof(bytes)));
    }
}

/* How far a checksum is off, in one's complement. */
static uint16_t error_of(uint16_t checksum, uint16_t right)
{
    return (uint16_t)(((uint32_t)checksum + (uint16_t)~right) % 0xffff);
}

static void a_wrong_checksum_stays_as_wrong(void)
{
    uint64_t state = 2;
    for (unsigned i = 0; i < 200000; i++) {
        uint16_t right = (uint16_t)test_random(&state), wrong = (uint16_t)test_random(&state);
        uint16_t from = (uint16_t)test_random(&state), to = (uint16_t)test_random(&state);
        CU_ASSERT_EQUAL(error_of(qw_checksum_update(wrong, from, to), qw_checksum_update(right, from, to)),
                        error_of(wrong, right));
    }
}

void checksum_suite(void)
{
    static const struct test TESTS[] = {
        {"RFC 1071 3: the worked example", the_worked_example},
        {"an IPv4 header's checksum is made and verified", a_real_header},
        {"every length and alignment agrees with the definition", every_length_and_alignment},
        {"pieces sum to the whole", pieces_sum_to_the_whole},
        {"the largest sum does not overflow", the_largest_sum_does_not_overflow},
        {"N12: the worked update of RFC 1624 4", the_worked_update},
        {"N12: updates agree with the definition, 0x0000 and 0xffff included",
         updates_agree_with_the_definition},
        {"N12: a wrong checksum stays as wrong as it was", a_wrong_checksum_stays_as_wrong},
    };
    TEST_SUITE("checksum", TESTS);
}
