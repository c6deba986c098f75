/* The least that forwarders can do at XDP. */
#include <linux/bpf.h>

#include "bare.h"
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <quicward/base/checksum.h>
#include <quicward/measure.h>
#include <stdbool.h>

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

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, __u32);
    __type(value, struct measure);
    __uint(max_entries, 1);
} measures SEC(".maps");

/* Other MAC addresses, and nothing looked up. */
SEC("xdp") int bare_redirect(struct xdp_md *ctx)
{
    unsigned char *data = (void *)(long)ctx->data;
    if (data + sizeof macs > (unsigned char *)(long)ctx->data_end)
        return XDP_ABORTED;
    __builtin_memcpy(data, macs, sizeof macs);
    return (int)bpf_redirect(out_ifindex, 0);
}

/* The engine's own measuring of round trips, with a clock that is fine enough. */
static __always_inline void measure_one(__u32 number, const __u8 *first)
{
    struct measure *measure = bpf_map_lookup_elem(&measures, &number);
    if (measure && measure_spins(measure))
        measure_spin(measure, 0, *first & MEASURE_SPIN_BIT, (__u32)(bpf_ktime_get_boot_ns() / 1000));
}

/* One lookup, counters, a coarse clock, the rewrite, no checks. */
static __always_inline int translate(struct xdp_md *ctx, bool measured)
{
    struct ethhdr *ethernet = (void *)(long)ctx->data;
    struct iphdr *ip = (void *)(ethernet + 1);
    struct udphdr *udp = (void *)(ip + 1);
    if ((__u8 *)(udp + 1) + 1 > (__u8 *)(long)ctx->data_end || ethernet->h_proto != bpf_htons(ETH_P_IP) ||
        ip->protocol != 17)
        return XDP_PASS;
    struct bare_key key = {ip->saddr, ip->daddr, udp->source, udp->dest};
    struct bare_record *record = bpf_map_lookup_elem(&flows, &key);
    if (!record)
        return XDP_PASS;
    record->packets++;
    record->bytes += bpf_ntohs(ip->tot_len);
    record->last_seen = bpf_ktime_get_coarse_ns();
    if (measured)
        measure_one(record->number, (__u8 *)(udp + 1));
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

SEC("xdp") int bare_nat(struct xdp_md *ctx)
{
    return translate(ctx, false);
}

SEC("xdp") int bare_measured(struct xdp_md *ctx)
{
    return translate(ctx, true);
}

static __always_inline bool is_udp(const struct ethhdr *ethernet, const void *end)
{
    const struct iphdr *ip = (const void *)(ethernet + 1);
    const struct ipv6hdr *six = (const void *)(ethernet + 1);
    if ((const void *)(six + 1) > end)
        return false;
    return (ethernet->h_proto == bpf_htons(ETH_P_IP) && ip->protocol == 17) ||
           (ethernet->h_proto == bpf_htons(ETH_P_IPV6) && six->nexthdr == 17);
}

/* UDP goes no further. */
SEC("xdp") int bare_drop(struct xdp_md *ctx)
{
    if (!is_udp((void *)(long)ctx->data, (void *)(long)ctx->data_end))
        return XDP_PASS;
    dropped++;
    return XDP_DROP;
}
