/* bench_bare redirect|nat|drop FLOWS IN OUT NEXT_MAC ITS_MAC: forwards at XDP what comes by IN to OUT, the
 * least that can be done, until it is told to end (SIGTERM). Prints "ready". */
#include "bare_flows.h"
#include "measure.h"
#include <bpf/libbpf.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAC_LEN 6

static void read_mac(const char *text, uint8_t *out)
{
    bench_require(sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", out, out + 1, out + 2, out + 3, out + 4,
                         out + 5) == MAC_LEN,
                  "a MAC address");
}

static const struct bpf_program *choose(const struct bare_bpf *program, const char *kind)
{
    if (strcmp(kind, "nat") == 0)
        return program->progs.bare_nat;
    return strcmp(kind, "drop") == 0 ? program->progs.bare_drop : program->progs.bare_redirect;
}

int main(int argc, char **argv)
{
    uint8_t macs[2 * MAC_LEN];
    bench_require(argc == 7, "usage: bench_bare redirect|nat|drop FLOWS IN OUT NEXT_MAC ITS_MAC");
    read_mac(argv[5], macs);
    read_mac(argv[6], macs + MAC_LEN);
    struct bare_bpf *program =
        bare_flows_load((uint32_t)strtoul(argv[2], NULL, 10), if_nametoindex(argv[4]), macs);
    bench_require(bpf_program__attach_xdp(choose(program, argv[1]), (int)if_nametoindex(argv[3])) != NULL,
                  "attaching the bare forwarder");
    puts("ready");
    fflush(stdout);
    pause();
    return 0;
}
