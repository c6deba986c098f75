/* Writes the whole header anew each time, because the kernel recycles the pages that it forwarded. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

#define FIRST_PORT 10000
#define PORTS_MASK 0x7fff
#define SHORT_HEADER 0x43

volatile __u32 out_ifindex = 0, flows = 1, counter = 0;
unsigned char header[42] = {1}; /* Ethernet, IPv4, UDP */

SEC("xdp") int generate(struct xdp_md *ctx)
{
    unsigned char *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
    struct udphdr *udp = (void *)(data + sizeof(struct ethhdr) + sizeof(struct iphdr));
    unsigned char *payload = (void *)(udp + 1);
    if (payload + 1 > end)
        return XDP_ABORTED;
    __builtin_memcpy(data, header, sizeof header);
    __u32 flow = counter++ % flows;
    udp->source = bpf_htons(FIRST_PORT + (flow & PORTS_MASK));
    udp->check = 0; /* none (RFC 768) */
    payload[0] = SHORT_HEADER;
    return bpf_redirect(out_ifindex, 0);
}
