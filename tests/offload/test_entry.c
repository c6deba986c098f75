/* Paths as the kernel's records. */
#include "fast_limit.h"
#include "fast_spin.h"
#include "flows.h"
#include "offload_entry.h"
#include "suite.h"
#include "suites.h"
#include <arpa/inet.h>
#include <string.h>

static void both_directions(void)
{
    struct flow_path path = test_path(1, "10.0.0.5:4000", "192.0.2.1:5000", "198.51.100.7:443");
    path.flags = FLOW_PATH_PUNT_LONG;
    path.ways[FLOW_PATH_UP].size_max = 1280;
    struct fast_record up = entry_record(&path, FLOW_PATH_UP, 3, 4, FAST_TC);
    CU_ASSERT_EQUAL(up.flags, FAST_REWRITE_SOURCE | FAST_PUNT_LONG | FAST_TC);
    CU_ASSERT_EQUAL(up.new_addr, inet_addr("192.0.2.1"));
    CU_ASSERT_EQUAL(ntohs(up.new_port), 5000);
    CU_ASSERT_EQUAL(up.size_max, 1280);
    CU_ASSERT_EQUAL(up.in_port, 3);
    CU_ASSERT_EQUAL(up.out_port, 4);
    struct fast_record down = entry_record(&path, FLOW_PATH_DOWN, 4, 3, 0);
    CU_ASSERT_EQUAL(down.flags, FAST_REWRITE_DESTINATION | FAST_PUNT_LONG | FAST_DOWN);
    CU_ASSERT_EQUAL(down.new_addr, inet_addr("10.0.0.5"));
    CU_ASSERT_EQUAL(ntohs(down.new_port), 4000);
    CU_ASSERT_NOT_EQUAL(up.tag, down.tag);
}

static void matches(void)
{
    struct flow_path path = test_path(1, "10.0.0.5:4000", "192.0.2.1:5000", "198.51.100.7:443");
    struct fast_match match = entry_match(&path.ways[FLOW_PATH_DOWN].match);
    CU_ASSERT_FALSE(match.ipv6);
    CU_ASSERT_EQUAL(match.key.four.destination, inet_addr("192.0.2.1"));
    CU_ASSERT_EQUAL(match.key.four.destination_port, htons(5000));
    path = test_path(1, "[2001:db8::5]:4000", NULL, "[2001:db8:f::7]:443");
    match = entry_match(&path.ways[FLOW_PATH_UP].match);
    CU_ASSERT_TRUE(match.ipv6);
    CU_ASSERT_EQUAL(memcmp(match.key.six.source, path.ways[FLOW_PATH_UP].match.src.addr.bytes, 16), 0);
    CU_ASSERT_EQUAL(match.key.six.source_port, htons(4000));
}

/* The kernel's element: 48 bytes of its own, a key of 12, which takes 16, and the 8 by which it is kept while
 * free come to what the kernel has a size for. */
static void layout(void)
{
    CU_ASSERT_EQUAL(8 + 48 + 16 + sizeof(struct fast_record), 128);
    CU_ASSERT_EQUAL(sizeof(struct fast_told), 24);
    CU_ASSERT_EQUAL(sizeof(struct fast_spins), 64);
    CU_ASSERT_EQUAL(sizeof(struct fast_key4), 12);
    CU_ASSERT_EQUAL(sizeof(struct fast_key6), 36);
    CU_ASSERT_EQUAL(offsetof(struct fast_record, tag), 0);
    CU_ASSERT_EQUAL(offsetof(struct fast_record, bytes) % 8, 0);
}

static void numbers(void)
{
    static const uint32_t FLOWS[] = {0, 1, 77, (1u << FAST_NUMBER_BITS) - 1};
    for (unsigned i = 0; i < sizeof FLOWS / sizeof FLOWS[0]; i++)
        for (unsigned way = 0; way < 2; way++) {
            struct fast_record record = {.flags = way ? FAST_DOWN : 0};
            fast_set_flow(&record, FLOWS[i], 0x123456789abcdef0u);
            CU_ASSERT_EQUAL(fast_flow(&record), FLOWS[i]);
            CU_ASSERT_EQUAL(fast_gate_of(&record), 2 * FLOWS[i] + way);
            CU_ASSERT_EQUAL(fast_hash(&record), 0xbcdef0);
        }
}

static void places(void)
{
    struct flow_path path = test_path(1, "10.0.0.5:4000", NULL, "198.51.100.7:443");
    path.place = 0x8765ffff;
    struct fast_record record = entry_record(&path, FLOW_PATH_DOWN, 3, 4, 0);
    CU_ASSERT_EQUAL(record.place, 0x8765);
    CU_ASSERT_EQUAL(record.flags, FAST_DOWN);
    CU_ASSERT_EQUAL(fast_outside(&record), 3);
    path.state = FLOW_CONFIRMED;
    record = entry_record(&path, FLOW_PATH_UP, 3, 4, 0);
    CU_ASSERT_EQUAL(record.flags, FAST_CONFIRMED);
    CU_ASSERT_EQUAL(fast_outside(&record), 4);
    path.spin.measured = 3;
    path.spin.client = FLOW_PATH_DOWN;
    CU_ASSERT_EQUAL(entry_record(&path, FLOW_PATH_UP, 3, 4, 0).flags, FAST_CONFIRMED | FAST_SERVER);
    CU_ASSERT_EQUAL(entry_record(&path, FLOW_PATH_DOWN, 3, 4, 0).flags, FAST_CONFIRMED | FAST_DOWN);
}

static void limits(void)
{
    struct flow_path path = test_path(1, "10.0.0.5:4000", NULL, "198.51.100.7:443");
    path.ways[FLOW_PATH_UP].size_max = 65535;
    CU_ASSERT_EQUAL(entry_record(&path, FLOW_PATH_UP, 0, 1, 0).size_max, 65535);
    path.ways[FLOW_PATH_UP].size_max = 65536;
    CU_ASSERT_EQUAL(entry_record(&path, FLOW_PATH_UP, 0, 1, 0).size_max, 0);
    CU_ASSERT_EQUAL(entry_record(&path, FLOW_PATH_UP, 0, 1, 0).flags, 0);
}

/* One bit of a key changes the tag, and none is 0. */
static void tags(void)
{
    struct flow_path path = test_path(1, "[2001:db8::5]:4000", NULL, "[2001:db8:f::7]:443");
    struct fast_match six = entry_match(&path.ways[FLOW_PATH_UP].match), four = {0};
    for (unsigned bit = 0; bit < 8 * sizeof six.key.six; bit++) {
        struct fast_match other = six;
        ((uint8_t *)&other.key.six)[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CU_ASSERT_NOT_EQUAL(fast_tag6(&six.key.six), 0);
        CU_ASSERT_NOT_EQUAL(fast_tag6(&six.key.six) | 1, 0);
        CU_ASSERT_NOT_EQUAL(fast_tag6(&other.key.six), fast_tag6(&six.key.six));
    }
    for (unsigned bit = 0; bit < 8 * sizeof four.key.four; bit++) {
        struct fast_match other = four;
        ((uint8_t *)&other.key.four)[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CU_ASSERT_NOT_EQUAL(fast_tag4(&other.key.four), fast_tag4(&four.key.four));
    }
}

void suite_entry(void)
{
    static const struct test TESTS[] = {
        {"X1: both directions of a path become records with its rewrite, limits and flags", both_directions},
        {"X1: matches are the tuples in network order", matches},
        {"X1: an element fits into 128 bytes, and the record begins with its tag", layout},
        {"X3: a record has the whole number of its flow, 24 bits of its hash, and its gate", numbers},
        {"X6: the step of the flow's place, and its kind, are in its records", places},
        {"X1: a size limit beyond 65,535 bytes is none", limits},
        {"X3: any bit of a key changes its tag", tags},
    };
    TEST_SUITE("offload: entries", TESTS);
}
