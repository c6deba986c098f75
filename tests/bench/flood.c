/* bench_flood 4|6 INTERFACE ITS_MAC ROUTER_MAC FLOWS IP_LEN SECONDS: packets of many flows (fast_flows.h), as
 * fast as the core can. */
#include "fast_flows.h"
#include "measure.h"
#include <bpf/bpf.h>
#include <flood.skel.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEAT 500000 /* packets a call: each call costs about 25 ms of set-up */
#define BATCH 64
#define MAC_LEN 6

static void put_mac(const char *text, uint8_t *out)
{
    bench_require(sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", out, out + 1, out + 2, out + 3, out + 4,
                         out + 5) == MAC_LEN,
                  "a MAC address");
}

static void send_many(int program, uint8_t *packet, size_t len)
{
    struct xdp_md context = {.data_end = (uint32_t)len};
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = (uint32_t)len,
                .ctx_in = &context, .ctx_size_in = sizeof context, .repeat = REPEAT,
                .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);
    bench_require(bpf_prog_test_run_opts(program, &options) == 0, "sending live frames");
}

int main(int argc, char **argv)
{
    uint8_t packet[FAST_FLOWS_PACKET_MAX];
    bench_require(argc == 8, "usage: bench_flood 4|6 INTERFACE ITS_MAC ROUTER_MAC FLOWS IP_LEN SECONDS");
    bool ipv6 = argv[1][0] == '6';
    size_t len = fast_flows_packet(ipv6, strtoul(argv[6], NULL, 10), packet);
    put_mac(argv[4], packet);
    put_mac(argv[3], packet + MAC_LEN);
    struct flood_bpf *program = flood_bpf__open_and_load();
    bench_require(program && program->bss && program->data, "loading the generator");
    program->bss->out_ifindex = if_nametoindex(argv[2]);
    program->data->flows = (uint32_t)strtoul(argv[5], NULL, 10);
    memcpy(program->data->header, packet, sizeof program->data->header);
    int fd = bpf_program__fd(ipv6 ? program->progs.flood6 : program->progs.flood4);
    uint64_t end = bench_now() + strtoul(argv[7], NULL, 10) * 1000000000u;
    while (bench_now() < end)
        send_many(fd, packet, len);
    flood_bpf__destroy(program);
    return 0;
}
