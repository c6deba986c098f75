#include "capture_link.h"
#include <pcap/dlt.h>
#include <stdint.h>

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_VLAN 0x8100          /* IEEE 802.1Q */
#define ETHERTYPE_SERVICE 0x88a8       /* IEEE 802.1ad, the outer of two tags */
#define ETHERTYPE_QINQ 0x9100          /* the same before it was standardised */
#define ETHERTYPE_MPLS 0x8847          /* RFC 3032 5 */
#define ETHERTYPE_MPLS_UPSTREAM 0x8848 /* RFC 5332 3 */
#define ETHERTYPE_PPPOE 0x8864         /* RFC 2516 4: the session stage */
#define VLAN_TAGS_MAX 2
#define LABELS_MAX 16 /* no network stacks more; a frame of nothing but labels ends here */
#define BOTTOM_OF_STACK 0x100u

#define PPP_ADDRESS_CONTROL 0xff03 /* RFC 1662 3.1, may be left out */
#define PPP_IPV4 0x0021
#define PPP_IPV6 0x0057 /* RFC 5072 */
#define PPP_MPLS 0x0281 /* RFC 3032 4 */
#define PPP_MPLS_MULTICAST 0x0283
#define PPPOE_VERSION_TYPE 0x11
#define PPPOE_SESSION_DATA 0
#define CISCO_UNICAST 0x0f00 /* address and control of Cisco HDLC, an EtherType follows */
#define CISCO_MULTICAST 0x8f00

#define LINKTYPE_RAW 101 /* in files; DLT_RAW differs by system */

/* Nothing names what follows but itself: IP says its version in its first four bits. */
static bool at_ip(struct qw_reader *frame)
{
    struct qw_reader ahead = *frame;
    unsigned version = qw_u8(&ahead) >> 4;
    frame->bad |= ahead.bad;
    return version == 4 || version == 6;
}

static bool labels(struct qw_reader *frame)
{
    uint32_t entry = 0;
    for (int i = 0; i < LABELS_MAX && !(entry & BOTTOM_OF_STACK); i++)
        entry = qw_u32(frame);
    return entry & BOTTOM_OF_STACK && at_ip(frame);
}

/* A protocol number's last byte is odd and its first is even, so that one byte may stand for both
 * (RFC 1661 2). */
static bool after_ppp(struct qw_reader *frame)
{
    unsigned protocol = qw_u8(frame);
    if (protocol % 2 == 0)
        protocol = protocol << 8 | qw_u8(frame);
    if (protocol == PPP_MPLS || protocol == PPP_MPLS_MULTICAST)
        return labels(frame);
    return protocol == PPP_IPV4 || protocol == PPP_IPV6;
}

static bool pppoe(struct qw_reader *frame)
{
    unsigned version_type = qw_u8(frame), code = qw_u8(frame);
    qw_skip(frame, 4); /* session and length */
    return version_type == PPPOE_VERSION_TYPE && code == PPPOE_SESSION_DATA && after_ppp(frame);
}

static bool is_vlan(uint16_t type)
{
    return type == ETHERTYPE_VLAN || type == ETHERTYPE_SERVICE || type == ETHERTYPE_QINQ;
}

/* Goes on after an EtherType of `type`: past VLAN tags, then labels or PPPoE, to the packet. */
static bool after_ethertype(struct qw_reader *frame, uint16_t type)
{
    for (int tags = 0; tags < VLAN_TAGS_MAX && is_vlan(type); tags++) {
        qw_skip(frame, 2);
        type = qw_u16(frame);
    }
    if (type == ETHERTYPE_PPPOE)
        return pppoe(frame);
    if (type == ETHERTYPE_MPLS || type == ETHERTYPE_MPLS_UPSTREAM)
        return labels(frame);
    return type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6;
}

static bool ethernet(struct qw_reader *frame)
{
    qw_skip(frame, 12);
    return after_ethertype(frame, qw_u16(frame));
}

/* The protocol is the last field of 16 bytes. */
static bool cooked_v1(struct qw_reader *frame)
{
    qw_skip(frame, 14);
    return after_ethertype(frame, qw_u16(frame));
}

/* The protocol is the first field of 20 bytes; a VLAN tag would follow them. */
static bool cooked_v2(struct qw_reader *frame)
{
    uint16_t type = qw_u16(frame);
    qw_skip(frame, 18);
    return after_ethertype(frame, type);
}

/* PPP, or on the same kind of line Cisco HDLC (RFC 1547 4.3.1), by the first two bytes. */
static bool ppp(struct qw_reader *frame)
{
    struct qw_reader ahead = *frame;
    uint16_t first = qw_u16(&ahead);
    if (first == CISCO_UNICAST || first == CISCO_MULTICAST) {
        *frame = ahead;
        return after_ethertype(frame, qw_u16(frame));
    }
    if (first == PPP_ADDRESS_CONTROL)
        *frame = ahead;
    return after_ppp(frame);
}

/* A byte that says whether the frame was sent or received goes before it. */
static bool ppp_with_direction(struct qw_reader *frame)
{
    qw_skip(frame, 1);
    return ppp(frame);
}

/* pppd's own: the direction stands in the place of the address. */
static bool ppp_of_pppd(struct qw_reader *frame)
{
    qw_skip(frame, 2);
    return after_ppp(frame);
}

/* An address family in the byte order of the machine that captured, and with the number of its system:
 * AF_INET is 2 everywhere, AF_INET6 24, 28 or 30 on the BSDs and 10 on Linux. */
static bool loopback(struct qw_reader *frame)
{
    uint32_t family = qw_u32(frame);
    if (family > UINT16_MAX)
        family = family >> 24 | (family >> 8 & 0xff00);
    return family == 2 || family == 10 || family == 24 || family == 28 || family == 30;
}

typedef bool link_reader(struct qw_reader *frame);

static const struct {
    int link;
    link_reader *read;
} LINKS[] = {
    {DLT_EN10MB, ethernet},      {DLT_LINUX_SLL, cooked_v1},
    {DLT_LINUX_SLL2, cooked_v2}, {DLT_NULL, loopback},
    {DLT_LOOP, loopback},        {DLT_RAW, at_ip},
    {LINKTYPE_RAW, at_ip},       {DLT_IPV4, at_ip},
    {DLT_IPV6, at_ip},           {DLT_PPP, ppp},
    {DLT_PPP_SERIAL, ppp},       {DLT_C_HDLC, ppp},
    {DLT_PPP_ETHER, pppoe},      {DLT_PPP_WITH_DIR, ppp_with_direction},
    {DLT_PPP_PPPD, ppp_of_pppd}, {DLT_MPLS, labels},
};

static link_reader *link_reader_of(int link)
{
    for (size_t i = 0; i < sizeof LINKS / sizeof LINKS[0]; i++)
        if (LINKS[i].link == link)
            return LINKS[i].read;
    return NULL;
}

bool capture_link_known(int link)
{
    return link_reader_of(link) != NULL;
}

bool capture_ip_offset(int link, struct qw_bytes frame, size_t *offset)
{
    link_reader *read_link = link_reader_of(link);
    struct qw_reader reader = qw_reader(frame.data, frame.len);
    if (!read_link || !read_link(&reader) || qw_left(&reader) == 0)
        return false;
    *offset = qw_offset(&reader);
    return true;
}

bool capture_ip_cut(int link, struct qw_bytes frame)
{
    link_reader *read_link = link_reader_of(link);
    struct qw_reader reader = qw_reader(frame.data, frame.len);
    return read_link && (read_link(&reader) || reader.bad) && qw_left(&reader) == 0;
}
