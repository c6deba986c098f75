#include "fast_flows.h"
#include "generated_flows.h"
#include "measure.h"
#include "packets.h"
#include <stdio.h>
#include <string.h>

#define ETHERNET 14
#define SHORT_HEADER 0x43

static const char *const INSIDE[] = {"10.0.1.2:10000", "[fd00:1::2]:10000"},
                         *const REMOTE[] = {"10.0.2.2:443", "[fd00:2::2]:443"}, EXTERNAL[] = "10.0.3.1:30000";

size_t fast_flows_packet(bool ipv6, size_t ip_len, uint8_t out[static FAST_FLOWS_PACKET_MAX])
{
    static const uint8_t PAYLOAD[1472] = {SHORT_HEADER};
    size_t headers = ipv6 ? 48 : 28;
    bench_require(ip_len > headers && ip_len - headers <= sizeof PAYLOAD, "IP_LEN is 49 to 1500");
    memset(out, 0, ETHERNET);
    out[12] = ipv6 ? 0x86 : 0x08;
    out[13] = ipv6 ? 0xdd : 0x00;
    return ETHERNET + test_udp(out + ETHERNET, FAST_FLOWS_PACKET_MAX - ETHERNET, INSIDE[ipv6], REMOTE[ipv6],
                               PAYLOAD, ip_len - headers);
}

static struct qw_endpoint endpoint(const char *text, uint32_t flow)
{
    struct qw_endpoint out = {0};
    enum qw_family family;
    bench_require(qw_endpoint_parse(text, &out, &family), "an endpoint");
    out.port = (uint16_t)(out.port + generated_port(flow));
    out.addr.bytes[15] = (uint8_t)(out.addr.bytes[15] + generated_host(flow));
    return out;
}

struct flow_path fast_flows_path(bool ipv6, uint32_t flow)
{
    struct qw_endpoint in = endpoint(INSIDE[ipv6], flow), far = endpoint(REMOTE[ipv6], 0);
    struct qw_endpoint out = ipv6 ? in : endpoint(EXTERNAL, flow);
    struct flow_path path = {.id = flow + 1,
                             .family = ipv6 ? QW_IPV6 : QW_IPV4,
                             .flags = FLOW_PATH_PUNT_LONG,
                             .timeout_ns = 300 * QW_NS_PER_SECOND};
    struct flow_path_way *up = &path.ways[FLOW_PATH_UP], *down = &path.ways[FLOW_PATH_DOWN];
    *up =
        (struct flow_path_way){.match = {in, far, path.family}, .from = "lan0", .to = "wan0", .limited = -1};
    *down =
        (struct flow_path_way){.match = {far, out, path.family}, .from = "wan0", .to = "lan0", .limited = -1};
    if (!ipv6) {
        up->rewrite = nat_rewrite_of(&up->match, &out, NULL);
        down->rewrite = nat_rewrite_of(&down->match, NULL, &in);
    }
    return path;
}
