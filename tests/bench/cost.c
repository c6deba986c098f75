/* bench_cost [tc|more|drop|FLOWS]...: what the fast path's program costs a packet, in nanoseconds of a core,
 * by test runs in the kernel: no interface, no buffer, no neighbour. Every figure is what a packet costs more
 * than with a program that does nothing. Rounds of all programs in turns; the middle one counts. With
 * arguments only IPv4 at XDP with so many flows, or at tc with 1,000, or what else the program may do. */
#include "bare_flows.h"
#include "fast_flows.h"
#include "kernel.h"
#include "measure.h"
#include "offload_drops.h"
#include <bpf/bpf.h>
#include <cost.skel.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REPEAT 1000000
#define IP_LEN 1228
#define LOOPBACK 1 /* the interface of test runs */

static const uint8_t HOP[6] = {2, 0, 0, 0, 0, 9};

static uint64_t boot_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- flows ---- */

static struct kernel *load(uint32_t flows)
{
    char error[OFFLOAD_ERROR_MAX] = "";
    struct offload_options options = {.flows_max = flows, .limits = 1, .spin = true};
    struct kernel *kernel = kernel_new_for(&options, NULL, error);
    struct fast_port port = {.ifindex = LOOPBACK, .mtu = 1500, .carrier = LOOPBACK};
    bench_require(kernel != NULL, error);
    kernel_control(kernel)->fresh = UINT8_MAX;
    kernel_control(kernel)->alive_until_ms = boot_ms() + 3600000;
    bench_require(kernel_set_port(kernel, 0, &port) && kernel_set_port(kernel, 1, &port), "setting a port");
    return kernel;
}

/* With a next hop that will not be asked for again while this runs. */
static void put(struct kernel *kernel, bool ipv6, uint32_t flow, unsigned kind, uint8_t spin)
{
    struct flow_path path = fast_flows_path(ipv6, flow);
    struct fast_match match = entry_match(&path.ways[FLOW_PATH_UP].match);
    struct fast_record record = entry_record(&path, FLOW_PATH_UP, 0, 1, kind);
    fast_set_flow(&record, flow, flow * 0x9e3779b97f4a7c15u >> 40);
    record.spin = spin;
    memcpy(record.next_hop, HOP, sizeof HOP);
    record.hop_check = fast_hop_check(record.tag, HOP);
    bench_require(kernel_put(kernel, &match, &record), "putting a flow");
}

/* ---- a run ---- */

/* Nanoseconds of this thread a packet. What each must come to is `verdict`. */
static double run(int program, const uint8_t *packet, size_t len, uint32_t verdict)
{
    uint8_t out[FAST_FLOWS_PACKET_MAX];
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = (uint32_t)len, .data_out = out,
                .data_size_out = sizeof out, .repeat = REPEAT);
    uint64_t before = bench_cpu();
    bench_require(bpf_prog_test_run_opts(program, &options) == 0, "a test run");
    bench_require(options.retval == verdict, "the program came to another verdict than it should");
    return (double)(bench_cpu() - before) / REPEAT;
}

struct contest {
    struct cost_bpf *cost;
    bool ipv6, tc;
    uint8_t packet[FAST_FLOWS_PACKET_MAX];
    size_t len;
};

static double run_one(struct contest *contest, int program, uint32_t verdict)
{
    const struct cost_bpf *cost = contest->cost;
    uint32_t zero = 0;
    const struct bpf_map *map = contest->tc ? cost->maps.measured_tc : cost->maps.measured_xdp;
    const struct bpf_program *first = contest->tc
                                          ? (contest->ipv6 ? cost->progs.cost_tc6 : cost->progs.cost_tc4)
                                          : (contest->ipv6 ? cost->progs.cost_xdp6 : cost->progs.cost_xdp4);
    bench_require(bpf_map_update_elem(bpf_map__fd(map), &zero, &program, BPF_ANY) == 0,
                  "choosing the program");
    return run(bpf_program__fd(first), contest->packet, contest->len, verdict);
}

/* Rows of the fast path's program, and of a bare forwarder where there is one (-1: none). */
static void compete(struct contest *contest, int fast, int bare, uint32_t verdict, const char *what)
{
    double own[ROUNDS], bares[ROUNDS], ratio[ROUNDS];
    char text[96];
    int nothing =
        bpf_program__fd(contest->tc ? contest->cost->progs.nothing_tc : contest->cost->progs.nothing_xdp);
    for (unsigned i = 0; i < ROUNDS; i++) {
        double floor = run_one(contest, nothing, contest->tc ? (uint32_t)TC_ACT_OK : (uint32_t)XDP_PASS);
        own[i] = run_one(contest, fast, verdict) - floor;
        bares[i] = bare >= 0 ? run_one(contest, bare, verdict) - floor : 0;
        ratio[i] = bares[i] > 0 ? own[i] / bares[i] : 0;
    }
    snprintf(text, sizeof text, "%.1f ns", bench_median(own));
    if (bare < 0) {
        bench_row(what, text);
        return;
    }
    snprintf(text + strlen(text), sizeof text - strlen(text), ", bare %.1f ns", bench_median(bares));
    bench_ratio(what, text, "the bare forwarder", bench_median(ratio), 0);
}

/* ---- what is measured ---- */

/* What measuring round trips would add: to the bare forwarder, for the fast path does not. */
static void measure_spins_of(struct contest *contest, struct bare_bpf *bare, uint32_t flows)
{
    double added[ROUNDS];
    char what[96], text[32];
    bare_flows_measure(bare, flows);
    for (unsigned i = 0; i < ROUNDS; i++) {
        double without = run_one(contest, bpf_program__fd(bare->progs.bare_nat), XDP_REDIRECT);
        added[i] = run_one(contest, bpf_program__fd(bare->progs.bare_measured), XDP_REDIRECT) - without;
    }
    snprintf(what, sizeof what, "cost: a record of round trips beside it, %u flows", (unsigned)flows);
    snprintf(text, sizeof text, "%+.1f ns", bench_median(added));
    bench_row(what, text);
}

static void measure_place(struct cost_bpf *cost, bool ipv6, bool tc, uint32_t flows)
{
    struct contest contest = {.cost = cost, .ipv6 = ipv6, .tc = tc};
    static const uint8_t MACS[12] = {2};
    char what[96];
    struct kernel *kernel = load(flows);
    struct bare_bpf *bare = ipv6 || tc ? NULL : bare_flows_load(flows, LOOPBACK, MACS);
    contest.len = fast_flows_packet(ipv6, IP_LEN, contest.packet);
    memcpy(cost->data->header, contest.packet, sizeof cost->data->header);
    cost->data->flows = flows;
    for (uint32_t flow = 0; flow < flows; flow++)
        put(kernel, ipv6, flow, tc ? FAST_TC : 0, 0);
    snprintf(what, sizeof what, "cost: %s at %s, %u flows", ipv6 ? "IPv6, firewall" : "IPv4, nat",
             tc ? "tc" : "XDP", (unsigned)flows);
    compete(&contest, kernel_program(kernel, tc ? OFFLOAD_TC : OFFLOAD_XDP),
            bare ? bpf_program__fd(bare->progs.bare_nat) : -1,
            tc ? (uint32_t)TC_ACT_REDIRECT : (uint32_t)XDP_REDIRECT, what);
    if (bare)
        measure_spins_of(&contest, bare, flows);
    bare_bpf__destroy(bare);
    kernel_free(kernel);
}

/* What else the program may do, each alone: nothing, the spin bit between two edges, a throttle that blocks
 * nothing, one that weighs flows and blocks none of these. */
enum extra { EXTRA_NONE, EXTRA_SPIN, EXTRA_LIMIT, EXTRA_WEIGHED, EXTRAS };

static void begin_extra(struct kernel *kernel, enum extra extra)
{
    struct fast_limit limit = {.flags = FAST_LIMITED};
    if (extra == EXTRA_WEIGHED) {
        limit.flags |= FAST_ACTIVE | FAST_WEIGHS;
        memset(kernel_cells(kernel)->room, 0xff, sizeof kernel_cells(kernel)->room);
    }
    kernel_limits(kernel)[1] = limit;
    kernel_control(kernel)->limited = extra >= EXTRA_LIMIT ? 2 : 0;
}

static void measure_extras(struct cost_bpf *cost, uint32_t flows)
{
    static const char *const NAMES[EXTRAS] = {"", "the spin bit", "a throttle at ease",
                                              "a throttle that weighs"};
    struct contest contest = {.cost = cost};
    struct kernel *kernels[EXTRAS];
    double ns[EXTRAS][ROUNDS];
    contest.len = fast_flows_packet(false, IP_LEN, contest.packet);
    memcpy(cost->data->header, contest.packet, sizeof cost->data->header);
    cost->data->flows = flows;
    for (unsigned extra = 0; extra < EXTRAS; extra++) {
        kernels[extra] = load(flows);
        begin_extra(kernels[extra], (enum extra)extra);
        for (uint32_t flow = 0; flow < flows; flow++)
            put(kernels[extra], false, flow, 0, extra == EXTRA_SPIN ? FAST_SPIN_SEEN : 0);
    }
    for (unsigned i = 0; i < ROUNDS; i++)
        for (unsigned extra = 0; extra < EXTRAS; extra++)
            ns[extra][i] = run_one(&contest, kernel_program(kernels[extra], OFFLOAD_XDP), XDP_REDIRECT) -
                           (extra ? ns[0][i] : 0);
    for (unsigned extra = 1; extra < EXTRAS; extra++) {
        char what[96], text[32];
        snprintf(what, sizeof what, "cost: %s, IPv4, nat, XDP, %u flows", NAMES[extra], (unsigned)flows);
        snprintf(text, sizeof text, "%+.1f ns", bench_median(ns[extra]));
        bench_row(what, text);
    }
    for (unsigned extra = 0; extra < EXTRAS; extra++)
        kernel_free(kernels[extra]);
}

/* What nobody asked for: to a port without a mapping, or by IPv6 to the inside of a firewall. The inside is a
 * network of this process. */
static void begin_inside(void)
{
    bench_require(unshare(CLONE_NEWNET) == 0 &&
                      system("ip link set lo up && ip link add inside0 type veth peer name far0 &&"
                             " ip link set inside0 up && ip link set far0 up &&"
                             " ip addr add fd00:2::1/64 dev inside0 nodad &&"
                             " sysctl -qw net.ipv6.conf.all.forwarding=1") == 0,
                  "a network of its own");
}

static void watch(struct kernel *kernel, bool ipv6)
{
    static const uint32_t KEY = 0x5bd1e995u;
    struct fast_port inside = {.ifindex = if_nametoindex("inside0"), .mtu = 1500};
    struct fast_watch *watch = kernel_watch(kernel);
    const struct flow_path path = fast_flows_path(false, 0);
    struct fast_match match = entry_match(&path.ways[FLOW_PATH_UP].match);
    inside.carrier = inside.ifindex;
    bench_require(kernel_set_port(kernel, 2, &inside), "setting a port");
    if (!ipv6)
        kernel_port_maps(kernel)[0].ipv4 = match.key.four.destination;
    drops_place(kernel_port_maps(kernel), watch->places);
    watch->known.key[0] = watch->known.key[1] = KEY;
    watch->known.closed = ipv6 ? QW_KNOWN_IPV6 : 0;
    watch->id = kernel_control(kernel)->watcher = 1;
    watch->inside = 4;
    watch->outside = 3;
}

static void measure_drop(struct cost_bpf *cost, bool ipv6, bool tc)
{
    static const uint8_t MACS[12] = {2};
    struct contest contest = {.cost = cost, .ipv6 = ipv6, .tc = tc};
    struct kernel *kernel = load(1000);
    struct bare_bpf *bare = tc ? NULL : bare_flows_load(1, LOOPBACK, MACS);
    contest.len = fast_flows_packet(ipv6, IP_LEN, contest.packet);
    memcpy(cost->data->header, contest.packet, sizeof cost->data->header);
    cost->data->flows = 1000;
    watch(kernel, ipv6);
    char what[96];
    snprintf(what, sizeof what, "cost: unsolicited, %s at %s", ipv6 ? "IPv6, firewall" : "IPv4, nat",
             tc ? "tc" : "XDP");
    compete(&contest, kernel_program(kernel, tc ? OFFLOAD_TC : OFFLOAD_XDP),
            bare ? bpf_program__fd(bare->progs.bare_drop) : -1,
            tc ? (uint32_t)TC_ACT_SHOT : (uint32_t)XDP_DROP, what);
    bare_bpf__destroy(bare);
    kernel_free(kernel);
}

static void measure_drops(struct cost_bpf *cost)
{
    begin_inside();
    for (unsigned i = 0; i < 4; i++)
        measure_drop(cost, i & 1, i & 2);
}

/* Of a packet that goes on to the queue. */
static void measure_miss(struct cost_bpf *cost, bool tc)
{
    struct contest contest = {.cost = cost, .tc = tc};
    struct kernel *kernel = load(1000);
    contest.len = fast_flows_packet(false, IP_LEN, contest.packet);
    memcpy(cost->data->header, contest.packet, sizeof cost->data->header);
    cost->data->flows = 1000;
    compete(&contest, kernel_program(kernel, tc ? OFFLOAD_TC : OFFLOAD_XDP), -1,
            tc ? (uint32_t)TC_ACT_OK : (uint32_t)XDP_PASS,
            tc ? "cost: no entry at tc" : "cost: no entry at XDP");
    kernel_free(kernel);
}

static void measure_all(struct cost_bpf *cost)
{
    static const uint32_t FLOWS[] = {1000, 100000, 1000000};
    for (unsigned i = 0; i < sizeof FLOWS / sizeof FLOWS[0]; i++)
        measure_place(cost, false, false, FLOWS[i]);
    measure_extras(cost, 1000);
    measure_extras(cost, 100000);
    measure_place(cost, true, false, 1000);
    measure_place(cost, false, true, 1000);
    measure_place(cost, true, true, 1000);
    measure_miss(cost, false);
    measure_miss(cost, true);
    measure_drops(cost);
}

int main(int argc, char **argv)
{
    struct cost_bpf *cost = cost_bpf__open_and_load();
    bench_require(cost && cost->data, "loading the generator");
    if (argc == 1)
        measure_all(cost);
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "drop") == 0)
            measure_drops(cost);
        else if (strcmp(argv[i], "tc") == 0)
            measure_place(cost, false, true, 1000);
        else if (strcmp(argv[i], "more") == 0)
            measure_extras(cost, 1000);
        else
            measure_place(cost, false, false, (uint32_t)strtoul(argv[i], NULL, 10));
    cost_bpf__destroy(cost);
    return 0;
}
