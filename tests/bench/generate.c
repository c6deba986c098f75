/* bench_generate INTERFACE ITS_MAC ROUTER_MAC FLOWS IP_LEN SECONDS: UDP short headers from 10.0.1.2, ports
 * 10000 and on, to 10.0.2.2:443, as fast as the core can. */
#include "measure.h"
#include "packets.h"
#include <bpf/bpf.h>
#include <generate.skel.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEAT 1000000 /* packets a call: each call costs about 25 ms of set-up */
#define BATCH 64
#define MAC_LEN 6
#define ETHERNET 14
#define HEADERS 28 /* IPv4 and UDP */

static void put_mac(const char *text, uint8_t *out)
{
    bench_require(sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", out, out + 1, out + 2, out + 3, out + 4,
                         out + 5) == MAC_LEN,
                  "a MAC address");
}

static size_t make_packet(uint8_t *out, size_t size, char **argv)
{
    static const uint8_t PAYLOAD[1472];
    size_t ip_len = strtoul(argv[5], NULL, 10);
    bench_require(ip_len > HEADERS && ip_len - HEADERS <= sizeof PAYLOAD, "IP_LEN is 29 to 1500");
    put_mac(argv[3], out);
    put_mac(argv[2], out + MAC_LEN);
    out[12] = 0x08; /* IPv4 */
    out[13] = 0x00;
    return ETHERNET + test_udp(out + ETHERNET, size - ETHERNET, "10.0.1.2:10000", "10.0.2.2:443", PAYLOAD,
                               ip_len - HEADERS);
}

static void send_million(int program, uint8_t *packet, size_t len)
{
    struct xdp_md context = {.data_end = (uint32_t)len};
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = (uint32_t)len,
                .ctx_in = &context, .ctx_size_in = sizeof context, .repeat = REPEAT,
                .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);
    bench_require(bpf_prog_test_run_opts(program, &options) == 0, "sending live frames");
}

int main(int argc, char **argv)
{
    uint8_t packet[2048];
    bench_require(argc == 7, "usage: bench_generate INTERFACE ITS_MAC ROUTER_MAC FLOWS IP_LEN SECONDS");
    size_t len = make_packet(packet, sizeof packet, argv);
    struct generate_bpf *program = generate_bpf__open_and_load();
    bench_require(program && program->bss && program->data, "loading the generator");
    program->bss->out_ifindex = if_nametoindex(argv[1]);
    program->data->flows = (uint32_t)strtoul(argv[4], NULL, 10);
    memcpy(program->data->header, packet, sizeof program->data->header);
    uint64_t end = bench_now() + strtoul(argv[6], NULL, 10) * 1000000000u;
    while (bench_now() < end)
        send_million(bpf_program__fd(program->progs.generate), packet, len);
    generate_bpf__destroy(program);
    return 0;
}
