/* What the program does with packets, compiled for this processor. */
#include "fast_packet.h"
#include "flows.h"
#include "offload_entry.h"
#include "packets.h"
#include "suite.h"
#include "suites.h"
#include <quicward/packet.h>
#include <string.h>

enum { SIZE = 1600 };

struct sent {
    _Alignas(8) uint8_t bytes[SIZE];
    size_t len;
};

static struct sent made(const char *from, const char *to, size_t payload)
{
    struct sent sent;
    uint8_t data[1500];
    memset(data, 0x41, sizeof data);
    sent.len = test_udp(sent.bytes, sizeof sent.bytes, from, to, data, payload);
    return sent;
}

static struct sent made4(size_t payload)
{
    return made("10.0.0.5:4000", "198.51.100.7:443", payload);
}

static struct sent made6(size_t payload)
{
    return made("[2001:db8::5]:4000", "[2001:db8:f::7]:443", payload);
}

static enum fast_why read_frame(const struct sent *sent, size_t frame, struct fast_packet *packet)
{
    struct fast_key4 four;
    struct fast_key6 six;
    bool ipv6 = sent->bytes[0] >> 4 == 6;
    const uint8_t *end = sent->bytes + frame;
    return ipv6 ? fast_read6(sent->bytes, end, (uint32_t)frame, packet, &six)
                : fast_read4(sent->bytes, end, (uint32_t)frame, packet, &four);
}

static enum fast_why read_packet(const struct sent *sent)
{
    struct fast_packet packet;
    return read_frame(sent, sent->len, &packet);
}

static void put_byte(struct sent *sent, size_t at, uint8_t byte)
{
    sent->bytes[at] = byte;
}

static void plain(void)
{
    struct fast_packet packet;
    struct sent sent = made4(100);
    CU_ASSERT_EQUAL(read_frame(&sent, sent.len, &packet), FAST_FORWARD);
    CU_ASSERT_EQUAL(packet.ip_len, 128);
    CU_ASSERT_EQUAL(packet.payload, 100);
    CU_ASSERT_EQUAL(packet.first, 0x41);
    CU_ASSERT_EQUAL(packet.version, 0x41414141);
    sent = made6(1);
    CU_ASSERT_EQUAL(read_frame(&sent, sent.len, &packet), FAST_FORWARD);
    CU_ASSERT_EQUAL(packet.ip_len, 49);
    CU_ASSERT_EQUAL(packet.version, 0);
}

struct change {
    size_t at;
    uint8_t byte;
    enum fast_why why;
};

static void check_changes(struct sent (*make)(size_t), const struct change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sent sent = make(100);
        put_byte(&sent, changes[i].at, changes[i].byte);
        CU_ASSERT_EQUAL(read_packet(&sent), changes[i].why);
    }
}

static void unusual4(void)
{
    static const struct change CHANGES[] = {
        {0, 0x46, FAST_OPTIONS},  {0, 0x44, FAST_OPTIONS},  {0, 0x65, FAST_OTHER},
        {9, 6, FAST_OTHER},       {9, 1, FAST_OTHER},       {6, 0x20, FAST_FRAGMENT},
        {6, 0x60, FAST_FRAGMENT}, {6, 0x80, FAST_FRAGMENT}, {6, 0x1f, FAST_FRAGMENT},
        {7, 1, FAST_FRAGMENT},    {8, 1, FAST_TTL},         {8, 0, FAST_TTL},
        {8, 2, FAST_FORWARD},     {6, 0, FAST_FORWARD},     {3, 129, FAST_LENGTH},
        {3, 127, FAST_LENGTH},    {2, 1, FAST_LENGTH},      {25, 107, FAST_LENGTH},
        {25, 109, FAST_LENGTH},   {24, 1, FAST_LENGTH},     {25, 0, FAST_LENGTH},
    };
    check_changes(made4, CHANGES, sizeof CHANGES / sizeof *CHANGES);
}

static void unusual6(void)
{
    static const struct change CHANGES[] = {
        {0, 0x40, FAST_OTHER},  {6, 0, FAST_OTHER},    {6, 44, FAST_OTHER},    {6, 58, FAST_OTHER},
        {6, 60, FAST_OTHER},    {7, 1, FAST_TTL},      {7, 0, FAST_TTL},       {7, 2, FAST_FORWARD},
        {5, 109, FAST_LENGTH},  {5, 107, FAST_LENGTH}, {4, 0xff, FAST_LENGTH}, {45, 107, FAST_LENGTH},
        {45, 109, FAST_LENGTH}, {44, 1, FAST_LENGTH},
    };
    check_changes(made6, CHANGES, sizeof CHANGES / sizeof *CHANGES);
}

static void cut(void)
{
    struct fast_packet packet;
    struct sent four = made4(100), six = made6(100);
    for (size_t frame = 0; frame < four.len; frame++)
        CU_ASSERT_EQUAL(read_frame(&four, frame, &packet), FAST_LENGTH);
    for (size_t frame = 0; frame < six.len; frame++)
        CU_ASSERT_EQUAL(read_frame(&six, frame, &packet), FAST_LENGTH);
    four = made4(0);
    six = made6(0);
    memset(four.bytes + four.len, 0, 18);
    memset(six.bytes + six.len, 0, 18);
    CU_ASSERT_EQUAL(read_frame(&four, 46, &packet), FAST_LENGTH);
    CU_ASSERT_EQUAL(read_packet(&six), FAST_LENGTH);
}

/* Frames of Ethernet have 46 bytes at least. */
static void padded(void)
{
    struct fast_packet packet;
    struct sent sent = made4(1);
    memset(sent.bytes + sent.len, 0, 20);
    CU_ASSERT_EQUAL(read_frame(&sent, 46, &packet), FAST_FORWARD);
    CU_ASSERT_EQUAL(packet.ip_len, 29);
    CU_ASSERT_EQUAL(read_frame(&sent, 47, &packet), FAST_LENGTH);
}

static enum fast_why judged(uint8_t flags, uint8_t first, uint32_t version)
{
    struct fast_record record = {.flags = flags};
    struct fast_packet packet = {.first = first, .version = htonl(version), .ip_len = 100};
    return fast_judge(&record, &packet, 100);
}

static void long_headers(void)
{
    CU_ASSERT_EQUAL(judged(0, 0xc0, 1), FAST_FORWARD);
    CU_ASSERT_EQUAL(judged(FAST_PUNT_LONG, 0x80, 0x12345678), FAST_LONG_HEADER);
    CU_ASSERT_EQUAL(judged(FAST_PUNT_LONG, 0x7f, 1), FAST_FORWARD);
    CU_ASSERT_EQUAL(judged(FAST_PUNT_KNOWN, 0x80, 0x12345678), FAST_FORWARD);
    CU_ASSERT_EQUAL(judged(FAST_PUNT_KNOWN, 0x80, 1), FAST_LONG_HEADER);
    CU_ASSERT_EQUAL(judged(FAST_PUNT_KNOWN, 0x80, 0x6b3343cf), FAST_LONG_HEADER);
    CU_ASSERT_EQUAL(judged(FAST_PUNT_KNOWN, 0x80, 0x6f7dc0fd), FAST_LONG_HEADER);
    CU_ASSERT_EQUAL(judged(FAST_PUNT_KNOWN, 0x80, 0xef7dc0fd), FAST_LONG_HEADER);
    CU_ASSERT_EQUAL(judged(FAST_PUNT_KNOWN, 0x7f, 1), FAST_FORWARD);
}

static void sizes(void)
{
    struct fast_record record = {.size_max = 1280};
    struct fast_packet packet = {0};
    CU_ASSERT_EQUAL(fast_judge(&record, &packet, 1280), FAST_FORWARD);
    CU_ASSERT_EQUAL(fast_judge(&record, &packet, 1281), FAST_TOO_LONG);
    record.size_max = 0;
    CU_ASSERT_EQUAL(fast_judge(&record, &packet, 65535), FAST_FORWARD);
}

/* Any value of a checksum, and the sums' two zeros among them. */
static void rewritten_as_the_engine_does(void)
{
    struct flow_path path = test_path(1, "10.0.0.5:4000", "192.0.2.1:5000", "198.51.100.7:443");
    struct fast_record record = entry_record(&path, FLOW_PATH_UP, 0, 1, 0);
    for (unsigned checksum = 0; checksum <= 0xffff; checksum++) {
        struct sent fast = made4(10), slow;
        uint8_t bytes[2] = {(uint8_t)(checksum >> 8), (uint8_t)checksum};
        memcpy(fast.bytes + 10, bytes, 2);
        memcpy(fast.bytes + 26, bytes, 2);
        slow = fast;
        struct packet_view view;
        CU_ASSERT_EQUAL_FATAL(packet_decode(slow.bytes, slow.len, (uint32_t)slow.len, &view), QW_OK);
        nat_rewrite_udp(slow.bytes, &view, &path.ways[FLOW_PATH_UP].rewrite);
        fast_rewrite4((struct iphdr *)(void *)fast.bytes, (struct udphdr *)(void *)(fast.bytes + 20),
                      &record);
        CU_ASSERT_EQUAL_FATAL(memcmp(fast.bytes, slow.bytes, slow.len), 0);
    }
}

/* Against the sum computed anew (RFC 1071), with every value of it. */
static void hops(void)
{
    for (unsigned i = 0; i <= 0xffff; i++) {
        struct sent sent = made4(1);
        struct iphdr *ip = (void *)sent.bytes;
        ip->ttl = (uint8_t)(2 + i / 256 % 254);
        ip->id = (uint16_t)i;
        ip->check = 0;
        ip->check = htons(qw_checksum_finish(qw_checksum_add(0, ip, 20)));
        fast_hop4(ip);
        CU_ASSERT_EQUAL(ip->ttl, 1 + i / 256 % 254);
        CU_ASSERT_NOT_EQUAL(ip->check, 0xffff); /* of the two zeros the kernel writes the other */
        CU_ASSERT_EQUAL_FATAL(qw_checksum_finish(qw_checksum_add(0, ip, 20)), 0);
    }
}

void suite_packet(void)
{
    static const struct test TESTS[] = {
        {"X1: plain UDP packets are read", plain},
        {"X2: options, fragments, TTL 1, other protocols and false lengths of IPv4 are left alone", unusual4},
        {"X2: extension headers, hop limit 1 and false lengths of IPv6 are left alone", unusual6},
        {"X2: cut packets and empty payloads are left alone", cut},
        {"X2: only what Ethernet pads may have padding", padded},
        {"X2: long headers are left alone as the path says", long_headers},
        {"X2: packets over the limit are left alone, those of its length are not", sizes},
        {"X3: for every checksum the rewrite equals the engine's", rewritten_as_the_engine_does},
        {"X3: a hop less keeps the header's checksum right", hops},
    };
    TEST_SUITE("offload: packets", TESTS);
}
