/* What nobody asked for: dropped by the program at both places, and never anything else. */
#include "flows.h"
#include "offload_drops.h"
#include "packets.h"
#include "program.h"
#include "random.h"
#include "suite.h"
#include "suites.h"
#include <arpa/inet.h>
#include <quicward/base/ports.h>
#include <quicward/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const enum offload_place PLACES[] = {OFFLOAD_XDP, OFFLOAD_TC};
static const char FAR[] = "203.0.113.9:443", TO[] = "198.51.100.7:40000", USED[] = "198.51.100.7:40002";

/* ---- headers, natively ---- */

/* A kind of packet, at times with bits of its headers flipped. */
static size_t random_packet(uint64_t *random, uint8_t out[FRAME_MAX])
{
    uint8_t payload[64] = {0};
    size_t len = test_udp(out, FRAME_MAX, FAR, TO, payload, test_random(random) % sizeof payload);
    for (unsigned flips = test_random(random) % 4; flips > 0; flips--)
        out[test_random(random) % 28] ^= (uint8_t)(1 << test_random(random) % 8);
    return len + (test_random(random) % 4 == 0 ? test_random(random) % 20 : 0); /* padding */
}

static void read_as_the_engine_does(void)
{
    uint64_t random = 5;
    unsigned read = 0;
    for (unsigned i = 0; i < 300000; i++) {
        _Alignas(8) uint8_t packet[FRAME_MAX] = {0};
        struct packet_view view;
        struct fast_ends ends;
        size_t len = random_packet(&random, packet);
        if (!fast_read_ends(packet, packet + len, (uint32_t)len, &ends))
            continue;
        read++;
        CU_ASSERT_EQUAL_FATAL(packet_decode(packet, len, (uint32_t)len, &view), QW_OK);
        CU_ASSERT_TRUE_FATAL(view.kind == PACKET_UDP && view.family == QW_IPV4 && !view.first_fragment);
        CU_ASSERT_EQUAL_FATAL(ntohs(ends.destination_port), view.tuple.dst.port);
        CU_ASSERT_EQUAL_FATAL(ntohs(ends.source_port), view.tuple.src.port);
        CU_ASSERT_EQUAL_FATAL(memcmp(&ends.destination, view.tuple.dst.addr.bytes + 12, 4), 0);
        CU_ASSERT_EQUAL_FATAL(memcmp(&ends.source, view.tuple.src.addr.bytes + 12, 4), 0);
        CU_ASSERT_EQUAL_FATAL(ends.ip_len, view.ip_len);
    }
    CU_ASSERT_TRUE(read > 100000);
}

static void unusual_is_left_alone(void)
{
    static const struct {
        unsigned at;
        uint8_t value;
    } CHANGES[] = {{0, 0x46}, {0, 0x65}, {6, 0x20}, {7, 1}, {9, 6}, {9, 51}, {2, 0xff}, {24, 0xff}, {25, 7}};
    for (unsigned i = 0; i < sizeof CHANGES / sizeof CHANGES[0]; i++) {
        _Alignas(8) uint8_t packet[FRAME_MAX];
        struct fast_ends ends;
        size_t len = test_udp(packet, sizeof packet, FAR, TO, "payload", 7);
        CU_ASSERT_TRUE(fast_read_ends(packet, packet + len, (uint32_t)len, &ends));
        packet[CHANGES[i].at] = CHANGES[i].value;
        CU_ASSERT_FALSE(fast_read_ends(packet, packet + len, (uint32_t)len, &ends));
        CU_ASSERT_FALSE(fast_read_ends(packet, packet + 27, (uint32_t)len, &ends));
    }
}

/* Whatever the addresses are, one that has a place is found there, and no other leads to a map of its own. */
static void places_of_addresses(void)
{
    static struct qw_port_map maps[FAST_ADDRESSES_MAX];
    static struct fast_watch watch;
    uint64_t random = 3;
    unsigned placed = 0, rounds = 2000;
    for (unsigned round = 0; round < rounds; round++) {
        for (unsigned i = 0; i < FAST_ADDRESSES_MAX; i++)
            maps[i].ipv4 = test_random(&random) | 1;
        drops_place(maps, watch.places);
        for (unsigned i = 0; i < FAST_ADDRESSES_MAX; i++) {
            uint32_t slot = fast_find_slot(&watch, maps[i].ipv4);
            CU_ASSERT_TRUE_FATAL(slot == FAST_ADDRESSES_MAX || maps[slot].ipv4 == maps[i].ipv4);
            placed += slot != FAST_ADDRESSES_MAX;
        }
    }
    CU_ASSERT_TRUE(placed > rounds * (FAST_ADDRESSES_MAX - 1)); /* of 64, hardly one finds none */
    memset(maps, 0, sizeof maps);
    drops_place(maps, watch.places);
    CU_ASSERT_EQUAL(fast_find_slot(&watch, htonl(0xc6336407)), FAST_ADDRESSES_MAX);
}

/* An answer holds for whom it was given, and no longer. */
static void answers_about_ways(void)
{
    static const uint32_t WHERE[] = {1, 2, 3, 4}, OTHER[] = {1, 2, 3, 5}, SOURCE[] = {5, 6, 7, 8};
    const struct fast_way asked = {.source = SOURCE,
                                   .destination = WHERE,
                                   .source_mask = ~0u,
                                   .words = 4,
                                   .ifindex = 2,
                                   .tick = 9,
                                   .len = 1200};
    struct fast_lead lead = {0};
    CU_ASSERT_FALSE(
        fast_is_led(&lead, &(struct fast_way){.source = SOURCE, .destination = WHERE, .words = 4}));
    fast_lead(&lead, &asked);
    CU_ASSERT_TRUE(fast_is_led(&lead, &asked));
    struct fast_way ways[] = {asked, asked, asked, asked, asked, asked};
    ways[0].len = 1201;
    ways[1].tick = 10;
    ways[2].ifindex = 3;
    ways[3].destination = OTHER;
    ways[4].source = OTHER;
    ways[5].words = 1;
    for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++)
        CU_ASSERT_FALSE(fast_is_led(&lead, &ways[i]));
    ways[0].len = 40;
    ways[4].source_mask = 0;
    CU_ASSERT_TRUE(fast_is_led(&lead, &ways[0]) && fast_is_led(&lead, &ways[4]));
    CU_ASSERT_NOT_EQUAL(fast_lead_of(&asked), fast_lead_of(&ways[4]));
    CU_ASSERT_TRUE(fast_lead_of(&asked) < FAST_LEADS);
}

/* ---- by the program ---- */

static uint32_t ipv4(const char *text)
{
    return inet_addr(text);
}

static void use(struct kernel *kernel, unsigned slot, uint16_t port)
{
    kernel_port_maps(kernel)[slot].used[port / 64] |= 1ull << port % 64;
}

/* The loopback interface is outside; the second slot has the address, and one port in use. */
static struct kernel *watching(void)
{
    struct kernel *kernel = test_kernel();
    if (!kernel)
        return NULL;
    kernel_port_maps(kernel)[1].ipv4 = ipv4("198.51.100.7");
    use(kernel, 1, 40002);
    drops_place(kernel_port_maps(kernel), kernel_watch(kernel)->places);
    kernel_watch(kernel)->id = kernel_control(kernel)->watcher = 9;
    kernel_watch(kernel)->outside = 3; /* whichever slot the interface's number leads to */
    return kernel;
}

static struct frame frame_to(const char *to, size_t payload_len)
{
    static const uint8_t PAYLOAD[1400];
    uint8_t packet[FRAME_MAX];
    return test_frame(packet, test_udp(packet, sizeof packet, FAR, to, PAYLOAD, payload_len));
}

static bool drops(struct kernel *kernel, enum offload_place place, const char *to)
{
    struct frame frame = frame_to(to, 100);
    return test_dropped(kernel, place, &frame);
}

static void with_a_watch(void (*check)(struct kernel *, enum offload_place))
{
    for (unsigned i = 0; i < 2; i++) {
        struct kernel *kernel = watching();
        if (!kernel)
            return;
        check(kernel, PLACES[i]);
        kernel_free(kernel);
    }
}

static void by_port(struct kernel *kernel, enum offload_place place)
{
    CU_ASSERT_TRUE(drops(kernel, place, TO));
    CU_ASSERT_FALSE(drops(kernel, place, USED));
    CU_ASSERT_FALSE(drops(kernel, place, "198.51.100.8:40000"));
    CU_ASSERT_FALSE(drops(kernel, place, "0.0.0.0:40000")); /* where no address is yet */
    CU_ASSERT_TRUE(drops(kernel, place, "198.51.100.7:40003"));
    use(kernel, 1, 40003);
    CU_ASSERT_FALSE(drops(kernel, place, "198.51.100.7:40003"));
    kernel_port_maps(kernel)[1].ipv4 = ipv4("198.51.100.8"); /* the place is out of date */
    CU_ASSERT_FALSE(drops(kernel, place, TO));
    CU_ASSERT_FALSE(drops(kernel, place, "198.51.100.8:40000"));
}

/* Any length, and any TTL. */
static void by_kind(struct kernel *kernel, enum offload_place place)
{
    for (size_t len = 0; len <= 1400; len += 100) {
        struct frame frame = frame_to(TO, len);
        CU_ASSERT_TRUE(test_dropped(kernel, place, &frame));
        frame.bytes[14 + 8] = 1;
        CU_ASSERT_TRUE(test_dropped(kernel, place, &frame));
        frame.bytes[14 + 6] = 0x20; /* a first fragment */
        CU_ASSERT_FALSE(test_dropped(kernel, place, &frame));
    }
    struct frame other = frame_to(TO, 100);
    other.bytes[14 + 9] = 1; /* ICMP */
    CU_ASSERT_FALSE(test_dropped(kernel, place, &other));
}

static void by_surroundings(struct kernel *kernel, enum offload_place place)
{
    struct fast_watch *watch = kernel_watch(kernel);
    struct fast_control *control = kernel_control(kernel);
    uint64_t outside = watch->outside, alive = control->alive_until_ms;
    watch->outside = 0;
    CU_ASSERT_FALSE(drops(kernel, place, TO));
    watch->outside = 1ull << 60; /* another interface is outside */
    CU_ASSERT_FALSE(drops(kernel, place, TO));
    watch->outside = outside;
    control->alive_until_ms = test_now().ns / QW_NS_PER_MS - 1;
    CU_ASSERT_FALSE(drops(kernel, place, TO));
    control->alive_until_ms = alive;
    control->watcher = 10; /* another daemon has come */
    CU_ASSERT_FALSE(drops(kernel, place, TO));
    control->watcher = 9;
    CU_ASSERT_TRUE(drops(kernel, place, TO));
    struct frame station = frame_to(TO, 100);
    station.bytes[5] = 1;
    CU_ASSERT_FALSE(test_dropped(kernel, place, &station));
}

static uint64_t counted(struct kernel *kernel, bool bytes)
{
    uint64_t sum = 0;
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct fast_count count = kernel_count(kernel, slot, FAST_UNSOLICITED);
        sum += bytes ? count.bytes : count.packets;
    }
    return sum;
}

static void are_counted(struct kernel *kernel, enum offload_place place)
{
    CU_ASSERT_TRUE(drops(kernel, place, TO));
    CU_ASSERT_TRUE(drops(kernel, place, TO));
    CU_ASSERT_FALSE(drops(kernel, place, USED));
    CU_ASSERT_TRUE(counted(kernel, false) == 2 && counted(kernel, true) == 256);
    CU_ASSERT_TRUE(kernel_dropped(kernel, FAST_NO_MAPPING).packets == 2 &&
                   kernel_dropped(kernel, FAST_NO_MAPPING).bytes == 256);
    kernel_clear_counts(kernel, 0);
    kernel_clear_counts(kernel, 1);
    CU_ASSERT_TRUE(counted(kernel, false) == 0 && kernel_dropped(kernel, FAST_NO_MAPPING).packets == 2);
}

/* Whose record it is does not matter: who has one is known. */
static void not_with_an_entry(struct kernel *kernel, enum offload_place place)
{
    struct flow_path path = test_path(1, "10.0.0.5:4000", TO, FAR);
    enum offload_place other = place == OFFLOAD_TC ? OFFLOAD_XDP : OFFLOAD_TC;
    CU_ASSERT_TRUE(test_put(kernel, &path, FLOW_PATH_DOWN, other));
    CU_ASSERT_FALSE(drops(kernel, place, TO));
}

/* More of what nobody asked for is looked for first; what has an entry goes its way all the same, and so does
 * what is the queue's. */
static void beside_a_flow(struct kernel *kernel, enum offload_place place)
{
    struct flow_path path = test_path(1, "10.0.0.5:4000", USED, FAR);
    CU_ASSERT_TRUE(test_put(kernel, &path, FLOW_PATH_DOWN, place));
    for (unsigned i = 0; i < 8; i++) {
        struct frame answer = frame_to(USED, 100);
        for (unsigned n = 0; n < i; n++)
            CU_ASSERT_TRUE(drops(kernel, place, TO));
        CU_ASSERT_TRUE(test_run(kernel, place, &answer));
        CU_ASSERT_FALSE(drops(kernel, place, "198.51.100.8:40000"));
    }
    CU_ASSERT_TRUE(counted(kernel, false) == 28);
}

static int socket_at(uint32_t address, uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = address};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&at, size), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

/* No word of the daemon is needed: the kernel looks its own sockets up. */
static void not_for_a_socket(struct kernel *kernel, enum offload_place place)
{
    char to[64];
    uint16_t port;
    int fd = socket_at(INADDR_ANY, &port);
    snprintf(to, sizeof to, "198.51.100.7:%u", port);
    CU_ASSERT_FALSE(drops(kernel, place, to));
    close(fd);
    CU_ASSERT_TRUE(drops(kernel, place, to));
    fd = socket_at(htonl(INADDR_LOOPBACK), &port);
    snprintf(to, sizeof to, "198.51.100.7:%u", port);
    CU_ASSERT_TRUE(drops(kernel, place, to)); /* of another address of this host */
    close(fd);
}

static void test_ports(void)
{
    with_a_watch(by_port);
}

static void test_kinds(void)
{
    with_a_watch(by_kind);
}

static void test_drop_surroundings(void)
{
    with_a_watch(by_surroundings);
}

static void test_counts(void)
{
    with_a_watch(are_counted);
}

static void test_entries(void)
{
    with_a_watch(not_with_an_entry);
}

static void test_flood(void)
{
    with_a_watch(beside_a_flow);
}

static void test_sockets(void)
{
    with_a_watch(not_for_a_socket);
}

void suite_drop(void)
{
    static const struct test TESTS[] = {
        {"X8 S7: whatever is read for dropping the engine reads likewise", read_as_the_engine_does},
        {"X8: options, fragments, other protocols and false lengths are not looked at",
         unusual_is_left_alone},
        {"X8 N15: each of 64 addresses has its own ports", places_of_addresses},
        {"X8 S2: where a packet goes holds for others to the same address, in the same tick",
         answers_about_ways},
        {"X8: only ports without a mapping, of addresses that are ours now", test_ports},
        {"X8: datagrams of any length and TTL, but no fragments and no ICMP", test_kinds},
        {"X8 X6: not from inside, not to another station, not without a daemon", test_drop_surroundings},
        {"X8: drops are counted, also when their interface goes", test_counts},
        {"X8: nothing for which there is an entry", test_entries},
        {"X8 F3: flows go on beside it", test_flood},
        {"X8 N8: nothing that a socket of this host would get", test_sockets},
    };
    TEST_SUITE("offload: unsolicited", TESTS);
}
