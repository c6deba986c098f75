#include "icmp.h"
#include "ip.h"

enum { V4_UNREACHABLE = 3, V4_SOURCE_QUENCH = 4, V4_TIME_EXCEEDED = 11, V4_PARAMETER_PROBLEM = 12 };
enum { V4_CODE_FRAGMENTATION_NEEDED = 4 };
enum { V6_PACKET_TOO_BIG = 2, V6_ERROR_MAX = 127 };

/* ICMPv6 says by the highest bit whether a type is an error: those that are not known yet quote a packet as
 * well (RFC 4443 2.1, 2.4 b). In ICMPv4 a redirect quotes a packet too, but it is advice to a neighbour on
 * the link, no error of the packet (RFC 1122 3.2.2): it says nothing about a flow. */
static bool is_error(enum qw_family family, uint8_t type)
{
    if (family == QW_IPV4)
        return type == V4_UNREACHABLE || type == V4_SOURCE_QUENCH || type == V4_TIME_EXCEEDED ||
               type == V4_PARAMETER_PROBLEM;
    return type <= V6_ERROR_MAX;
}

/* The next-hop MTU in the header's last four bytes: all of them in ICMPv6 (RFC 4443 3.2), the lower two in
 * ICMPv4, where the upper two are unused (RFC 1191 4). */
static uint32_t mtu_of(enum qw_family family, const struct packet_icmp *icmp, uint32_t field)
{
    if (family == QW_IPV6)
        return icmp->type == V6_PACKET_TOO_BIG ? field : 0;
    bool has_mtu = icmp->type == V4_UNREACHABLE && icmp->code == V4_CODE_FRAGMENTATION_NEEDED;
    return has_mtu ? field & 0xffff : 0;
}

/* The quoted header's own lengths are not judged: the quote is cut short by nature, and some senders quote
 * the length field as their kernel had altered it. */
static void read_quote(struct qw_reader *r, enum qw_family family, struct packet_quote *quote)
{
    quote->offset = (uint16_t)qw_offset(r);
    struct qw_reader quoted = qw_sub(r, qw_left(r));
    struct ip_header ip = {0};
    if (ip_read(&quoted, &ip) != QW_OK || ip.family != family)
        return;
    quote->is_other = ip.protocol != PROTOCOL_UDP && !ip_hides_upper(&ip);
    if (ip.protocol != PROTOCOL_UDP || ip.fragment_offset != 0)
        return;
    uint16_t l4_offset = (uint16_t)(quote->offset + qw_offset(&quoted));
    uint16_t src_port = qw_u16(&quoted), dst_port = qw_u16(&quoted);
    if (quoted.bad)
        return;
    quote->is_udp = true;
    quote->l4_offset = l4_offset;
    quote->tuple = (struct qw_tuple){{ip.src, src_port}, {ip.dst, dst_port}, family};
}

enum qw_error icmp_decode(struct qw_reader *r, struct packet_view *view)
{
    struct packet_icmp icmp = {0};
    icmp.type = qw_u8(r);
    icmp.code = qw_u8(r);
    qw_skip(r, 2); /* checksum */
    if (r->bad)
        return QW_ERR_TRUNCATED;
    if (!is_error(view->family, icmp.type))
        return QW_OK;
    icmp.mtu = mtu_of(view->family, &icmp, qw_u32(r));
    if (r->bad)
        return QW_ERR_TRUNCATED;
    read_quote(r, view->family, &icmp.quote);
    view->kind = PACKET_ICMP_ERROR;
    view->icmp = icmp;
    return QW_OK;
}
