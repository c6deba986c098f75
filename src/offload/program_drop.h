/* Part of program.bpf.c: drops what nobody asked for. */
#ifndef PROGRAM_DROP_H
#define PROGRAM_DROP_H

#include "fast_drop.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, uint32_t);
    __type(value, struct fast_watch);
    __uint(max_entries, 1);
} watch SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, uint32_t);
    __type(value, struct qw_port_map);
    __uint(max_entries, FAST_ADDRESSES_MAX);
} port_maps SEC(".maps");

/* Of all interfaces, ever: those of `counts` go with their interface. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __type(key, uint32_t);
    __type(value, struct fast_count);
    __uint(max_entries, 1);
} dropped SEC(".maps");

/* The kernel's rules leave what a socket of the router owns to it (docs/nat.md). They look it up the same
 * way. */
static __always_inline bool has_socket(void *ctx, const struct fast_ends *ends)
{
    struct bpf_sock_tuple tuple = {0};
    tuple.ipv4.saddr = ends->source;
    tuple.ipv4.daddr = ends->destination;
    tuple.ipv4.sport = ends->source_port;
    tuple.ipv4.dport = ends->destination_port;
    struct bpf_sock *found = bpf_sk_lookup_udp(ctx, &tuple, sizeof tuple.ipv4, BPF_F_CURRENT_NETNS, 0);
    if (!found)
        return false;
    bpf_sk_release(found);
    return true;
}

static __always_inline bool is_unused(const struct fast_watch *watched, const struct fast_ends *ends)
{
    uint32_t slot = fast_find_slot(watched, ends->destination);
    const struct qw_port_map *map = bpf_map_lookup_elem(&port_maps, &slot);
    return map && fast_is_unused(map, ends->destination, ends->destination_port);
}

/* By an interface outside and for this host's own MAC address (`station`, NULL: somebody else has compared
 * it)? *slot is the interface's. */
static __always_inline bool comes_in(const struct passage *p, const struct fast_watch *watched,
                                     const uint8_t *station, uint32_t *slot)
{
    uint32_t ifindex = p->ifindex, *found = bpf_map_lookup_elem(&slots, &ifindex);
    if (!found || *found >= FAST_PORTS_MAX || !(watched->outside >> *found & 1))
        return false;
    *slot = *found;
    const struct fast_port *port = bpf_map_lookup_elem(&ports, slot);
    return port && port->ifindex == ifindex && (!station || is_same_mac(station, port->mac));
}

static __always_inline void count_dropped(uint32_t slot, uint32_t packets, uint32_t bytes)
{
    uint32_t zero = 0;
    struct fast_count *all = bpf_map_lookup_elem(&dropped, &zero);
    if (all) {
        all->packets += packets;
        all->bytes += bytes;
    }
    add(slot, FAST_UNSOLICITED, packets, bytes);
}

/* Of a packet from `at` to `end` in a frame that has `frame` bytes for it, and for which no entry was found:
 * is it one that the engine would drop as unsolicited? Then it is counted. */
static __always_inline bool is_unsolicited(void *ctx, struct passage *p, const uint8_t *at,
                                           const uint8_t *end, uint32_t frame, const uint8_t *station)
{
    uint32_t zero = 0, slot;
    struct fast_ends ends;
    const struct fast_watch *watched = bpf_map_lookup_elem(&watch, &zero);
    if (!watched || watched->outside == 0 || p->live || !fast_read_ends(at, end, frame, &ends))
        return false;
    if (!is_unused(watched, &ends) || !comes_in(p, watched, station, &slot) || !is_alive(p) ||
        has_socket(ctx, &ends))
        return false;
    count_dropped(slot, p->segments, ends.ip_len + (p->segments - 1) * p->packet.header);
    return true;
}

#endif
