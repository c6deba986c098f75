/* Packets of many flows, each of which says whose it is, and a receiver that looks whether it has become just
 * what its own flow's rewrite makes of it. */
#include <linux/bpf.h>

#include "reuse_flows.h"
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char program_license[] SEC("license") = "GPL";

/* Of flow 0 where it is sent, or received. */
const volatile struct reuse_end packet = {0};
const volatile bool up =
    true; /* from inside: the flow's number is in the source, and remote is where it goes */
const volatile bool translated = true;
const volatile __u32 out_ifindex = 0;

__u32 chance = 1;
__u64 right = 0, wrong = 0;
__u8 sample[64] = {0}; /* of the first wrong one */

#define UDP 17

/* ---- which numbers a flow has ---- */

struct ends {
    __u32 source_host, destination_host;
    __u16 source_port, destination_port;
};

/* Outside the inside host is one address with a port a flow, where addresses are translated. */
static __always_inline struct ends ends_of(__u32 flow, bool is_outside)
{
    __u32 host = reuse_host(flow), ours = is_outside && translated ? 0 : host;
    struct ends out = {up ? ours : host, up ? host : ours, packet.source_port, packet.destination_port};
    if (up)
        out.source_port += flow;
    else
        out.destination_port += flow;
    return out;
}

static __always_inline __u32 plus(__u32 word, __u32 host)
{
    return bpf_htonl(bpf_ntohl(word) + host);
}

static __always_inline __u16 folded(__u64 sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (__u16)sum;
}

/* Of the pseudo header (RFC 768, RFC 8200 8.1), in network order; `words` of each address. */
static __always_inline __u64 sum_words(const __u32 *words, unsigned count)
{
    __u64 sum = 0;
#pragma unroll
    for (unsigned i = 0; i < 10; i++)
        if (i < count)
            sum += words[i];
    return sum;
}

struct tail {
    struct udphdr udp;
    struct reuse_payload payload;
};

static __always_inline __u16 udp_sum(const __u32 *addresses, unsigned words, const struct tail *tail)
{
    __u32 copy[4];
    __builtin_memcpy(copy, tail, sizeof copy);
    return folded(sum_words(addresses, words) + bpf_htonl(UDP) + bpf_htonl(sizeof *tail) +
                  sum_words(copy, 4));
}

/* ---- sending ---- */

static __always_inline void put_tail(struct tail *tail, __u32 flow, const struct ends *ends)
{
    *tail = (struct tail){.udp = {.source = bpf_htons(ends->source_port),
                                  .dest = bpf_htons(ends->destination_port),
                                  .len = bpf_htons(sizeof *tail)},
                          .payload = {bpf_htonl(REUSE_MARK), bpf_htonl(flow)}};
}

static __always_inline void finish(struct tail *tail, const __u32 *addresses, unsigned words)
{
    __u16 sum = (__u16)~udp_sum(addresses, words, tail);
    tail->udp.check = sum ? sum : 0xffff;
}

static __always_inline void put_macs(struct ethhdr *ethernet, __u16 protocol)
{
    for (int i = 0; i < 6; i++) {
        ethernet->h_dest[i] = packet.to[i];
        ethernet->h_source[i] = packet.from[i];
    }
    ethernet->h_proto = protocol;
}

static __always_inline __u32 next_flow(void)
{
    chance = chance * 1664525u + 1013904223u;
    return (chance >> 16) % REUSE_FLOWS;
}

SEC("xdp") int send4(struct xdp_md *ctx)
{
    struct ethhdr *ethernet = (void *)(long)ctx->data;
    struct iphdr *ip = (void *)(ethernet + 1);
    struct tail *tail = (void *)(ip + 1);
    if ((void *)(tail + 1) > (void *)(long)ctx->data_end)
        return XDP_ABORTED;
    __u32 flow = next_flow();
    struct ends ends = ends_of(flow, !up);
    put_macs(ethernet, bpf_htons(ETH_P_IP));
    *ip = (struct iphdr){.version = 4, .ihl = 5, .ttl = 64, .protocol = UDP};
    ip->tot_len = bpf_htons(sizeof *ip + sizeof *tail);
    ip->saddr = plus(packet.source[0], ends.source_host);
    ip->daddr = plus(packet.destination[0], ends.destination_host);
    __u32 words[5];
    __builtin_memcpy(words, ip, sizeof words);
    ip->check = (__u16)~folded(sum_words(words, 5));
    put_tail(tail, flow, &ends);
    finish(tail, words + 3, 2);
    return (int)bpf_redirect(out_ifindex, 0);
}

SEC("xdp") int send6(struct xdp_md *ctx)
{
    struct ethhdr *ethernet = (void *)(long)ctx->data;
    struct ipv6hdr *ip = (void *)(ethernet + 1);
    struct tail *tail = (void *)(ip + 1);
    if ((void *)(tail + 1) > (void *)(long)ctx->data_end)
        return XDP_ABORTED;
    __u32 flow = next_flow(), words[10];
    struct ends ends = ends_of(flow, !up);
    put_macs(ethernet, bpf_htons(ETH_P_IPV6));
    *ip = (struct ipv6hdr){
        .version = 6, .hop_limit = 64, .nexthdr = UDP, .payload_len = bpf_htons(sizeof *tail)};
    for (int i = 0; i < 4; i++) {
        ip->saddr.s6_addr32[i] = packet.source[i];
        ip->daddr.s6_addr32[i] = packet.destination[i];
    }
    ip->saddr.s6_addr32[3] = plus(packet.source[3], ends.source_host);
    ip->daddr.s6_addr32[3] = plus(packet.destination[3], ends.destination_host);
    __builtin_memcpy(words, ip, sizeof words);
    put_tail(tail, flow, &ends);
    finish(tail, words + 2, 8);
    return (int)bpf_redirect(out_ifindex, 0);
}

/* ---- receiving ---- */

static __always_inline bool is_mac(const __u8 *mac, __u32 host)
{
    bool same = true;
    for (int i = 0; i < 6; i++)
        same &= mac[i] == (__u8)(packet.to[i] + (i == 5 ? host : 0));
    return same;
}

static __always_inline bool is_tail(const struct tail *tail, const struct ends *ends, const __u32 *addresses,
                                    unsigned words)
{
    return tail->udp.source == bpf_htons(ends->source_port) &&
           tail->udp.dest == bpf_htons(ends->destination_port) && udp_sum(addresses, words, tail) == 0xffff;
}

/* Packets of others go on. */
static __always_inline int judge(struct xdp_md *ctx, bool as_it_should)
{
    const __u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    if (as_it_should) {
        __sync_fetch_and_add(&right, 1);
        return XDP_DROP;
    }
    if (__sync_fetch_and_add(&wrong, 1) == 0 && data + 50 <= end)
        for (int i = 0; i < 50; i++)
            sample[i] = data[i];
    return XDP_DROP;
}

SEC("xdp") int check4(struct xdp_md *ctx)
{
    const struct ethhdr *ethernet = (void *)(long)ctx->data;
    const struct iphdr *ip = (void *)(ethernet + 1);
    const struct tail *tail = (void *)(ip + 1);
    if ((void *)(tail + 1) > (void *)(long)ctx->data_end || ethernet->h_proto != bpf_htons(ETH_P_IP) ||
        ip->protocol != UDP || tail->payload.mark != bpf_htonl(REUSE_MARK))
        return XDP_PASS;
    __u32 words[5], flow = bpf_ntohl(tail->payload.flow);
    struct ends ends = ends_of(flow, up);
    __builtin_memcpy(words, ip, sizeof words);
    return judge(ctx, is_mac(ethernet->h_dest, reuse_host(flow)) && ip->ttl == 63 &&
                          folded(sum_words(words, 5)) == 0xffff &&
                          ip->saddr == plus(packet.source[0], ends.source_host) &&
                          ip->daddr == plus(packet.destination[0], ends.destination_host) &&
                          is_tail(tail, &ends, words + 3, 2));
}

SEC("xdp") int check6(struct xdp_md *ctx)
{
    const struct ethhdr *ethernet = (void *)(long)ctx->data;
    const struct ipv6hdr *ip = (void *)(ethernet + 1);
    const struct tail *tail = (void *)(ip + 1);
    if ((void *)(tail + 1) > (void *)(long)ctx->data_end || ethernet->h_proto != bpf_htons(ETH_P_IPV6) ||
        ip->nexthdr != UDP || tail->payload.mark != bpf_htonl(REUSE_MARK))
        return XDP_PASS;
    __u32 words[10], flow = bpf_ntohl(tail->payload.flow);
    struct ends ends = ends_of(flow, up);
    __builtin_memcpy(words, ip, sizeof words);
    return judge(ctx, is_mac(ethernet->h_dest, reuse_host(flow)) && ip->hop_limit == 63 &&
                          ip->saddr.s6_addr32[3] == plus(packet.source[3], ends.source_host) &&
                          ip->daddr.s6_addr32[3] == plus(packet.destination[3], ends.destination_host) &&
                          is_tail(tail, &ends, words + 2, 8));
}
