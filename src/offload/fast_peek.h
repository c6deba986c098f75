/* What the program reads of the kernel's own memory, since asking for it costs several times as much.
 *
 * Whether a UDP socket of this host may have a port: the kernel's table of sockets has a chain for each
 * remainder of the port by the table's size, and counts what hangs on it. 0 is the answer "none", as the
 * kernel itself would give it now. Any other says nothing, and the kernel is asked.
 *
 * And what seldom changes, once a tick of its clock. */
#ifndef FAST_PEEK_H
#define FAST_PEEK_H

#include <stdint.h>

/* Where it stands, in this network namespace, as the program `find` of peek.bpf.c found it. It is read by
 * helpers that answer an error where there is no memory. All is 0 where nothing is known. */
struct fast_peek {
    uint64_t chains;   /* address of the counter of the first chain: 32 bits, like all; 0: nothing is known */
    uint64_t choosers; /* address of a pointer that is not NULL while programs choose sockets (sk_lookup) */
    uint64_t sourced;  /* address of the number of IPv6 routes that name a source; 0: there are none ever */
    uint32_t stride;   /* bytes from one counter to the next */
    uint32_t mask;     /* chains less one: a power of two less one */
    uint32_t mix;      /* of the network namespace, added to the port */
    uint32_t spare;
};

/* Address of the counter of the chain of `port` (host order). */
static inline uint64_t fast_chain_of(const struct fast_peek *peek, uint16_t port)
{
    return peek->chains + (uint64_t)((port + peek->mix) & peek->mask) * peek->stride;
}

#endif
