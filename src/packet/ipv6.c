/* RFC 8200, and the authentication header of RFC 4302. */
#include "ip.h"

#define FIXED_LEN 40u

#define FRAGMENT 44

/* An atomic fragment (offset 0, none to follow) is a whole packet (RFC 6946). */
static void read_fragment(struct qw_reader *r, struct ip_header *ip)
{
    unsigned field = qw_u16(r);
    ip->fragment_offset = (uint16_t)(field & ~7u);
    ip->more_fragments = field & 1;
    qw_skip(r, 4); /* identification */
}

/* Steps over the extension header that ip->protocol names, and puts its next header there. */
static void read_extension(struct qw_reader *r, struct ip_header *ip)
{
    uint8_t kind = ip->protocol;
    ip->protocol = qw_u8(r);
    if (kind == PROTOCOL_AUTHENTICATION) {
        ip_skip_authentication(r, ip);
        return;
    }
    unsigned len = qw_u8(r); /* reserved in the fragment header */
    if (kind == FRAGMENT)
        read_fragment(r, ip);
    else
        qw_skip(r, (len + 1) * 8 - 2); /* eight-byte units, less one */
}

/* Behind a fragment header with an offset stand bytes from the middle of the packet: no header to read. */
static enum qw_error read_extensions(struct qw_reader *r, struct ip_header *ip)
{
    for (int i = 0; ip_is_extension(QW_IPV6, ip->protocol) && ip->fragment_offset == 0; i++) {
        if (i == EXTENSION_MAX)
            return QW_ERR_MALFORMED;
        read_extension(r, ip);
        if (r->bad)
            return QW_ERR_TRUNCATED;
    }
    return QW_OK;
}

enum qw_error ipv6_read(struct qw_reader *r, struct ip_header *ip)
{
    struct qw_reader fixed = qw_sub(r, FIXED_LEN);
    if (fixed.bad)
        return QW_ERR_TRUNCATED;
    ip->family = QW_IPV6;
    ip->dont_fragment = true;                           /* routers never fragment IPv6 */
    ip->traffic_class = (uint8_t)(qw_u16(&fixed) >> 4); /* between version and flow label */
    qw_skip(&fixed, 2);
    ip->total_len = FIXED_LEN + qw_u16(&fixed);
    ip->protocol = qw_u8(&fixed);
    ip->ttl = qw_u8(&fixed);
    ip->src = qw_addr_v6(qw_take(&fixed, 16).data);
    ip->dst = qw_addr_v6(qw_take(&fixed, 16).data);
    return read_extensions(r, ip);
}
