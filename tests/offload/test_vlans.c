/* Tags of VLANs at XDP: put, taken and exchanged, with bytes otherwise as the engine makes them. */
#include "fast_packet.h"
#include "flows.h"
#include "packets.h"
#include "program.h"
#include "random.h"
#include "suite.h"
#include "suites.h"
#include <stdlib.h>
#include <string.h>

#define FRAME_LEAST 60

static const char IN[] = "10.0.0.5:4000", OUT[] = "192.0.2.1:5000", FAR[] = "198.51.100.7:443",
                  IN6[] = "[2001:db8:1::5]:4000", FAR6[] = "[2001:db8:2::7]:443";

static struct flow_path path_of(bool ipv6)
{
    return ipv6 ? test_path(1, IN6, NULL, FAR6) : test_path(1, IN, OUT, FAR);
}

static struct frame frame_of(bool ipv6, size_t payload_len)
{
    uint8_t payload[1500], packet[FRAME_MAX];
    memset(payload, 0x41, sizeof payload);
    return test_frame(
        packet, test_udp(packet, sizeof packet, ipv6 ? IN6 : IN, ipv6 ? FAR6 : FAR, payload, payload_len));
}

/* What goes out between interfaces without tags: that the engine would make the same, test_program.c says. */
static struct frame wanted_of(struct kernel *kernel, bool ipv6, size_t payload_len)
{
    struct frame frame = frame_of(ipv6, payload_len);
    test_set_vlan(kernel, 0, 0);
    test_set_vlan(kernel, 1, 0);
    CU_ASSERT_TRUE(test_run(kernel, OFFLOAD_XDP, &frame));
    return frame;
}

/* By VLAN `in` to VLAN `out`, 0: no tag. */
static void goes(struct kernel *kernel, bool ipv6, size_t payload_len, uint16_t in, uint16_t out)
{
    struct frame wanted = wanted_of(kernel, ipv6, payload_len), frame = frame_of(ipv6, payload_len);
    test_set_vlan(kernel, 0, in);
    test_set_vlan(kernel, 1, out);
    if (in)
        test_tag(&frame, (uint16_t)(0x6000 | in)); /* the priority is not looked at */
    if (in && !out && wanted.len < FRAME_LEAST)
        wanted.len = FRAME_LEAST;
    if (out)
        test_tag(&wanted, out);
    CU_ASSERT_TRUE(test_run(kernel, OFFLOAD_XDP, &frame));
    CU_ASSERT_EQUAL(frame.len, wanted.len);
    CU_ASSERT_EQUAL(memcmp(frame.bytes, wanted.bytes, wanted.len), 0);
}

static void with_paths(void (*check)(struct kernel *, bool))
{
    for (unsigned ipv6 = 0; ipv6 < 2; ipv6++) {
        struct kernel *kernel = test_kernel();
        struct flow_path path = path_of(ipv6);
        if (!kernel)
            return;
        CU_ASSERT_TRUE(test_put(kernel, &path, FLOW_PATH_UP, OFFLOAD_XDP));
        check(kernel, ipv6);
        kernel_free(kernel);
    }
}

static void all_ways(struct kernel *kernel, bool ipv6)
{
    static const size_t PAYLOADS[] = {1, 2, 17, 18, 19, 100, 1452};
    for (unsigned i = 0; i < sizeof PAYLOADS / sizeof PAYLOADS[0]; i++) {
        goes(kernel, ipv6, PAYLOADS[i], 10, 0);
        goes(kernel, ipv6, PAYLOADS[i], 0, 4094);
        goes(kernel, ipv6, PAYLOADS[i], 10, 20);
        goes(kernel, ipv6, PAYLOADS[i], 10, 10);
    }
}

/* Padded to what Ethernet needs with a tag, then without one. */
static void padded(struct kernel *kernel, bool ipv6)
{
    struct frame frame = frame_of(ipv6, 1);
    struct frame wanted = wanted_of(kernel, ipv6, 1);
    if (ipv6)
        return;
    test_set_vlan(kernel, 0, 10);
    test_set_vlan(kernel, 1, 0);
    test_tag(&frame, 10);
    frame.len = FRAME_LEAST;
    CU_ASSERT_TRUE(test_run(kernel, OFFLOAD_XDP, &frame));
    CU_ASSERT_EQUAL(frame.len, FRAME_LEAST);
    CU_ASSERT_EQUAL(memcmp(frame.bytes, wanted.bytes, FRAME_LEAST), 0);
}

static void stays(struct kernel *kernel, struct frame frame)
{
    struct frame before = frame;
    CU_ASSERT_FALSE(test_run(kernel, OFFLOAD_XDP, &frame));
    CU_ASSERT_EQUAL(frame.len, before.len);
    CU_ASSERT_EQUAL(memcmp(frame.bytes, before.bytes, before.len), 0);
}

static void others(struct kernel *kernel, bool ipv6)
{
    struct frame plain = frame_of(ipv6, 100), tagged = plain, other = plain, priority = plain;
    test_tag(&tagged, 10);
    test_tag(&other, 11);
    test_tag(&priority, 0xe000);
    test_set_vlan(kernel, 0, 10);
    test_set_vlan(kernel, 1, 20);
    uint64_t before = kernel_count(kernel, 0, FAST_OTHER).packets;
    stays(kernel, plain);
    stays(kernel, other);
    stays(kernel, priority);
    struct frame two = tagged;
    test_tag(&two, 10);
    stays(kernel, two);
    CU_ASSERT_EQUAL(kernel_count(kernel, 0, FAST_OTHER).packets, before + 1); /* as the VLAN's */
    tagged.bytes[12] = 0x88;                                                  /* 802.1ad */
    tagged.bytes[13] = 0xa8;
    stays(kernel, tagged);
    test_set_vlan(kernel, 0, 0);
    stays(kernel, other);
    test_tag(&plain, 0); /* priority alone: the kernel's */
    stays(kernel, plain);
    tagged.len = 16; /* ends within its tag */
    tagged.bytes[12] = 0x81;
    tagged.bytes[13] = 0x00;
    stays(kernel, tagged);
}

/* The stations of a VLAN are those of its interface. */
static void stations(struct kernel *kernel, bool ipv6)
{
    struct frame frame = frame_of(ipv6, 100);
    test_set_vlan(kernel, 0, 10);
    test_tag(&frame, 10);
    frame.bytes[5] = 1;
    stays(kernel, frame);
}

/* Random ones, of random VLANs: forwarded if the tag is the interface's, else left alone. */
static void random_tags(struct kernel *kernel, bool ipv6)
{
    static const uint16_t TAGS[] = {0, 10, 20};
    uint64_t random = 5;
    for (unsigned i = 0; i < 2000; i++) {
        uint16_t in = TAGS[test_random(&random) % 3], out = TAGS[test_random(&random) % 3],
                 has = TAGS[test_random(&random) % 3];
        size_t payload_len = 1 + test_random(&random) % 1400;
        if (has == in) {
            goes(kernel, ipv6, payload_len, in, out);
            continue;
        }
        struct frame frame = frame_of(ipv6, payload_len);
        test_set_vlan(kernel, 0, in);
        test_set_vlan(kernel, 1, out);
        if (has)
            test_tag(&frame, has);
        stays(kernel, frame);
    }
}

static void test_ways(void)
{
    with_paths(all_ways);
}

static void test_padding(void)
{
    with_paths(padded);
}

static void test_others(void)
{
    with_paths(others);
}

static void test_stations(void)
{
    with_paths(stations);
}

static void test_random_tags(void)
{
    with_paths(random_tags);
}

void suite_vlans(void)
{
    static const struct test TESTS[] = {
        {"X3: tags are put, taken and exchanged, and the rest is as without", test_ways},
        {"X3: frames that become too short are padded", test_padding},
        {"X2: another VLAN, two tags, other tags and priorities alone are left to the kernel", test_others},
        {"X2: frames of a VLAN to another station are left alone", test_stations},
        {"X3 X2: random tags", test_random_tags},
    };
    TEST_SUITE("offload: VLANs", TESTS);
}
