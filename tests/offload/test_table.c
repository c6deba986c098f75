/* The table: lines, rows and chunks natively, and full of keys in the kernel. */
#include "kernel.h"
#include "program.h"
#include "random.h"
#include "suite.h"
#include "suites.h"
#include "table_rows.h"
#include <stdlib.h>
#include <string.h>

static struct fast_key4 key4_of(uint32_t number)
{
    return (struct fast_key4){0x0a000000u + number / 50000, 0xc0a80001u, (uint16_t)(number % 50000 + 1), 443};
}

static void seed_of(uint64_t random, uint32_t seed[FAST_SEED_WORDS])
{
    for (unsigned i = 0; i < FAST_SEED_WORDS; i++)
        seed[i] = (uint32_t)test_random(&random);
}

/* ---- a line ---- */

static void each_place(void)
{
    struct fast_line lines[2];
    const struct fast_spot *spot = &(struct fast_spot){{0, 1}, 77};
    for (unsigned at = 0; at < FAST_LINE_PLACES; at++) {
        memset(lines, 0, sizeof lines);
        lines[0].tags[at] = 77;
        lines[0].numbers[at] = 0x80000123u + at;
        CU_ASSERT_EQUAL(fast_line_find(&lines[0], spot->tag), 0x80000123u + at);
        CU_ASSERT_EQUAL(fast_line_find(&lines[0], 79), 0);
        CU_ASSERT_EQUAL(fast_line_find(&lines[0], 0xffff), 0);
    }
}

static struct fast_spot with_tag(uint16_t tag)
{
    return (struct fast_spot){{0, 1}, tag};
}

/* First line, second line, nowhere; a tag that is there goes to the second one. */
static void full_lines(void)
{
    struct fast_line lines[2] = {0};
    struct table_place place;
    for (uint16_t i = 0; i < 2 * FAST_LINE_PLACES; i++) {
        struct fast_spot spot = with_tag((uint16_t)(2 * i + 1));
        CU_ASSERT_TRUE_FATAL(lines_find_place(lines, &spot, &place));
        CU_ASSERT_PTR_EQUAL(place.line, &lines[i >= FAST_LINE_PLACES]);
        lines_put(&place, i + 100u);
        CU_ASSERT_EQUAL(fast_line_find(place.line, spot.tag), i + 100u);
    }
    struct fast_spot more = with_tag(999), same = with_tag(1);
    CU_ASSERT_FALSE(lines_find_place(lines, &more, &place));
    CU_ASSERT_EQUAL(lines[0].away, FAST_LINE_PLACES);
    CU_ASSERT_EQUAL(lines[1].away, 0);
    lines[0].tags[3] = lines[1].tags[4] = 0;
    CU_ASSERT_TRUE(lines_find_place(lines, &same, &place) && place.line == &lines[1] && place.at == 4);
    CU_ASSERT_TRUE(lines_find_place(lines, &more, &place) && place.line == &lines[0] && place.at == 3);
    more.lines[1] = 0;
    lines[0].tags[3] = 9999;
    CU_ASSERT_FALSE(lines_find_place(lines, &more, &place)); /* both are the same one */
}

/* ---- the hash ---- */

/* No line gets many more than its share, whatever the seed, and keys that meet under one do not under
 * another.
 */
static void spread(void)
{
    enum { LINES = 2000, KEYS = LINES * FAST_LINE_LOAD };
    static uint8_t counts[LINES];
    static uint32_t before[KEYS];
    unsigned stay = 0;
    for (uint64_t round = 0; round < 4; round++) {
        uint32_t seed[FAST_SEED_WORDS];
        unsigned most = 0;
        seed_of(round + 1, seed);
        memset(counts, 0, sizeof counts);
        for (uint32_t i = 0; i < KEYS; i++) {
            struct fast_key4 key = key4_of(i);
            struct fast_spot spot = fast_spot_of(fast_hash4(seed, &key), LINES);
            CU_ASSERT_TRUE_FATAL(spot.lines[0] < LINES && spot.lines[1] < LINES && spot.tag != 0);
            unsigned count = ++counts[spot.lines[0]];
            most = count > most ? count : most;
            stay += round > 0 && before[i] == spot.lines[0];
            before[i] = spot.lines[0];
        }
        CU_ASSERT_TRUE(most < 4 * FAST_LINE_LOAD);
    }
    CU_ASSERT_TRUE(stay < KEYS / 100);
}

/* Each part of a key counts. */
static void whole_key(void)
{
    uint32_t seed[FAST_SEED_WORDS];
    struct fast_key6 six = {{1, 2, 3, 4}, {5, 6, 7, 8}, 9, 10}, other;
    struct fast_key4 four = {1, 2, 3, 4}, another;
    seed_of(5, seed);
    for (unsigned i = 0; i < sizeof six; i++) {
        other = six;
        ((uint8_t *)&other)[i] ^= 0x80;
        CU_ASSERT_NOT_EQUAL(fast_hash6(seed, &six), fast_hash6(seed, &other));
        struct fast_row6 row = {.ports = fast_ports(six.source_port, six.destination_port)};
        memcpy(row.source, six.source, sizeof row.source);
        memcpy(row.destination, six.destination, sizeof row.destination);
        CU_ASSERT_TRUE(fast_is_row6(&row, &six) && !fast_is_row6(&row, &other));
    }
    for (unsigned i = 0; i < sizeof four; i++) {
        another = four;
        ((uint8_t *)&another)[i] ^= 0x80;
        CU_ASSERT_NOT_EQUAL(fast_hash4(seed, &four), fast_hash4(seed, &another));
        struct fast_row4 row = {.record.tag = 1, .destination = 2, .ports = fast_ports(3, 4)};
        CU_ASSERT_TRUE(fast_is_row4(&row, &four) && !fast_is_row4(&row, &another));
    }
}

/* ---- rows ---- */

static void rest(void)
{
    struct table_rows rows = {0};
    CU_ASSERT_EQUAL(rows_next(&rows), 0);
    CU_ASSERT_TRUE_FATAL(rows_reserve(&rows, 3));
    for (uint32_t i = 1; i <= 3; i++)
        rows_free(&rows, i);
    CU_ASSERT_EQUAL(rows_next(&rows), 1);
    rows_free(&rows, 1);
    CU_ASSERT_TRUE_FATAL(rows_reserve(&rows, 5));
    rows_free(&rows, 4);
    rows_free(&rows, 5);
    static const uint32_t ORDER[] = {2, 3, 1, 4, 5, 0};
    for (unsigned i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(rows_next(&rows), ORDER[i]);
    free(rows.numbers);
}

struct seen {
    uint32_t begin, end, count, chunk;
    bool ipv6;
};

static void see(void *context, uint32_t number)
{
    struct seen *seen = context;
    uint32_t at = fast_row_at(number);
    CU_ASSERT_TRUE(number != 0 && number >> 31 == seen->ipv6 && fast_row_chunk(number) == seen->chunk);
    CU_ASSERT_EQUAL((seen->begin + at) % (seen->ipv6 ? 32 : FAST_ROW_LINE), 0);
    CU_ASSERT_TRUE(at >= seen->end && at <= FAST_CHUNK - sizeof(struct fast_row6));
    seen->end = at + fast_row_size(seen->ipv6);
    seen->count++;
}

/* Apart, within the chunk, and where the cache's lines begin. */
static void chunks(void)
{
    for (uint32_t begin = 0; begin < FAST_ROW_LINE; begin += FAST_ROW_UNIT)
        for (unsigned ipv6 = 0; ipv6 < 2; ipv6++) {
            struct seen seen = {.begin = begin, .ipv6 = ipv6, .chunk = ipv6 ? FAST_CHUNKS_MAX - 1 : 0};
            rows_of_chunk(ipv6, seen.chunk, begin, see, &seen);
            CU_ASSERT_EQUAL(seen.count, rows_in_chunk(ipv6, begin));
            CU_ASSERT_TRUE(seen.count > (ipv6 ? 330u : 495u));
        }
}

/* ---- in the kernel ---- */

static struct fast_match match_of(uint32_t number)
{
    struct fast_match match = {.ipv6 = number % 3 == 0};
    if (!match.ipv6)
        match.key.four = key4_of(number);
    else
        match.key.six = (struct fast_key6){{1, 2, 3, number}, {5, 6, 7, 8}, 4000, 443};
    return match;
}

static bool put(struct kernel *kernel, uint32_t number)
{
    struct fast_match match = match_of(number);
    return kernel_put(kernel, &match, &(struct fast_record){.packets = number, .bytes = 7});
}

static bool has(struct kernel *kernel, uint32_t number)
{
    struct fast_match match = match_of(number);
    struct fast_record record;
    return kernel_look(kernel, &match, &record) && record.packets == number && record.bytes == 7;
}

static unsigned each(struct kernel *kernel, bool ipv6)
{
    static struct fast_record records[KERNEL_EACH];
    static struct fast_key6 keys[KERNEL_EACH];
    struct kernel_cursor cursor = {0};
    unsigned sum = 0;
    while (!cursor.ended) {
        unsigned count = kernel_each(kernel, ipv6, &cursor, keys, records);
        for (unsigned i = 0; i < count; i++) {
            struct fast_match match = match_of(records[i].packets);
            CU_ASSERT_TRUE(match.ipv6 == ipv6 &&
                           memcmp((char *)keys + i * (ipv6 ? sizeof match.key.six : sizeof match.key.four),
                                  &match.key, ipv6 ? sizeof match.key.six : sizeof match.key.four) == 0);
        }
        sum += count;
    }
    CU_ASSERT_TRUE(cursor.whole);
    return sum;
}

/* All keys that there may be find room, none is lost while others come and go, and each is there once. */
static void full(void)
{
    enum { FLOWS = 3000, KEYS = 2 * FLOWS };
    char error[OFFLOAD_ERROR_MAX] = "";
    struct kernel *kernel = test_kernel(), *large = kernel ? kernel_new(FLOWS, NULL, error) : NULL;
    struct fast_record record;
    if (!kernel)
        return;
    CU_ASSERT_PTR_NOT_NULL_FATAL(large);
    for (uint32_t i = 0; i < KEYS; i++)
        CU_ASSERT_TRUE(put(large, i));
    for (uint32_t i = 0; i < KEYS; i++)
        CU_ASSERT_TRUE(has(large, i));
    CU_ASSERT_FALSE(put(large, 1) || put(large, 3));
    CU_ASSERT_TRUE(!has(large, KEYS) && !has(large, KEYS + 1));
    for (uint32_t i = 0; i < KEYS; i += 2) {
        struct fast_match match = match_of(i);
        CU_ASSERT_TRUE(kernel_take(large, &match, &record) && record.packets == i);
        CU_ASSERT_FALSE(kernel_take(large, &match, &record));
        CU_ASSERT_TRUE(put(large, KEYS + i));
    }
    for (uint32_t i = 0; i < 2 * KEYS; i++)
        CU_ASSERT_EQUAL(has(large, i), i < KEYS ? i % 2 == 1 : i % 2 == 0);
    CU_ASSERT_EQUAL(each(large, false) + each(large, true), KEYS);
    kernel_free(large);
    kernel_free(kernel);
}

void suite_table(void)
{
    static const struct test TESTS[] = {
        {"X2: a tag is found at each place of a line", each_place},
        {"X2: a full line sends keys to the second one, a full pair away", full_lines},
        {"X2: keys are spread evenly by any seed", spread},
        {"X2: each part of a key counts", whole_key},
        {"X2: a row that was freed rests longest", rest},
        {"X2: rows stand apart where the cache's lines begin", chunks},
        {"X2: a full table keeps each of its keys once", full},
    };
    TEST_SUITE("offload: table", TESTS);
}
