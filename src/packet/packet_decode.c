#include "icmp.h"
#include "ip.h"

#define UDP_HEADER_LEN 8u

/* RFC 791 3.2 and RFC 8200 4.5: no fragment may reach past what a length field can say. */
#define REASSEMBLED_MAX 65535u

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool icmp_of_family(const struct packet_view *view)
{
    return view->protocol == (view->family == QW_IPV4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6);
}

/* Field by field: a whole one made first and copied would cost more than reading the packet. */
static void begin_view(const struct ip_header *ip, struct packet_view *out)
{
    out->kind = PACKET_OTHER;
    out->family = ip->family;
    out->protocol = ip->protocol;
    out->dscp = ip->traffic_class >> 2;
    out->ecn = ip->traffic_class & 3;
    out->ttl = ip->ttl;
    out->dont_fragment = ip->dont_fragment;
    out->authenticated = ip->authenticated;
    out->hides_upper = ip_hides_upper(ip);
    out->first_fragment = ip->more_fragments && ip->fragment_offset == 0;
    out->l4_offset = 0;
    out->ip_len = ip->total_len;
    out->tuple.src = (struct qw_endpoint){.addr = ip->src};
    out->tuple.dst = (struct qw_endpoint){.addr = ip->dst};
    out->tuple.family = ip->family;
    out->payload = (struct qw_bytes){0};
    out->payload_len = 0;
}

/* The UDP length may be less than the IP length leaves (a surplus is legal, RFC 9868), and in a first
 * fragment more, since it counts the fragments to come. */
static enum qw_error decode_udp(struct qw_reader *r, uint32_t ip_left, struct packet_view *view)
{
    uint16_t src_port = qw_u16(r), dst_port = qw_u16(r), udp_len = qw_u16(r);
    qw_skip(r, 2); /* checksum */
    if (r->bad)
        return QW_ERR_TRUNCATED;
    if (udp_len < UDP_HEADER_LEN || (udp_len > ip_left && !view->first_fragment))
        return QW_ERR_MALFORMED;
    view->kind = PACKET_UDP;
    view->tuple.src.port = src_port;
    view->tuple.dst.port = dst_port;
    view->payload_len = (uint32_t)smaller(udp_len, ip_left) - UDP_HEADER_LEN;
    view->payload = qw_take(r, smaller(view->payload_len, qw_left(r)));
    return QW_OK;
}

/* `r` stands at the upper layer and ends where the IP length or the capture ends. */
static enum qw_error decode_upper(struct qw_reader *r, const struct ip_header *ip, struct packet_view *view)
{
    uint32_t ip_left = ip->total_len - (uint32_t)qw_offset(r);
    if (ip->fragment_offset + ip_left > REASSEMBLED_MAX)
        return QW_ERR_MALFORMED;
    if (ip->fragment_offset > 0) {
        view->kind = PACKET_FRAGMENT;
        return QW_OK;
    }
    bool is_udp = ip->protocol == PROTOCOL_UDP;
    if (!is_udp && !icmp_of_family(view))
        return QW_OK;
    view->l4_offset = (uint16_t)qw_offset(r);
    return is_udp ? decode_udp(r, ip_left, view) : icmp_decode(r, view);
}

/* On failure out->ip_len is what the IP header claims, or 0 when that much was not there. */
static enum qw_error decode(struct qw_bytes packet, uint32_t wire_len, struct packet_view *out)
{
    struct ip_header ip = {0};
    struct qw_reader r = qw_reader(packet.data, packet.len);
    enum qw_error error = ip_read(&r, &ip);
    begin_view(&ip, out);
    if (error != QW_OK)
        return error;
    if (ip.total_len > wire_len || ip.total_len < qw_offset(&r))
        return QW_ERR_MALFORMED;
    struct qw_reader upper = qw_reader(packet.data, smaller(packet.len, ip.total_len));
    qw_skip(&upper, qw_offset(&r));
    return decode_upper(&upper, &ip, out);
}

enum qw_error packet_decode(const uint8_t *data, size_t captured, uint32_t wire_len, struct packet_view *out)
{
    size_t len = smaller(captured, wire_len);
    enum qw_error error = decode((struct qw_bytes){data, len}, wire_len, out);
    if (error == QW_OK)
        return QW_OK;
    /* If all that the IP length promised was captured, the packet is too short, not the capture. */
    bool whole = out->ip_len > 0 && out->ip_len <= len;
    out->kind = PACKET_OTHER;
    return whole ? QW_ERR_MALFORMED : error;
}
