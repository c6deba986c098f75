/* The program in the kernel against what the engine does with the same packets, byte for byte. Needs the
 * right to load programs; without it only the tests that need none run. */
#include "fast_packet.h"
#include "flows.h"
#include "packets.h"
#include "program.h"
#include "random.h"
#include "suite.h"
#include "suites.h"
#include <quicward/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const enum offload_place PLACES[] = {OFFLOAD_XDP, OFFLOAD_TC};

static bool is_path(const struct packet_view *view, const struct flow_path_way *way)
{
    return view->kind == PACKET_UDP && view->family == way->match.family &&
           qw_endpoint_compare(&view->tuple.src, &way->match.src) == 0 &&
           qw_endpoint_compare(&view->tuple.dst, &way->match.dst) == 0;
}

/* What the engine and then the kernel make of it. */
static void forward(uint8_t *packet, size_t len, const struct flow_path_way *way)
{
    struct packet_view view;
    CU_ASSERT_EQUAL_FATAL(packet_decode(packet, len, (uint32_t)len, &view), QW_OK);
    CU_ASSERT_TRUE(is_path(&view, way));
    if (view.family == QW_IPV6) {
        packet[7]--;
        return;
    }
    if (way->rewrite.source || way->rewrite.destination)
        nat_rewrite_udp(packet, &view, &way->rewrite);
    uint32_t sum = (uint32_t)(packet[10] << 8 | packet[11]) + 0x0100;
    sum += sum >= 0xffff;
    packet[10] = (uint8_t)(sum >> 8);
    packet[11] = (uint8_t)sum;
    packet[8]--;
}

bool test_compare(struct kernel *kernel, enum offload_place place, const struct flow_path_way *way,
                  const uint8_t *packet, size_t len)
{
    struct frame frame = test_frame(packet, len), wanted = frame;
    bool forwarded = test_run(kernel, place, &frame);
    if (forwarded) {
        forward(wanted.bytes + 14, len, way);
        memcpy(wanted.bytes, "\2\0\0\0\0\x9\0\0\0\0\0\0", 12);
    }
    CU_ASSERT_EQUAL(frame.len, wanted.len);
    CU_ASSERT_EQUAL(memcmp(frame.bytes, wanted.bytes, wanted.len), 0);
    return forwarded;
}

/* ---- random packets ---- */

struct random_flow {
    struct flow_path path;
    enum flow_path_direction direction;
    char from[QW_ENDPOINT_TEXT_MAX], to[QW_ENDPOINT_TEXT_MAX];
};

static struct random_flow random_flow(uint64_t *random, uint64_t id)
{
    struct random_flow flow;
    char inside[64], external[64], remote[64];
    bool ipv6 = test_random(random) % 4 == 0, nat = !ipv6 && test_random(random) % 4;
    unsigned port = 1024 + test_random(random) % 64512;
    snprintf(inside, sizeof inside, ipv6 ? "[2001:db8:1::%x]:%u" : "10.0.%u.5:%u", test_random(random) % 256,
             port);
    snprintf(external, sizeof external, "192.0.2.%u:%u", test_random(random) % 256,
             1024 + test_random(random) % 64512);
    snprintf(remote, sizeof remote, ipv6 ? "[2001:db8:2::%x]:%u" : "198.51.100.%u:%u",
             test_random(random) % 256, 443);
    flow.path = test_path(id, inside, nat ? external : NULL, remote);
    flow.path.flags = test_random(random) % 4;
    flow.direction = test_random(random) % 2 ? FLOW_PATH_UP : FLOW_PATH_DOWN;
    struct flow_path_way *way = &flow.path.ways[flow.direction];
    way->size_max = test_random(random) % 2 ? 600 : 0;
    qw_endpoint_text(&way->match.src, flow.path.family, flow.from);
    qw_endpoint_text(&way->match.dst, flow.path.family, flow.to);
    return flow;
}

/* Whole ones, some without a checksum, some of any other; one in four has a few bytes of its headers changed.
 */
static size_t random_packet(uint64_t *random, const struct random_flow *flow, uint8_t out[FRAME_MAX])
{
    uint8_t payload[1400];
    size_t payload_len = test_random(random) % sizeof payload;
    for (size_t i = 0; i < payload_len && i < 64; i++)
        payload[i] = (uint8_t)test_random(random);
    memset(payload + 64, 7, sizeof payload - 64);
    size_t len = test_udp(out, FRAME_MAX, flow->from, flow->to, payload, payload_len);
    bool ipv6 = flow->path.family == QW_IPV6;
    if (test_random(random) % 4 == 0)
        out[ipv6 ? 46 : 26] = out[ipv6 ? 47 : 27] = 0;
    if (test_random(random) % 4 == 0)
        for (unsigned i = 0; i < 1 + test_random(random) % 3; i++)
            out[test_random(random) % (ipv6 ? 48 : 28)] ^= (uint8_t)(1 << test_random(random) % 8);
    return len;
}

/* What the engine would leave to no path must not be forwarded; what is plain must be. */
static enum fast_why expected(const struct random_flow *flow, uint8_t *packet, size_t len)
{
    struct fast_packet read;
    struct fast_key4 four = {0};
    struct fast_key6 six = {0};
    _Alignas(8) uint8_t copy[FRAME_MAX];
    memcpy(copy, packet, len);
    const struct flow_path_way *way = &flow->path.ways[flow->direction];
    struct fast_match match = entry_match(&way->match);
    enum fast_why why = match.ipv6 ? fast_read6(copy, copy + len, (uint32_t)len, &read, &six)
                                   : fast_read4(copy, copy + len, (uint32_t)len, &read, &four);
    if (why != FAST_FORWARD)
        return why;
    bool same = match.ipv6 ? memcmp(&six, &match.key.six, sizeof six) == 0
                           : memcmp(&four, &match.key.four, sizeof four) == 0;
    struct fast_record record = entry_record(&flow->path, flow->direction, 0, 1, 0);
    return same ? fast_judge(&record, &read, read.ip_len) : FAST_NO_ENTRY;
}

/* The number of packets at a place; QW_PACKETS sets it, for long runs. */
static unsigned long packets_wanted(void)
{
    const char *text = getenv("QW_PACKETS");
    return text ? strtoul(text, NULL, 10) : 20000;
}

static void random_packets(void)
{
    struct kernel *kernel = test_kernel();
    unsigned long forwarded = 0, count = packets_wanted();
    uint64_t random = 11;
    for (unsigned place = 0; kernel && place < 2; place++)
        for (unsigned long i = 0; i < count; i += 20) {
            struct random_flow flow = random_flow(&random, i + 1);
            struct fast_match match = entry_match(&flow.path.ways[flow.direction].match);
            struct fast_record old;
            CU_ASSERT_TRUE_FATAL(test_put(kernel, &flow.path, flow.direction, PLACES[place]));
            for (unsigned k = 0; k < 20; k++) {
                uint8_t packet[FRAME_MAX];
                size_t len = random_packet(&random, &flow, packet);
                enum fast_why why = expected(&flow, packet, len);
                bool went = test_compare(kernel, PLACES[place], &flow.path.ways[flow.direction], packet, len);
                CU_ASSERT_EQUAL(went, why == FAST_FORWARD);
                forwarded += went;
            }
            CU_ASSERT_TRUE(kernel_take(kernel, &match, &old));
        }
    CU_ASSERT_TRUE(!kernel || forwarded > count / 2);
    kernel_free(kernel);
}

/* ---- what else is passed on ---- */

static const char IN[] = "10.0.0.5:4000", OUT[] = "192.0.2.1:5000", FAR[] = "198.51.100.7:443";

static size_t plain_packet(uint8_t out[FRAME_MAX], size_t payload)
{
    uint8_t data[1500];
    memset(data, 0x41, sizeof data);
    return test_udp(out, FRAME_MAX, IN, FAR, data, payload);
}

static bool goes(struct kernel *kernel, enum offload_place place, size_t payload)
{
    uint8_t packet[FRAME_MAX];
    struct flow_path path = test_path(1, IN, OUT, FAR);
    size_t len = plain_packet(packet, payload);
    return test_compare(kernel, place, &path.ways[FLOW_PATH_UP], packet, len);
}

static uint64_t counted_as(struct kernel *kernel, enum fast_why why)
{
    return kernel_count(kernel, 0, why).packets + kernel_count(kernel, 1, why).packets;
}

/* `why` was counted once more, and the packet was passed on. */
static void is_passed(struct kernel *kernel, enum offload_place place, size_t payload, enum fast_why why)
{
    uint64_t before = counted_as(kernel, why);
    CU_ASSERT_FALSE(goes(kernel, place, payload));
    CU_ASSERT_EQUAL(counted_as(kernel, why), before + 1);
}

static void put_again(struct kernel *kernel, enum offload_place place)
{
    struct flow_path path = test_path(1, IN, OUT, FAR);
    struct fast_match match = entry_match(&path.ways[FLOW_PATH_UP].match);
    struct fast_record old;
    CU_ASSERT_TRUE(kernel_take(kernel, &match, &old));
    CU_ASSERT_TRUE(test_put(kernel, &path, FLOW_PATH_UP, place));
}

static void surroundings(struct kernel *kernel, enum offload_place place)
{
    static const struct fast_port HERE = {.ifindex = 1, .mtu = 1500, .carrier = 1},
                                  ELSEWHERE = {.ifindex = 77, .mtu = 1500, .carrier = 77};
    struct fast_control *control = kernel_control(kernel);
    uint64_t alive = control->alive_until_ms;
    CU_ASSERT_TRUE(goes(kernel, place, 100));
    CU_ASSERT_TRUE(goes(kernel, place, 1472));
    is_passed(kernel, place, 1473, FAST_TOO_LONG); /* the MTU */
    control->alive_until_ms = test_now().ns / QW_NS_PER_MS - 1;
    is_passed(kernel, place, 100, FAST_DEAD);
    control->alive_until_ms = alive;
    is_passed(kernel, place, 100, FAST_WAITS); /* for the one before */
    put_again(kernel, place);
    control->epoch++; /* there is no route to FAR over the loopback interface's peer */
    is_passed(kernel, place, 100, FAST_NO_ROUTE);
    control->epoch--;
    is_passed(kernel, place, 100, FAST_WAITS);
    CU_ASSERT_EQUAL(control->shut, 2);
    put_again(kernel, place);
    CU_ASSERT_TRUE(kernel_set_port(kernel, 0, &ELSEWHERE) && kernel_set_port(kernel, 1, &HERE));
    is_passed(kernel, place, 100, FAST_INTERFACE);
    CU_ASSERT_TRUE(kernel_set_port(kernel, 1, &(struct fast_port){0}) && kernel_set_port(kernel, 0, &HERE));
    is_passed(kernel, place, 100, FAST_INTERFACE);
    CU_ASSERT_TRUE(kernel_set_port(kernel, 1, &HERE));
    CU_ASSERT_TRUE(goes(kernel, place, 100));
}

static void to_another_station(struct kernel *kernel, enum offload_place place)
{
    uint8_t packet[FRAME_MAX];
    struct frame frame = test_frame(packet, plain_packet(packet, 100));
    frame = test_frame(packet, frame.len - 14);
    frame.bytes[5] = 1;
    CU_ASSERT_FALSE(test_run(kernel, place, &frame));
}

/* What was counted: two packets of 128 bytes, one of them marked. */
static void counted(struct kernel *kernel, enum offload_place place)
{
    uint8_t packet[FRAME_MAX];
    struct flow_path path = test_path(1, IN, OUT, FAR);
    struct fast_match match = entry_match(&path.ways[FLOW_PATH_UP].match);
    struct fast_record record;
    CU_ASSERT_TRUE(kernel_take(kernel, &match, &record));
    CU_ASSERT_TRUE(test_put(kernel, &path, FLOW_PATH_UP, place));
    size_t len = plain_packet(packet, 100);
    test_compare(kernel, place, &path.ways[FLOW_PATH_UP], packet, len);
    packet[1] = 3;
    test_compare(kernel, place, &path.ways[FLOW_PATH_UP], packet, len);
    CU_ASSERT_TRUE(kernel_look(kernel, &match, &record));
    CU_ASSERT_EQUAL(record.packets, 2);
    CU_ASSERT_EQUAL(record.bytes, 256);
    CU_ASSERT_EQUAL(record.ce, 1);
    CU_ASSERT_TRUE((uint32_t)(test_now().ns / QW_NS_PER_MS) - record.last_seen_ms < 3600000);
}

/* The other program leaves the record alone. */
static void of_others(struct kernel *kernel, enum offload_place place)
{
    struct flow_path path = test_path(1, IN, OUT, FAR);
    struct fast_match match = entry_match(&path.ways[FLOW_PATH_UP].match);
    struct fast_record record;
    uint64_t before = counted_as(kernel, FAST_NO_ENTRY);
    CU_ASSERT_FALSE(goes(kernel, place == OFFLOAD_TC ? OFFLOAD_XDP : OFFLOAD_TC, 100));
    CU_ASSERT_EQUAL(counted_as(kernel, FAST_NO_ENTRY),
                    before + (place == OFFLOAD_TC)); /* at tc it was before */
    CU_ASSERT_TRUE(kernel_take(kernel, &match, &record));
    is_passed(kernel, place, 100, FAST_NO_ENTRY);
}

static void with_a_path(void (*check)(struct kernel *, enum offload_place))
{
    struct flow_path path = test_path(1, IN, OUT, FAR);
    for (unsigned i = 0; i < 2; i++) {
        struct kernel *kernel = test_kernel();
        if (!kernel)
            return;
        CU_ASSERT_TRUE(test_put(kernel, &path, FLOW_PATH_UP, PLACES[i]));
        check(kernel, PLACES[i]);
        kernel_free(kernel);
    }
}

static void test_surroundings(void)
{
    with_a_path(surroundings);
}

static void test_stations(void)
{
    with_a_path(to_another_station);
}

static void test_counters(void)
{
    with_a_path(counted);
}

static void test_others(void)
{
    with_a_path(of_others);
}

void suite_program(void)
{
    static const struct test TESTS[] = {
        {"X3 X2: random packets leave the kernel's program as they leave the engine, or untouched",
         random_packets},
        {"X2 X6: MTU, dead daemon, lost route and other interfaces: packets go on untouched",
         test_surroundings},
        {"X2: frames to another station are left alone", test_stations},
        {"X5: packets, bytes and CE marks are counted", test_counters},
        {"X3: records of the other program, or under another tag, are left alone", test_others},
    };
    TEST_SUITE("offload: program", TESTS);
}
