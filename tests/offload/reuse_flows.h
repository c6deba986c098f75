/* The flows of the test in which elements are used again and again: their packets on both sides of the
 * router. Every other one has another host on each side, and so another next hop. The programs in the kernel
 * compile this too. */
#ifndef REUSE_FLOWS_H
#define REUSE_FLOWS_H

#include <stdint.h>

#define REUSE_FLOWS 32        /* that may be: few, or packets seldom meet one that just goes */
#define REUSE_PRESENT 24      /* that have entries at one time */
#define REUSE_MARK 0x51755265 /* the payload's first bytes: no long header */

/* What a payload says of itself, in network order. */
struct reuse_payload {
    uint32_t mark;
    uint32_t flow;
};

/* Addresses in network order, those of IPv4 in the first word; ports in host order. Of what is received
 * nobody asks for `from`. */
struct reuse_end {
    uint32_t source[4], destination[4];
    uint16_t source_port, destination_port;
    uint8_t to[6], from[6]; /* MAC addresses */
};

/* Which of the two hosts of a side; it is added to an address and to the last byte of a MAC address. */
static inline uint32_t reuse_host(uint32_t flow)
{
    return flow & 1;
}

#endif
