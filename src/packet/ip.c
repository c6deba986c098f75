#include "ip.h"

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
