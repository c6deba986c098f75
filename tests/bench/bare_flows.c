#include "bare_flows.h"
#include "bare.h"
#include "fast_flows.h"
#include "measure.h"
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <quicward/measure.h>
#include <string.h>

static uint32_t word_of(const struct qw_addr *addr)
{
    uint32_t word;
    memcpy(&word, addr->bytes + 12, sizeof word);
    return word;
}

static void put(int map, uint32_t flow, uint32_t ifindex, const uint8_t macs[static 12])
{
    struct flow_path path = fast_flows_path(false, flow);
    const struct flow_path_way *up = &path.ways[FLOW_PATH_UP];
    const struct nat_rewrite *rewrite = &up->rewrite;
    struct bare_key key = {word_of(&up->match.src.addr), word_of(&up->match.dst.addr),
                           htons(up->match.src.port), htons(up->match.dst.port)};
    struct bare_record record = {.new_addr = word_of(&rewrite->new_source.addr),
                                 .new_port = htons(rewrite->new_source.port),
                                 .ip_delta = htons(rewrite->ip_delta),
                                 .udp_delta = htons(rewrite->udp_delta),
                                 .out_ifindex = ifindex,
                                 .number = flow};
    memcpy(record.to, macs, sizeof record.to);
    memcpy(record.from, macs + sizeof record.to, sizeof record.from);
    bench_require(bpf_map_update_elem(map, &key, &record, BPF_NOEXIST) == 0, "putting a flow");
}

struct bare_bpf *bare_flows_load(uint32_t flows, uint32_t ifindex, const uint8_t macs[static 12])
{
    struct bare_bpf *program = bare_bpf__open();
    bench_require(program && program->bss && program->data, "opening the bare forwarder");
    bpf_map__set_max_entries(program->maps.flows, 2 * flows);
    bpf_map__set_max_entries(program->maps.measures, flows);
    program->bss->out_ifindex = ifindex;
    memcpy(program->data->macs, macs, sizeof program->data->macs);
    bench_require(bare_bpf__load(program) == 0, "loading the bare forwarder");
    for (uint32_t flow = 0; flow < flows; flow++)
        put(bpf_map__fd(program->maps.flows), flow, ifindex, macs);
    return program;
}

/* A handshake was seen, and the spin bit counts. */
static void put_measure(int map, uint32_t flow)
{
    struct measure measure = {.handshake = {MEASURE_SPIN * MEASURE_PHASE_UNIT}};
    bench_require(bpf_map_update_elem(map, &flow, &measure, BPF_ANY) == 0, "putting a record");
}

void bare_flows_measure(struct bare_bpf *program, uint32_t flows)
{
    for (uint32_t flow = 0; flow < flows; flow++)
        put_measure(bpf_map__fd(program->maps.measures), flow);
}
