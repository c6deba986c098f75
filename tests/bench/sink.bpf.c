#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

volatile __u64 packets = 0;

static __always_inline bool is_udp(const struct ethhdr *eth, const void *end)
{
    const struct iphdr *ip = (const void *)(eth + 1);
    const struct ipv6hdr *six = (const void *)(eth + 1);
    if ((const void *)(ip + 1) > end)
        return false;
    if (eth->h_proto == bpf_htons(ETH_P_IP))
        return ip->protocol == 17;
    return eth->h_proto == bpf_htons(ETH_P_IPV6) && (const void *)(six + 1) <= end && six->nexthdr == 17;
}

SEC("xdp") int sink(struct xdp_md *ctx)
{
    if (!is_udp((void *)(long)ctx->data, (void *)(long)ctx->data_end))
        return XDP_PASS;
    packets++;
    return XDP_DROP;
}
