#include "capture_link.h"
#include "hex.h"
#include "suite.h"
#include "suites.h"
#include <pcap/dlt.h>

#define NO_IP SIZE_MAX

/* The offset of IP in the frame written as hex, or NO_IP. */
static size_t offset_in(int link, const char *hex)
{
    uint8_t frame[128];
    size_t len = test_hex(hex, frame, sizeof(frame)), offset = 0;
    return capture_ip_offset(link, (struct qw_bytes){frame, len}, &offset) ? offset : NO_IP;
}

#define MACS "001122334455 66778899aabb"

static void ethernet(void)
{
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "0800 45"), 14);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "86dd 60"), 14);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "0806 00"), NO_IP);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "0800"), NO_IP);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, "0800 45"), NO_IP);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, ""), NO_IP);
}

static void vlan_tags(void)
{
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "8100 0064 0800 45"), 18);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "88a8 0064 8100 0065 86dd 60"), 22);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "9100 0064 8100 0065 0800 45"), 22);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "8100 0064 8100 0065 8100 0066 0800 45"), NO_IP);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "8100 0064 0806 00"), NO_IP);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "8100 0064 08"), NO_IP);
}

static void linux_cooked(void)
{
    CU_ASSERT_EQUAL(offset_in(DLT_LINUX_SLL, "0000 0001 0006 001122334455 0000 0800 45"), 16);
    CU_ASSERT_EQUAL(offset_in(DLT_LINUX_SLL, "0000 0001 0006 001122334455 0000 0806 00"), NO_IP);
    CU_ASSERT_EQUAL(offset_in(DLT_LINUX_SLL, "0000 0001 0006 001122334455 0000 8100 0064 86dd 60"), 20);
    CU_ASSERT_EQUAL(offset_in(DLT_LINUX_SLL2, "86dd 0000 00000002 0001 00 06 0011223344550000 60"), 20);
    CU_ASSERT_EQUAL(offset_in(DLT_LINUX_SLL2, "0806 0000 00000002 0001 00 06 0011223344550000 00"), NO_IP);
    CU_ASSERT_EQUAL(offset_in(DLT_LINUX_SLL2, "0800 0000 00000002 0001"), NO_IP);
}

static void bsd_loopback(void)
{
    CU_ASSERT_EQUAL(offset_in(DLT_NULL, "02000000 45"), 4); /* little endian */
    CU_ASSERT_EQUAL(offset_in(DLT_NULL, "00000002 45"), 4);
    CU_ASSERT_EQUAL(offset_in(DLT_NULL, "1e000000 60"), 4); /* macOS */
    CU_ASSERT_EQUAL(offset_in(DLT_NULL, "0a000000 60"), 4); /* Linux */
    CU_ASSERT_EQUAL(offset_in(DLT_LOOP, "00000018 60"), 4); /* OpenBSD */
    CU_ASSERT_EQUAL(offset_in(DLT_LOOP, "00000007 60"), NO_IP);
    CU_ASSERT_EQUAL(offset_in(DLT_NULL, "07000000 60"), NO_IP);
    CU_ASSERT_EQUAL(offset_in(DLT_NULL, "02000000"), NO_IP);
    CU_ASSERT_EQUAL(offset_in(DLT_NULL, "02"), NO_IP);
}

static void raw_ip(void)
{
    CU_ASSERT_EQUAL(offset_in(DLT_RAW, "45"), 0);
    CU_ASSERT_EQUAL(offset_in(DLT_RAW, "60"), 0);
    CU_ASSERT_EQUAL(offset_in(DLT_RAW, "50"), NO_IP);
    CU_ASSERT_EQUAL(offset_in(DLT_RAW, ""), NO_IP);
    CU_ASSERT_EQUAL(offset_in(DLT_IPV4, "45"), 0);
    CU_ASSERT_EQUAL(offset_in(DLT_IPV6, "60"), 0);
}

static void other_links(void)
{
    CU_ASSERT_FALSE(capture_link_known(DLT_IEEE802_11));
    CU_ASSERT_EQUAL(offset_in(DLT_IEEE802_11, "45"), NO_IP);
    CU_ASSERT_TRUE(capture_link_known(DLT_LINUX_SLL2));
}

void link_suite(void)
{
    static const struct test TESTS[] = {
        {"Ethernet", ethernet},
        {"one and two VLAN tags are skipped", vlan_tags},
        {"Linux cooked", linux_cooked},
        {"BSD loopback, either byte order", bsd_loopback},
        {"raw IP", raw_ip},
        {"other link types hold nothing", other_links},
    };
    TEST_SUITE("link", TESTS);
}
