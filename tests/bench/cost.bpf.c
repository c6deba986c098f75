/* Makes a packet, and hands it to the program that is measured: so a test run of many packets has one of
 * another flow each time, whatever the program before made of it. */
#include <linux/bpf.h>

#include "generated.h"

char _license[] SEC("license") = "GPL";

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(__u32));
    __uint(max_entries, 1);
} measured_xdp SEC(".maps"), measured_tc SEC(".maps");

SEC("xdp") int cost_xdp4(struct xdp_md *ctx)
{
    unsigned char *data = (void *)(long)ctx->data;
    if (data + GENERATED_HEADERS4 > (unsigned char *)(long)ctx->data_end)
        return XDP_ABORTED;
    generate4(data);
    bpf_tail_call(ctx, &measured_xdp, 0);
    return XDP_ABORTED;
}

SEC("xdp") int cost_xdp6(struct xdp_md *ctx)
{
    unsigned char *data = (void *)(long)ctx->data;
    if (data + GENERATED_HEADERS6 > (unsigned char *)(long)ctx->data_end)
        return XDP_ABORTED;
    generate6(data);
    bpf_tail_call(ctx, &measured_xdp, 0);
    return XDP_ABORTED;
}

SEC("tc") int cost_tc4(struct __sk_buff *skb)
{
    unsigned char *data = (void *)(long)skb->data;
    if (data + GENERATED_HEADERS4 > (unsigned char *)(long)skb->data_end)
        return 2;
    generate4(data);
    bpf_tail_call(skb, &measured_tc, 0);
    return 2;
}

SEC("tc") int cost_tc6(struct __sk_buff *skb)
{
    unsigned char *data = (void *)(long)skb->data;
    if (data + GENERATED_HEADERS6 > (unsigned char *)(long)skb->data_end)
        return 2;
    generate6(data);
    bpf_tail_call(skb, &measured_tc, 0);
    return 2;
}

SEC("xdp") int nothing_xdp(struct xdp_md *ctx)
{
    return ctx->ingress_ifindex ? XDP_PASS : XDP_ABORTED;
}

SEC("tc") int nothing_tc(struct __sk_buff *skb)
{
    return skb->ifindex ? 0 : 2;
}
