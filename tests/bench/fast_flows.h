/* The flows of the fast path's benchmark, as their packets, as paths, and as rewrites. */
#ifndef BENCH_FAST_FLOWS_H
#define BENCH_FAST_FLOWS_H

#include <quicward/engine_path.h>

#define FAST_FLOWS_PACKET_MAX 2048

/* Flow 0's packet, Ethernet header first, `ip_len` bytes of IP, with a short header of QUIC; returns its
 * length. */
size_t fast_flows_packet(bool ipv6, size_t ip_len, uint8_t out[static FAST_FLOWS_PACKET_MAX]);

/* The path of a flow of generated_flows.h, between the interfaces "lan0" and "wan0"; IPv4 is translated. */
struct flow_path fast_flows_path(bool ipv6, uint32_t flow);

#endif
