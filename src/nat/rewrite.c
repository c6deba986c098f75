/* Endpoints written into packets, and the checksums that cover them. Every field lies at an even offset from
 * where a sum begins, for an IPv4 header counts four-byte units: so a field is one or two words of the sum.
 */
#include <quicward/base/bytes.h>
#include <quicward/base/checksum.h>
#include <quicward/nat.h>
#include <string.h>

enum { IP_CHECKSUM = 10, IP_SRC = 12, IP_DST = 16 };
enum { UDP_SRC = 0, UDP_DST = 2, UDP_CHECKSUM = 6, UDP_HEADER_LEN = 8 };
enum { ICMP_CHECKSUM = 2 };

/* One IP and UDP header of a packet, and where the checksums stand that cover it; 0: there is none. */
struct headers {
    uint8_t *packet;
    uint32_t ip, udp; /* offsets of the headers */
    uint32_t ip_checksum, udp_checksum;
    uint32_t icmp_checksum; /* of the error that quotes them */
};

static uint16_t word_at(const uint8_t *packet, uint32_t at)
{
    struct qw_reader r = qw_reader(packet + at, 2);
    return qw_u16(&r);
}

static void put_word(uint8_t *packet, uint32_t at, uint16_t word)
{
    struct qw_writer w = qw_writer(packet + at, 2);
    qw_put_u16(&w, word);
}

/* An error's checksum covers the whole quote, the checksums in it too. */
static void set_word(const struct headers *h, uint32_t at, uint16_t to)
{
    uint16_t from = word_at(h->packet, at);
    put_word(h->packet, at, to);
    if (h->icmp_checksum == 0)
        return;
    uint16_t icmp = word_at(h->packet, h->icmp_checksum);
    put_word(h->packet, h->icmp_checksum, qw_checksum_update(icmp, from, to));
}

/* 0 says that the sender made no checksum, so one that is computed to be 0 is sent as 0xffff (RFC 768). */
static void follow_udp(const struct headers *h, uint16_t from, uint16_t to)
{
    uint16_t checksum = h->udp_checksum ? word_at(h->packet, h->udp_checksum) : 0;
    if (checksum == 0)
        return;
    checksum = qw_checksum_update(checksum, from, to);
    set_word(h, h->udp_checksum, checksum ? checksum : 0xffff);
}

static void follow_ip(const struct headers *h, uint16_t from, uint16_t to)
{
    uint16_t checksum = word_at(h->packet, h->ip_checksum);
    set_word(h, h->ip_checksum, qw_checksum_update(checksum, from, to));
}

/* UDP's checksum covers the addresses by its pseudo header. A word that stays as it is touches no checksum:
 * an update might write its other zero. */
static void set_addr(const struct headers *h, uint32_t at, const struct qw_addr *addr)
{
    for (uint32_t i = 0; i < 4; i += 2) {
        uint16_t from = word_at(h->packet, at + i), to = word_at(addr->bytes, 12 + i);
        if (from == to)
            continue;
        set_word(h, at + i, to);
        follow_ip(h, from, to);
        follow_udp(h, from, to);
    }
}

static void set_port(const struct headers *h, uint32_t at, uint16_t port)
{
    uint16_t from = word_at(h->packet, at);
    if (from == port)
        return;
    set_word(h, at, port);
    follow_udp(h, from, port);
}

static void set_endpoints(const struct headers *h, const struct qw_endpoint *src,
                          const struct qw_endpoint *dst)
{
    if (src) {
        set_addr(h, h->ip + IP_SRC, &src->addr);
        set_port(h, h->udp + UDP_SRC, src->port);
    }
    if (dst) {
        set_addr(h, h->ip + IP_DST, &dst->addr);
        set_port(h, h->udp + UDP_DST, dst->port);
    }
}

/* ---- UDP ---- */

/* What a word adds to the sums that cover it. One that stays as it is adds nothing: an update might write the
 * sum's other zero. */
static uint32_t word_delta(uint16_t from, uint16_t to)
{
    return from == to ? 0 : (uint32_t)(uint16_t)~from + to;
}

static uint32_t addr_delta(const struct qw_addr *from, const struct qw_addr *to)
{
    return word_delta(word_at(from->bytes, 12), word_at(to->bytes, 12)) +
           word_delta(word_at(from->bytes, 14), word_at(to->bytes, 14));
}

static uint16_t fold(uint32_t sum)
{
    return (uint16_t)~qw_checksum_finish(sum);
}

struct nat_rewrite nat_rewrite_of(const struct qw_tuple *wire, const struct qw_endpoint *src,
                                  const struct qw_endpoint *dst)
{
    struct nat_rewrite rewrite = {.source = src != NULL, .destination = dst != NULL};
    uint32_t addrs = 0, ports = 0;
    if (src) {
        rewrite.new_source = *src;
        addrs += addr_delta(&wire->src.addr, &src->addr);
        ports += word_delta(wire->src.port, src->port);
    }
    if (dst) {
        rewrite.new_destination = *dst;
        addrs += addr_delta(&wire->dst.addr, &dst->addr);
        ports += word_delta(wire->dst.port, dst->port);
    }
    rewrite.ip_delta = fold(addrs);
    rewrite.udp_delta = fold(addrs + ports);
    return rewrite;
}

static void put_endpoint(uint8_t *packet, uint32_t addr_at, uint32_t port_at,
                         const struct qw_endpoint *endpoint)
{
    memcpy(packet + addr_at, endpoint->addr.bytes + 12, 4);
    put_word(packet, port_at, endpoint->port);
}

void nat_rewrite_udp(uint8_t *packet, const struct packet_view *view, const struct nat_rewrite *rewrite)
{
    uint32_t udp = view->l4_offset;
    if (rewrite->source)
        put_endpoint(packet, IP_SRC, udp + UDP_SRC, &rewrite->new_source);
    if (rewrite->destination)
        put_endpoint(packet, IP_DST, udp + UDP_DST, &rewrite->new_destination);
    put_word(packet, IP_CHECKSUM, qw_checksum_apply(word_at(packet, IP_CHECKSUM), rewrite->ip_delta));
    uint16_t checksum = word_at(packet, udp + UDP_CHECKSUM);
    put_word(packet, udp + UDP_CHECKSUM, qw_checksum_apply_udp(checksum, rewrite->udp_delta));
}

/* ---- ICMP errors ---- */

/* No pseudo header in ICMPv4: only the IP checksum covers the outer addresses. */
static void set_outer(uint8_t *packet, const struct qw_addr *src, const struct qw_addr *dst)
{
    struct headers h = {.packet = packet, .ip_checksum = IP_CHECKSUM};
    if (src)
        set_addr(&h, IP_SRC, src);
    if (dst)
        set_addr(&h, IP_DST, dst);
}

/* The quote may end before its UDP checksum, or amid it. */
void nat_rewrite_error(uint8_t *packet, const struct packet_view *view, const struct qw_addr *src,
                       const struct qw_addr *dst, const struct qw_endpoint *quoted_src,
                       const struct qw_endpoint *quoted_dst)
{
    const struct packet_quote *quote = &view->icmp.quote;
    bool has_checksum = (uint32_t)quote->l4_offset + UDP_HEADER_LEN <= view->ip_len;
    struct headers h = {
        .packet = packet,
        .ip = quote->offset,
        .udp = quote->l4_offset,
        .ip_checksum = quote->offset + (uint32_t)IP_CHECKSUM,
        .udp_checksum = has_checksum ? quote->l4_offset + (uint32_t)UDP_CHECKSUM : 0,
        .icmp_checksum = view->l4_offset + (uint32_t)ICMP_CHECKSUM,
    };
    set_outer(packet, src, dst);
    set_endpoints(&h, quoted_src, quoted_dst);
}
