#include "judge.h"
#include <quicward/icmp.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define V4(a, b, c, d)                                                                                       \
    {                                                                                                        \
        .bytes = { [12] = a, b, c, d }                                                                       \
    }

enum { PROTOCOL_ICMP = 1, PROTOCOL_ICMPV6 = 58 };

/* ICMPv6 errors have the high bit of the type clear, so also those not yet defined (RFC 4443 2.1). */
enum { V6_INFORMATIONAL = 128, V6_REDIRECT = 137 };

/* RFC 1812 4.3.2.7 with 5.3.7 and 4.2.2.11; RFC 4443 2.4 e.6. */
static const struct qw_prefix NO_SINGLE_HOST[] = {
    {V4(0, 0, 0, 0), QW_IPV4, 8},   /* "this network" */
    {V4(127, 0, 0, 0), QW_IPV4, 8}, /* loopback */
    {V4(224, 0, 0, 0), QW_IPV4, 4}, /* multicast */
    {V4(240, 0, 0, 0), QW_IPV4, 4}, /* class E, and the limited broadcast in it */
    {{{0}}, QW_IPV6, 128},          /* unspecified */
    {{{[15] = 1}}, QW_IPV6, 128},   /* loopback */
    {{{0xff}}, QW_IPV6, 8},         /* multicast */
};

/* RFC 1812 4.3.2.7; 0.0.0.0 is the old form of the limited broadcast (4.2.3.1). RFC 4443 2.4 e.3 would let a
 * "packet too big" answer a multicast packet, for path MTU discovery; here no flow is multicast. */
static const struct qw_prefix NO_UNICAST[] = {
    {V4(224, 0, 0, 0), QW_IPV4, 4},
    {V4(255, 255, 255, 255), QW_IPV4, 32},
    {V4(0, 0, 0, 0), QW_IPV4, 32},
    {{{0xff}}, QW_IPV6, 8},
};

/* Echo, router discovery, timestamp, information, address mask, extended echo: queries and their replies. All
 * other types are errors, redirects (RFC 1122 3.2.2 counts them as errors), or may be either. */
static const uint8_t V4_QUERIES[] = {0, 8, 9, 10, 13, 14, 15, 16, 17, 18, 42, 43};

static bool within(const struct qw_prefix *prefixes, size_t count, const struct qw_addr *addr,
                   enum qw_family family)
{
    for (size_t i = 0; i < count; i++)
        if (qw_prefix_contains(&prefixes[i], addr, family))
            return true;
    return false;
}

static bool is_query(enum qw_family family, uint8_t type)
{
    if (family == QW_IPV6)
        return type >= V6_INFORMATIONAL && type != V6_REDIRECT;
    for (size_t i = 0; i < COUNT(V4_QUERIES); i++)
        if (V4_QUERIES[i] == type)
            return true;
    return false;
}

/* `l4` is what was captured from the upper layer on. */
static bool may_be_icmp_error(const struct packet_view *view, struct qw_bytes l4)
{
    if (view->protocol != (view->family == QW_IPV4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6))
        return false;
    struct qw_reader r = qw_reader(l4.data, l4.len);
    uint8_t type = qw_u8(&r);
    return r.bad || !is_query(view->family, type);
}

static bool allowed(const struct packet_view *view, struct qw_bytes l4)
{
    if (view->kind == PACKET_FRAGMENT || may_be_icmp_error(view, l4))
        return false;
    return !within(NO_SINGLE_HOST, COUNT(NO_SINGLE_HOST), &view->tuple.src.addr, view->family) &&
           !within(NO_UNICAST, COUNT(NO_UNICAST), &view->tuple.dst.addr, view->family);
}

enum qw_error icmp_judge(const uint8_t *packet, size_t captured, struct packet_view *view)
{
    /* The length on the wire is not known here: what the IP header says of it is believed. */
    enum qw_error error = packet_decode(packet, captured, UINT32_MAX, view);
    if (error != QW_OK)
        return error == QW_ERR_TRUNCATED ? QW_ERR_TRUNCATED : QW_ERR_INVALID;
    struct qw_reader r = qw_reader(packet, captured);
    qw_skip(&r, view->l4_offset);
    return allowed(view, qw_take(&r, qw_left(&r))) ? QW_OK : QW_ERR_INVALID;
}

bool icmp_error_allowed(const uint8_t *packet, size_t captured)
{
    struct packet_view view;
    return icmp_judge(packet, captured, &view) == QW_OK;
}
