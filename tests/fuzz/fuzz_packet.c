/* Any bytes as an IP packet. The first byte says how much longer it was on the wire than what was captured.
 */
#include "fuzz_input.h"
#include <quicward/packet.h>

static void check_udp(const struct packet_view *view, const uint8_t *data, size_t size)
{
    NEED(fuzz_within(view->payload, data, size));
    NEED(view->payload_len >= view->payload.len);
    NEED(view->l4_offset + 8u <= size);
    NEED(view->l4_offset + 8u + view->payload_len <= view->ip_len || view->first_fragment);
}

static void check_quote(const struct packet_quote *quote, size_t size)
{
    NEED(!quote->is_udp || !quote->is_other);
    NEED(quote->offset <= size);
    if (quote->is_udp)
        NEED(quote->l4_offset > quote->offset && quote->l4_offset + 4u <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct packet_view view;
    if (size == 0)
        return 0;
    uint32_t wire_len = (uint32_t)(size - 1) + data[0];
    enum qw_error code = packet_decode(data + 1, size - 1, wire_len, &view);
    if (code != QW_OK) {
        NEED(view.kind == PACKET_OTHER);
        return 0;
    }
    NEED(view.l4_offset <= size);
    NEED(view.ip_len <= wire_len);
    if (view.kind == PACKET_UDP)
        check_udp(&view, data + 1, size - 1);
    if (view.kind == PACKET_ICMP_ERROR)
        check_quote(&view.icmp.quote, size - 1);
    return 0;
}
