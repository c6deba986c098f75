/* bench_sink INTERFACE SECONDS: counts UDP packets and drops them; a line a second. */
#include "measure.h"
#include <net/if.h>
#include <sink.skel.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    bench_require(argc == 3, "usage: bench_sink INTERFACE SECONDS");
    struct sink_bpf *program = sink_bpf__open_and_load();
    bench_require(program && program->bss, "loading the sink");
    struct bpf_link *link = bpf_program__attach_xdp(program->progs.sink, (int)if_nametoindex(argv[1]));
    bench_require(link != NULL, "attaching the sink");
    uint64_t before = 0;
    for (int seconds = atoi(argv[2]); seconds > 0; seconds--) {
        sleep(1);
        uint64_t now = program->bss->packets;
        printf("%lu\n", (unsigned long)(now - before));
        fflush(stdout);
        before = now;
    }
    bpf_link__destroy(link);
    sink_bpf__destroy(program);
    return 0;
}
