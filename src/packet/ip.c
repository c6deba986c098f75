#include "ip.h"

enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, DESTINATION_OPTIONS = 60 };

bool ip_is_extension(enum qw_family family, uint8_t protocol)
{
    if (protocol == PROTOCOL_AUTHENTICATION)
        return true;
    return family == QW_IPV6 && (protocol == HOP_BY_HOP || protocol == ROUTING || protocol == FRAGMENT ||
                                 protocol == DESTINATION_OPTIONS);
}

bool ip_hides_upper(const struct ip_header *ip)
{
    return ip->fragment_offset != 0 && ip_is_extension(ip->family, ip->protocol);
}

enum qw_error ip_read(struct qw_reader *r, struct ip_header *ip)
{
    struct qw_reader peek = *r;
    unsigned version = qw_u8(&peek) >> 4;
    if (peek.bad)
        return QW_ERR_TRUNCATED;
    if (version == QW_IPV4)
        return ipv4_read(r, ip);
    if (version == QW_IPV6)
        return ipv6_read(r, ip);
    return QW_ERR_MALFORMED;
}
