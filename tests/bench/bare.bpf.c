/* The least that forwarders can do at XDP. */
#include <linux/bpf.h>

#include "bare.h"
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <quicward/base/checksum.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

volatile __u32 out_ifindex = 0, dropped = 0;
unsigned char macs[12] = {1}; /* destination, source */

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, struct bare_key);
    __type(value, struct bare_record);
    __uint(max_entries, 2);
} flows SEC(".maps");

/* Other MAC addresses, and nothing looked up. */
SEC("xdp") int bare_redirect(struct xdp_md *ctx)
{
    unsigned char *data = (void *)(long)ctx->data;
    if (data + sizeof macs > (unsigned char *)(long)ctx->data_end)
        return XDP_ABORTED;
    __builtin_memcpy(data, macs, sizeof macs);
    return (int)bpf_redirect(out_ifindex, 0);
}

/* One lookup, counters, a coarse clock, the rewrite, no checks. */
SEC("xdp") int bare_nat(struct xdp_md *ctx)
{
    struct ethhdr *ethernet = (void *)(long)ctx->data;
    struct iphdr *ip = (void *)(ethernet + 1);
    struct udphdr *udp = (void *)(ip + 1);
    if ((void *)(udp + 1) > (void *)(long)ctx->data_end || ethernet->h_proto != bpf_htons(ETH_P_IP) ||
        ip->protocol != 17)
        return XDP_PASS;
    struct bare_key key = {ip->saddr, ip->daddr, udp->source, udp->dest};
    struct bare_record *record = bpf_map_lookup_elem(&flows, &key);
    if (!record)
        return XDP_PASS;
    record->packets++;
    record->bytes += bpf_ntohs(ip->tot_len);
    record->last_seen = bpf_ktime_get_coarse_ns();
    ip->saddr = record->new_addr;
    udp->source = record->new_port;
    ip->check = qw_checksum_apply(ip->check, record->ip_delta);
    udp->check = qw_checksum_apply_udp(udp->check, record->udp_delta);
    __u32 sum = (__u32)ip->check + bpf_htons(0x0100);
    ip->check = (__u16)(sum + (sum >= 0xffff));
    ip->ttl--;
    __builtin_memcpy(ethernet->h_dest, record->to, ETH_ALEN);
    __builtin_memcpy(ethernet->h_source, record->from, ETH_ALEN);
    return (int)bpf_redirect(record->out_ifindex, 0);
}

/* UDP goes no further. */
SEC("xdp") int bare_drop(struct xdp_md *ctx)
{
    struct ethhdr *ethernet = (void *)(long)ctx->data;
    struct iphdr *ip = (void *)(ethernet + 1);
    if ((void *)(ip + 1) > (void *)(long)ctx->data_end || ethernet->h_proto != bpf_htons(ETH_P_IP) ||
        ip->protocol != 17)
        return XDP_PASS;
    dropped++;
    return XDP_DROP;
}
