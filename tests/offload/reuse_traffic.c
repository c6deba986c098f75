/* reuse_traffic send|check up|down SOURCE DESTINATION INTERFACE TO_MAC: packets of the flows of
 * reuse_flows.h, as fast as the core can, or what became of them, until it is told to end (SIGTERM). SOURCE
 * and DESTINATION are flow 0's endpoints there, TO_MAC the router's address, or that of the first host. A
 * checker says "ready", and at the end how many came as their own flow's rewrite makes them; status 1 when
 * one did not, or none came. */
#include "reuse_flows.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <quicward/base/addr.h>
#include <reuse_traffic.skel.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEAT 20000 /* packets a call */
#define BATCH 64

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "reuse_traffic: %s\n", what);
    exit(2);
}

static enum qw_family put_end(const char *text, __u32 address[4], __u16 *port)
{
    struct qw_endpoint endpoint;
    enum qw_family family;
    if (!qw_endpoint_parse(text, &endpoint, &family))
        fail("no endpoint");
    memcpy(address, endpoint.addr.bytes + (family == QW_IPV4 ? 12 : 0), family == QW_IPV4 ? 4 : 16);
    *port = endpoint.port;
    return family;
}

static void wait_for_end(void)
{
    sigset_t end;
    int got;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigwait(&end, &got);
}

static void send_many(int program, enum qw_family family)
{
    uint8_t frame[128] = {0};
    uint32_t len = 14 + (family == QW_IPV4 ? 20 : 40) + 16;
    struct xdp_md context = {.data_end = len};
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = len, .ctx_in = &context,
                .ctx_size_in = sizeof context, .repeat = REPEAT, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
                .batch_size = BATCH);
    if (bpf_prog_test_run_opts(program, &options) != 0)
        fail("the kernel sends no live frames");
}

static int check(struct reuse_traffic_bpf *program, const struct bpf_program *checker, unsigned ifindex)
{
    sigset_t end;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigprocmask(SIG_BLOCK, &end, NULL);
    struct bpf_link *link = bpf_program__attach_xdp(checker, (int)ifindex);
    if (!link)
        fail("the checker cannot be attached");
    puts("ready");
    fflush(stdout);
    wait_for_end();
    printf("%llu right, %llu wrong\n", (unsigned long long)program->bss->right,
           (unsigned long long)program->bss->wrong);
    for (unsigned i = 0; program->bss->wrong > 0 && i < sizeof program->bss->sample; i++)
        printf("%02x%s", program->bss->sample[i], i % 16 == 15 ? "\n" : " ");
    bool right = program->bss->wrong == 0 && program->bss->right > 0;
    bpf_link__destroy(link);
    reuse_traffic_bpf__destroy(program);
    return !right;
}

int main(int argc, char **argv)
{
    if (argc != 7)
        fail("usage: reuse_traffic send|check up|down SOURCE DESTINATION INTERFACE TO_MAC");
    bool sends = strcmp(argv[1], "send") == 0;
    struct reuse_traffic_bpf *program = reuse_traffic_bpf__open();
    if (!program)
        fail("no program");
    enum qw_family family =
        put_end(argv[3], program->rodata->packet.source, &program->rodata->packet.source_port);
    put_end(argv[4], program->rodata->packet.destination, &program->rodata->packet.destination_port);
    uint8_t *to = program->rodata->packet.to;
    if (sscanf(argv[6], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", to, to + 1, to + 2, to + 3, to + 4, to + 5) != 6)
        fail("no MAC address");
    program->rodata->packet.from[0] = 2;
    program->rodata->up = strcmp(argv[2], "up") == 0;
    program->rodata->translated = family == QW_IPV4;
    program->rodata->out_ifindex = if_nametoindex(argv[5]);
    if (reuse_traffic_bpf__load(program) != 0)
        fail("the kernel refuses the program");
    const struct bpf_program *checker = family == QW_IPV4 ? program->progs.check4 : program->progs.check6;
    if (!sends)
        return check(program, checker, program->rodata->out_ifindex);
    for (;;)
        send_many(bpf_program__fd(family == QW_IPV4 ? program->progs.send4 : program->progs.send6), family);
}
