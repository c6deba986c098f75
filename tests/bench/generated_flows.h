/* How the flows of generators differ: by port, and beyond 2^14 of them by host. */
#ifndef BENCH_GENERATED_FLOWS_H
#define BENCH_GENERATED_FLOWS_H

#include <linux/types.h>

#define GENERATED_PORTS_BITS 14

/* What is added to the source port, and to the source address, of flow 0. */
static inline __attribute__((always_inline)) __u32 generated_port(__u32 flow)
{
    return flow & ((1u << GENERATED_PORTS_BITS) - 1);
}

static inline __attribute__((always_inline)) __u32 generated_host(__u32 flow)
{
    return flow >> GENERATED_PORTS_BITS;
}

#endif
