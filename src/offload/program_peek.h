/* Part of program.bpf.c: what is read of the kernel's own memory (fast_peek.h). */
#ifndef PROGRAM_PEEK_H
#define PROGRAM_PEEK_H

#include "fast_drop.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, uint32_t);
    __type(value, struct fast_watch);
    __uint(max_entries, 1);
} watch SEC(".maps");

/* Set before the program is loaded: it may read the kernel's memory. Else the verifier does not look at what
 * would. */
const volatile bool peeks = false;

static __always_inline const struct fast_peek *peek_of(const struct fast_watch *watched)
{
    return peeks && watched->peek.chains != 0 ? &watched->peek : NULL;
}

static __always_inline bool is_zero_at(uint64_t address, uint32_t size)
{
    uint64_t value = 0;
    return bpf_probe_read_kernel(&value, size, (const void *)address) == 0 && value == 0;
}

/* Once a tick. */
static __always_inline void peek_again(struct tick *tick)
{
    uint32_t zero = 0;
    const struct fast_watch *watched = bpf_map_lookup_elem(&watch, &zero);
    const struct fast_peek *peek = watched ? peek_of(watched) : NULL;
    tick->chosen = !peek || !is_zero_at(peek->choosers, sizeof(uint64_t));
    tick->sourced = !peek || (peek->sourced && !is_zero_at(peek->sourced, sizeof(uint32_t)));
}

/* False: no UDP socket of this host has the port (network order), as if the kernel were asked now. */
static __always_inline bool may_have_socket(const struct tick *tick, const struct fast_watch *watched,
                                            uint16_t port_be)
{
    const struct fast_peek *peek = peek_of(watched);
    return !peek || tick->chosen || !is_zero_at(fast_chain_of(peek, fast_ntohs(port_be)), sizeof(uint32_t));
}

#endif
