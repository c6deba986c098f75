/* What generators send, as programs in the kernel: packets of many flows, in any order, each with checksums
 * that are right. The kernel recycles the pages that it forwarded, so all headers are written each time. */
#ifndef BENCH_GENERATED_H
#define BENCH_GENERATED_H

#include "generated_flows.h"
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <quicward/base/checksum.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define GENERATED_HEADERS4 (sizeof(struct ethhdr) + sizeof(struct iphdr) + sizeof(struct udphdr))
#define GENERATED_HEADERS6 (sizeof(struct ethhdr) + sizeof(struct ipv6hdr) + sizeof(struct udphdr))

/* Flow 0's packet, up to its payload. */
volatile __u32 flows = 1, chance = 1;
unsigned char header[GENERATED_HEADERS6] = {1};

/* Any of them, evenly: a queue of numbers would be fetched ahead by the processor. */
static __always_inline __u32 next_flow(void)
{
    chance = chance * 1664525u + 1013904223u;
    return (__u32)((__u64)chance * flows >> 32);
}

/* At `data`, of which GENERATED_HEADERS4 may be written. */
static __always_inline void generate4(unsigned char *data)
{
    struct iphdr *ip = (void *)(data + sizeof(struct ethhdr));
    struct udphdr *udp = (void *)(ip + 1);
    __u32 flow = next_flow(), host = generated_host(flow), port = generated_port(flow);
    __builtin_memcpy(data, header, GENERATED_HEADERS4);
    ip->saddr = bpf_htonl(bpf_ntohl(ip->saddr) + host);
    udp->source = bpf_htons((__u16)(bpf_ntohs(udp->source) + port));
    ip->check = qw_checksum_apply(ip->check, bpf_htons((__u16)host));
    udp->check = qw_checksum_apply_udp(udp->check, bpf_htons((__u16)(host + port)));
}

static __always_inline void generate6(unsigned char *data)
{
    struct ipv6hdr *ip = (void *)(data + sizeof(struct ethhdr));
    struct udphdr *udp = (void *)(ip + 1);
    __u32 flow = next_flow(), host = generated_host(flow), port = generated_port(flow);
    __builtin_memcpy(data, header, GENERATED_HEADERS6);
    ip->saddr.s6_addr32[3] = bpf_htonl(bpf_ntohl(ip->saddr.s6_addr32[3]) + host);
    udp->source = bpf_htons((__u16)(bpf_ntohs(udp->source) + port));
    udp->check = qw_checksum_apply_udp(udp->check, bpf_htons((__u16)(host + port)));
}

#endif
