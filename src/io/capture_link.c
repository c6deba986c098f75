#include "capture_link.h"
#include <pcap/dlt.h>
#include <stdint.h>

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_VLAN 0x8100    /* IEEE 802.1Q */
#define ETHERTYPE_SERVICE 0x88a8 /* IEEE 802.1ad, the outer of two tags */
#define ETHERTYPE_QINQ 0x9100    /* the same before it was standardised */
#define VLAN_TAGS_MAX 2

static bool is_vlan(uint16_t type)
{
    return type == ETHERTYPE_VLAN || type == ETHERTYPE_SERVICE || type == ETHERTYPE_QINQ;
}

/* Goes on after an EtherType of `type`: past the VLAN tags to the packet. */
static bool after_ethertype(struct qw_reader *frame, uint16_t type)
{
    for (int tags = 0; tags < VLAN_TAGS_MAX && is_vlan(type); tags++) {
        qw_skip(frame, 2);
        type = qw_u16(frame);
    }
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

/* An address family in the byte order of the machine that captured, and with the number of its system:
 * AF_INET is 2 everywhere, AF_INET6 24, 28 or 30 on the BSDs and 10 on Linux. */
static bool loopback(struct qw_reader *frame)
{
    uint32_t family = qw_u32(frame);
    if (family > UINT16_MAX)
        family = family >> 24 | (family >> 8 & 0xff00);
    return family == 2 || family == 10 || family == 24 || family == 28 || family == 30;
}

static bool raw(struct qw_reader *frame)
{
    struct qw_reader ahead = *frame;
    unsigned version = qw_u8(&ahead) >> 4;
    return version == 4 || version == 6;
}

typedef bool link_reader(struct qw_reader *frame);

static link_reader *link_reader_of(int link)
{
    switch (link) {
    case DLT_EN10MB:
        return ethernet;
    case DLT_LINUX_SLL:
        return cooked_v1;
    case DLT_LINUX_SLL2:
        return cooked_v2;
    case DLT_NULL:
    case DLT_LOOP:
        return loopback;
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
        return raw;
    default:
        return NULL;
    }
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
