/* The bare forwarder's map. */
#ifndef BENCH_BARE_FLOWS_H
#define BENCH_BARE_FLOWS_H

#include <bare.skel.h>
#include <stdint.h>

/* Loads the forwarder and puts `flows` flows of fast_flows.h, IPv4, upwards. `macs`: of the next hop, then of
 * the interface `ifindex` by which they leave. */
struct bare_bpf *bare_flows_load(uint32_t flows, uint32_t ifindex, const uint8_t macs[static 12]);

/* Gives each of them a record of round trips. */
void bare_flows_measure(struct bare_bpf *program, uint32_t flows);

#endif
