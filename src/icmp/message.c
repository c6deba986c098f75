#include "judge.h"
#include <quicward/base/checksum.h>
#include <quicward/icmp.h>

#define ICMP_HEADER_LEN 8u
#define CHECKSUM_AT 2u

/* The raw socket puts an IP header without options or extensions before the message. */
#define V4_QUOTE_MAX (576u - 20u - ICMP_HEADER_LEN)  /* RFC 1812 4.3.2.3 */
#define V6_QUOTE_MAX (1280u - 40u - ICMP_HEADER_LEN) /* RFC 4443 2.4 c */

_Static_assert(ICMP_HEADER_LEN + V6_QUOTE_MAX == ICMP_MESSAGE_MAX, "the longest message just fits");

#define V4_MTU_MAX 0xffffu /* the field has 16 bits (RFC 1191 4) */

enum { V4_UNREACHABLE = 3, V4_HOST = 1, V4_FRAGMENTATION_NEEDED = 4, V4_PROHIBITED = 13 };
enum { V6_UNREACHABLE = 1, V6_PROHIBITED = 1, V6_ADDRESS = 3, V6_PACKET_TOO_BIG = 2 };

struct icmp_header {
    uint8_t type, code;
    uint32_t rest; /* the four bytes after the checksum: unused, or an MTU */
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Bytes behind the length that the IP header claims are padding of the link, no part of the packet. */
static size_t quote_len(const struct packet_view *view, size_t captured)
{
    size_t max = view->family == QW_IPV4 ? V4_QUOTE_MAX : V6_QUOTE_MAX;
    return smaller(max, smaller(captured, view->ip_len));
}

static void set_checksum(struct icmp_message *message)
{
    uint16_t sum = qw_checksum_finish(qw_checksum_add(0, message->bytes, message->len));
    struct qw_writer w = qw_writer(message->bytes + CHECKSUM_AT, 2);
    qw_put_u16(&w, sum);
}

static void compose(struct icmp_header header, const struct packet_view *view, struct qw_bytes packet,
                    struct icmp_message *out)
{
    struct qw_writer w = qw_writer(out->bytes, sizeof(out->bytes));
    qw_put_u8(&w, header.type);
    qw_put_u8(&w, header.code);
    qw_put_u16(&w, 0);
    qw_put_u32(&w, header.rest);
    qw_put(&w, packet.data, quote_len(view, packet.len));
    out->family = view->family;
    out->to = view->tuple.src.addr;
    out->len = (uint16_t)qw_written(&w);
    if (view->family == QW_IPV4)
        set_checksum(out);
}

static enum qw_error unreachable(const uint8_t *packet, size_t captured, uint8_t v4_code, uint8_t v6_code,
                                 struct icmp_message *out)
{
    struct packet_view view;
    enum qw_error error = icmp_judge(packet, captured, &view);
    if (error != QW_OK)
        return error;
    struct icmp_header header = {.type = V6_UNREACHABLE, .code = v6_code};
    if (view.family == QW_IPV4)
        header = (struct icmp_header){.type = V4_UNREACHABLE, .code = v4_code};
    compose(header, &view, (struct qw_bytes){packet, captured}, out);
    return QW_OK;
}

enum qw_error icmp_prohibited(const uint8_t *packet, size_t captured, struct icmp_message *out)
{
    return unreachable(packet, captured, V4_PROHIBITED, V6_PROHIBITED, out);
}

enum qw_error icmp_host_unreachable(const uint8_t *packet, size_t captured, struct icmp_message *out)
{
    return unreachable(packet, captured, V4_HOST, V6_ADDRESS, out);
}

enum qw_error icmp_too_big(const uint8_t *packet, size_t captured, uint32_t mtu, struct icmp_message *out)
{
    struct packet_view view;
    enum qw_error error = icmp_judge(packet, captured, &view);
    if (error != QW_OK)
        return error;
    struct icmp_header header = {.type = V6_PACKET_TOO_BIG, .rest = mtu};
    if (view.family == QW_IPV4)
        header = (struct icmp_header){V4_UNREACHABLE, V4_FRAGMENTATION_NEEDED,
                                      mtu < V4_MTU_MAX ? mtu : V4_MTU_MAX};
    compose(header, &view, (struct qw_bytes){packet, captured}, out);
    return QW_OK;
}
