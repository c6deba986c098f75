#include "capture_link.h"
#include "hex.h"
#include "suite.h"
#include "suites.h"
#include <pcap/dlt.h>
#include <string.h>

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

#define SESSION "11 00 002a 0016 " /* PPPoE: version and type, code, session, length */

static void pppoe_sessions(void)
{
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "8864 " SESSION "0021 45"), 22);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "8864 " SESSION "0057 60"), 22);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "8864 " SESSION "21 45"), 21); /* a compressed protocol */
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "8100 0007 8864 " SESSION "0021 45"), 26);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "88a8 0064 8100 0007 8864 " SESSION "0021 45"), 30);
    CU_ASSERT_EQUAL(offset_in(DLT_LINUX_SLL, "0000 0001 0006 001122334455 0000 8864 " SESSION "0021 45"), 24);
    CU_ASSERT_EQUAL(offset_in(DLT_PPP_ETHER, SESSION "0057 60"), 8);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "8864 " SESSION "c021 01"), NO_IP); /* LCP */
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "8864 11 a7 002a 0016 0021 45"),
                    NO_IP); /* a discovery's code */
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "8864 21 00 002a 0016 0021 45"), NO_IP);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "8863 " SESSION "0021 45"), NO_IP);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "8864 " SESSION "0021"), NO_IP);
}

static void ppp(void)
{
    CU_ASSERT_EQUAL(offset_in(DLT_PPP, "ff03 0021 45"), 4);
    CU_ASSERT_EQUAL(offset_in(DLT_PPP, "0021 45"), 2);
    CU_ASSERT_EQUAL(offset_in(DLT_PPP, "ff03 57 60"), 3);
    CU_ASSERT_EQUAL(offset_in(DLT_PPP_SERIAL, "ff03 0057 60"), 4);
    CU_ASSERT_EQUAL(offset_in(DLT_PPP_SERIAL, "0f00 0800 45"), 4); /* Cisco HDLC */
    CU_ASSERT_EQUAL(offset_in(DLT_C_HDLC, "8f00 86dd 60"), 4);
    CU_ASSERT_EQUAL(offset_in(DLT_PPP_WITH_DIR, "01 ff03 0021 45"), 5);
    CU_ASSERT_EQUAL(offset_in(DLT_PPP_PPPD, "01 03 0021 45"), 4);
    CU_ASSERT_EQUAL(offset_in(DLT_PPP, "ff03 0281 00010140 45"), 8); /* labels in PPP */
    CU_ASSERT_EQUAL(offset_in(DLT_PPP, "ff03 c021 01"), NO_IP);
    CU_ASSERT_EQUAL(offset_in(DLT_PPP, "ff"), NO_IP);
    CU_ASSERT_EQUAL(offset_in(DLT_PPP, ""), NO_IP);
}

static void mpls(void)
{
    char deep[256] = MACS "8847 ";
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "8847 00010140 45"), 18);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "8847 00010040 00011040 00012140 60"), 26);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "8848 00010140 60"), 18);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "8100 0007 8847 00010140 45"), 22);
    CU_ASSERT_EQUAL(offset_in(DLT_MPLS, "00010040 00010140 45"), 8);
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "8847 00010140 00"), NO_IP); /* something else below */
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, MACS "8847 00010040 45"), NO_IP); /* cut in the stack */
    for (int i = 0; i < 16; i++)
        strcat(deep, i < 15 ? "00010040" : "00010140");
    strcat(deep, "45");
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, deep), 14 + 16 * 4);
    memcpy(strrchr(deep, '4') - 4, "00", 2); /* no bottom at the sixteenth */
    CU_ASSERT_EQUAL(offset_in(DLT_EN10MB, deep), NO_IP);
}

static bool cut_in(int link, const char *hex)
{
    uint8_t frame[128];
    size_t len = test_hex(hex, frame, sizeof(frame));
    return capture_ip_cut(link, (struct qw_bytes){frame, len});
}

static void what_is_cut_is_not_what_is_no_ip(void)
{
    CU_ASSERT_TRUE(cut_in(DLT_EN10MB, ""));
    CU_ASSERT_TRUE(cut_in(DLT_EN10MB, MACS "08"));
    CU_ASSERT_TRUE(cut_in(DLT_EN10MB, MACS "0800"));
    CU_ASSERT_FALSE(cut_in(DLT_EN10MB, MACS "0806"));
    CU_ASSERT_FALSE(cut_in(DLT_EN10MB, MACS "0806 00"));
    CU_ASSERT_TRUE(cut_in(DLT_EN10MB, MACS "8100 00"));
    CU_ASSERT_TRUE(cut_in(DLT_EN10MB, MACS "8864 11 00 00"));
    CU_ASSERT_FALSE(cut_in(DLT_EN10MB, MACS "8864 " SESSION "c021"));
    CU_ASSERT_TRUE(cut_in(DLT_EN10MB, MACS "8847 00010040"));
    CU_ASSERT_TRUE(cut_in(DLT_EN10MB, MACS "8847 00010140"));
    CU_ASSERT_TRUE(cut_in(DLT_PPP, "ff03 00"));
    CU_ASSERT_TRUE(cut_in(DLT_RAW, ""));
    CU_ASSERT_FALSE(cut_in(DLT_RAW, "50"));
    CU_ASSERT_FALSE(cut_in(DLT_IEEE802_11, ""));
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
        {"PPPoE sessions, behind VLAN tags too", pppoe_sessions},
        {"PPP, its short forms, and Cisco HDLC", ppp},
        {"MPLS: stacks of up to 16 labels", mpls},
        {"a frame that is cut is none without IP", what_is_cut_is_not_what_is_no_ip},
        {"other link types hold nothing", other_links},
    };
    TEST_SUITE("link", TESTS);
}
