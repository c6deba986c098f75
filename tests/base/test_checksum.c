#include "hex.h"
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

void checksum_suite(void)
{
    static const struct test TESTS[] = {
        {"RFC 1071 3: the worked example", the_worked_example},
        {"an IPv4 header's checksum is made and verified", a_real_header},
        {"every length and alignment agrees with the definition", every_length_and_alignment},
        {"pieces sum to the whole", pieces_sum_to_the_whole},
        {"the largest sum does not overflow", the_largest_sum_does_not_overflow},
    };
    TEST_SUITE("checksum", TESTS);
}
