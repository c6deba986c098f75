/* RFC 791. */
#include "ip.h"

#define FIXED_LEN 20u
#define FLAG_DF 0x4000u
#define FLAG_MF 0x2000u
#define OFFSET_MASK 0x1fffu /* in units of eight bytes */

/* The one header of IPv4 that stands before the upper layer without changing it. A later fragment begins with
 * bytes from the middle of the packet. */
static enum qw_error read_authentication(struct qw_reader *r, struct ip_header *ip)
{
    for (int i = 0; ip->protocol == PROTOCOL_AUTHENTICATION && ip->fragment_offset == 0; i++) {
        if (i == EXTENSION_MAX)
            return QW_ERR_MALFORMED;
        ip->protocol = qw_u8(r);
        ip_skip_authentication(r, ip);
        if (r->bad)
            return QW_ERR_TRUNCATED;
    }
    return QW_OK;
}

enum qw_error ipv4_read(struct qw_reader *r, struct ip_header *ip)
{
    struct qw_reader fixed = qw_sub(r, FIXED_LEN);
    if (fixed.bad)
        return QW_ERR_TRUNCATED;
    unsigned header_len = (qw_u8(&fixed) & 0x0fu) * 4;
    ip->family = QW_IPV4;
    ip->traffic_class = qw_u8(&fixed);
    ip->total_len = qw_u16(&fixed);
    qw_skip(&fixed, 2); /* identification */
    unsigned flags = qw_u16(&fixed);
    ip->dont_fragment = flags & FLAG_DF;
    ip->more_fragments = flags & FLAG_MF;
    ip->fragment_offset = (uint16_t)((flags & OFFSET_MASK) * 8);
    ip->ttl = qw_u8(&fixed);
    ip->protocol = qw_u8(&fixed);
    qw_skip(&fixed, 2); /* header checksum: the kernel has checked it */
    ip->src = qw_addr_v4(qw_take(&fixed, 4).data);
    ip->dst = qw_addr_v4(qw_take(&fixed, 4).data);
    if (header_len < FIXED_LEN)
        return QW_ERR_MALFORMED;
    qw_skip(r, header_len - FIXED_LEN);
    return r->bad ? QW_ERR_TRUNCATED : read_authentication(r, ip);
}
