/* What the bare forwarder knows of a flow; both sides compile it. */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <linux/types.h>

struct bare_key {
    __u32 source, destination;
    __u16 source_port, destination_port;
};

/* As large as the fast path's, so that both touch as much memory. */
struct bare_record {
    __u32 new_addr;
    __u16 new_port, ip_delta, udp_delta, spare;
    __u32 out_ifindex;
    __u8 to[6], from[6]; /* MAC addresses */
    __u32 number;        /* of its record of round trips */
    __u32 spare2;
    __u64 last_seen, packets, bytes;
};

#endif
