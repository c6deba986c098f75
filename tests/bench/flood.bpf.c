#include <linux/bpf.h>

#include "generated.h"

char _license[] SEC("license") = "GPL";

volatile __u32 out_ifindex = 0;

SEC("xdp") int flood4(struct xdp_md *ctx)
{
    unsigned char *data = (void *)(long)ctx->data;
    if (data + GENERATED_HEADERS4 > (unsigned char *)(long)ctx->data_end)
        return XDP_ABORTED;
    generate4(data);
    return (int)bpf_redirect(out_ifindex, 0);
}

SEC("xdp") int flood6(struct xdp_md *ctx)
{
    unsigned char *data = (void *)(long)ctx->data;
    if (data + GENERATED_HEADERS6 > (unsigned char *)(long)ctx->data_end)
        return XDP_ABORTED;
    generate6(data);
    return (int)bpf_redirect(out_ifindex, 0);
}
