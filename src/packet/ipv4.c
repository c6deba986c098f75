/* RFC 791. */
#include "ip.h"

#define FIXED_LEN 20u
#define FLAG_DF 0x4000u
#define FLAG_MF 0x2000u
#define OFFSET_MASK 0x1fffu /* in units of eight bytes */

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
    return r->bad ? QW_ERR_TRUNCATED : QW_OK;
}
