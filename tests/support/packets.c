#include "packets.h"
#include <quicward/base/bytes.h>
#include <quicward/base/checksum.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { ICMP = 1, UDP = 17, ICMPV6 = 58 };

/* Who speaks to whom in the IP header. */
struct route {
    enum qw_family family;
    struct qw_addr src, dst;
    uint8_t protocol;
};

static void stop(const char *what, const char *text)
{
    fprintf(stderr, "packets.c: %s: %s\n", what, text);
    exit(1);
}

static void put_addr(struct qw_writer *w, const struct route *route, const struct qw_addr *addr)
{
    if (route->family == QW_IPV4)
        qw_put(w, addr->bytes + 12, 4);
    else
        qw_put(w, addr->bytes, 16);
}

static void put_ipv4(struct qw_writer *w, const struct route *route, size_t l4_len)
{
    uint8_t header[20];
    struct qw_writer h = qw_writer(header, sizeof(header));
    qw_put_u16(&h, 0x4500);
    qw_put_u16(&h, (uint16_t)(sizeof(header) + l4_len));
    qw_put_u32(&h, 0x4000); /* DF */
    qw_put_u8(&h, 64);
    qw_put_u8(&h, route->protocol);
    qw_put_u16(&h, 0);
    put_addr(&h, route, &route->src);
    put_addr(&h, route, &route->dst);
    uint16_t sum = qw_checksum_finish(qw_checksum_add(0, header, sizeof(header)));
    header[10] = (uint8_t)(sum >> 8);
    header[11] = (uint8_t)sum;
    qw_put(w, header, sizeof(header));
}

static void put_ipv6(struct qw_writer *w, const struct route *route, size_t l4_len)
{
    qw_put_u32(w, 0x60000000);
    qw_put_u16(w, (uint16_t)l4_len);
    qw_put_u8(w, route->protocol);
    qw_put_u8(w, 64);
    put_addr(w, route, &route->src);
    put_addr(w, route, &route->dst);
}

static void put_ip(struct qw_writer *w, const struct route *route, size_t l4_len)
{
    if (route->family == QW_IPV4)
        put_ipv4(w, route, l4_len);
    else
        put_ipv6(w, route, l4_len);
}

/* The sum over addresses, protocol and length that UDP and ICMPv6 cover (RFC 768, 8200 8.1). */
static uint32_t pseudo_header(const struct route *route, size_t l4_len)
{
    uint8_t bytes[40];
    struct qw_writer w = qw_writer(bytes, sizeof(bytes));
    put_addr(&w, route, &route->src);
    put_addr(&w, route, &route->dst);
    qw_put_u32(&w, (uint32_t)l4_len);
    qw_put_u32(&w, route->protocol);
    return qw_checksum_add(0, bytes, qw_written(&w));
}

/* Sets the checksum field `at` bytes into the upper layer, which begins `l4_offset` bytes into `out`. */
static void seal(uint8_t *out, const struct qw_writer *w, size_t l4_offset, size_t at, uint32_t sum)
{
    uint8_t *l4 = out + l4_offset;
    uint16_t check = qw_checksum_finish(qw_checksum_add(sum, l4, qw_written(w) - l4_offset));
    l4[at] = (uint8_t)(check >> 8);
    l4[at + 1] = (uint8_t)check;
}

size_t test_udp(uint8_t *out, size_t size, const char *from, const char *to, const void *payload, size_t len)
{
    struct qw_endpoint src, dst;
    enum qw_family family, other;
    if (!qw_endpoint_parse(from, &src, &family))
        stop("not an endpoint", from);
    if (!qw_endpoint_parse(to, &dst, &other) || family != other)
        stop("not an endpoint of the same family", to);
    struct route route = {family, src.addr, dst.addr, UDP};
    struct qw_writer w = qw_writer(out, size);
    put_ip(&w, &route, 8 + len);
    size_t l4_offset = qw_written(&w);
    qw_put_u16(&w, src.port);
    qw_put_u16(&w, dst.port);
    qw_put_u16(&w, (uint16_t)(8 + len));
    qw_put_u16(&w, 0);
    qw_put(&w, payload, len);
    if (w.bad || qw_written(&w) > UINT16_MAX)
        stop("the packet does not fit", to);
    seal(out, &w, l4_offset, 6, pseudo_header(&route, 8 + len));
    if (out[l4_offset + 6] == 0 && out[l4_offset + 7] == 0)
        out[l4_offset + 6] = out[l4_offset + 7] = 0xff; /* 0 would say "no checksum" (RFC 768) */
    return qw_written(&w);
}

/* Where the error about `packet` goes: from `from` to the packet's own source. */
static struct route error_route(const char *from, const uint8_t *packet, size_t len)
{
    struct route route;
    if (!qw_addr_parse(from, &route.src, &route.family))
        stop("not an address", from);
    bool v4 = route.family == QW_IPV4;
    if (len < (v4 ? 20u : 40u) || packet[0] >> 4 != (uint8_t)route.family)
        stop("the quoted packet is not of the family of", from);
    route.dst = v4 ? qw_addr_v4(packet + 12) : qw_addr_v6(packet + 8);
    route.protocol = v4 ? ICMP : ICMPV6;
    return route;
}

size_t test_icmp_error(uint8_t *out, size_t size, const char *from, uint8_t type, uint8_t code, uint32_t mtu,
                       const uint8_t *packet, size_t len, size_t quoted)
{
    struct route route = error_route(from, packet, len);
    if (quoted > len)
        stop("quotes more than there is", from);
    struct qw_writer w = qw_writer(out, size);
    put_ip(&w, &route, 8 + quoted);
    size_t l4_offset = qw_written(&w);
    qw_put_u8(&w, type);
    qw_put_u8(&w, code);
    qw_put_u16(&w, 0);
    qw_put_u32(&w, mtu);
    qw_put(&w, packet, quoted);
    if (w.bad)
        stop("the error does not fit", from);
    /* Only ICMPv6 covers a pseudo header (RFC 4443 2.3). */
    seal(out, &w, l4_offset, 2, route.family == QW_IPV6 ? pseudo_header(&route, 8 + quoted) : 0);
    return qw_written(&w);
}
