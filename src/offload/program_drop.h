/* Part of program.bpf.c: drops what nobody asked for. */
#ifndef PROGRAM_DROP_H
#define PROGRAM_DROP_H

#include "program_peek.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, uint32_t);
    __type(value, struct qw_port_map);
    __uint(max_entries, FAST_ADDRESSES_MAX);
} port_maps SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, uint32_t);
    __type(value, struct qw_known_line);
    __uint(max_entries, 1);
} known_lines SEC(".maps");

/* By the slot of its interface, of one processor after the other; the daemon says how many there are. A map
 * of that kind by itself cannot be mapped, and would be asked for ten times a second. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, uint32_t);
    __type(value, struct fast_dropped);
    __uint(max_entries, FAST_PORTS_MAX);
} dropped SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __type(key, uint32_t);
    __type(value, struct fast_lead);
    __uint(max_entries, FAST_LEADS);
} leads_of SEC(".maps");

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
    const struct fast_port *port = port_of(p->source, slot);
    return port && port->ifindex == p->source.ifindex && *slot < FAST_PORTS_MAX &&
           watched->outside >> *slot & 1 && (!station || is_same_mac(station, port->mac));
}

static __always_inline bool has_flow(uint32_t bucket)
{
    uint32_t line = bucket / QW_KNOWN_LINE;
    const struct qw_known_line *found = bpf_map_lookup_elem(&known_lines, &line);
    return !found || *(const volatile uint8_t *)&found->counts[bucket % QW_KNOWN_LINE] != 0;
}

/* The kernel would forward it by an interface inside, and so the engine would see it (chain FORWARD): not to
 * this host, not to many. Rules of routing that name UDP, ports or marks are not asked. */
static __always_inline bool ask_way(void *ctx, const struct fast_way *way, uint64_t inside)
{
    struct bpf_fib_lookup fib = {.ifindex = way->ifindex, .tot_len = (uint16_t)way->len};
    fib.family = way->words == 4 ? AF_INET6 : AF_INET;
    __builtin_memcpy(fib.ipv6_src, way->source, 4 * way->words);
    __builtin_memcpy(fib.ipv6_dst, way->destination, 4 * way->words);
    long result = bpf_fib_lookup(ctx, &fib, sizeof fib, 0);
    if (result != BPF_FIB_LKUP_RET_SUCCESS && result != BPF_FIB_LKUP_RET_NO_NEIGH)
        return false;
    struct fast_source to = {fib.ifindex, 0};
    const uint32_t *slot = bpf_map_lookup_elem(&slots, &to);
    return slot && *slot < FAST_PORTS_MAX && inside >> *slot & 1;
}

/* The question costs several times all the rest, so its answer holds until the tick is over. */
static __always_inline bool leads(void *ctx, const struct fast_watch *watched, struct fast_way *way)
{
    way->tick = (uint32_t)bpf_jiffies64();
    uint32_t key = fast_lead_of(way);
    struct fast_lead *lead = bpf_map_lookup_elem(&leads_of, &key);
    if (lead && fast_is_led(lead, way))
        return true;
    if (!ask_way(ctx, way, watched->inside))
        return false;
    if (lead)
        fast_lead(lead, way);
    return true;
}

/* These two have a stack of their own: there is little left. */
static __noinline bool leads4(void *ctx, const struct fast_watch *watched, const struct fast_ends *ends,
                              uint32_t ifindex)
{
    struct fast_way way = {.source = &ends->source,
                           .destination = &ends->destination,
                           .words = 1,
                           .source_mask = watched->by_source ? ~0u : 0,
                           .ifindex = ifindex,
                           .len = ends->ip_len};
    return leads(ctx, watched, &way);
}

static __noinline bool leads6(void *ctx, const struct fast_watch *watched, const struct passage *p,
                              uint32_t len)
{
    struct fast_way way = {.source = p->key.six.source,
                           .destination = p->key.six.destination,
                           .words = 4,
                           .source_mask = watched->by_source || p->tick->sourced ? ~0u : 0,
                           .ifindex = p->source.ifindex,
                           .len = len};
    return leads(ctx, watched, &way);
}

static __always_inline bool is_of_no_flow4(void *ctx, const struct passage *p,
                                           const struct fast_watch *watched, const struct fast_ends *ends)
{
    return watched->known.closed & QW_KNOWN_IPV4 && ends->ttl > 1 &&
           !has_flow(fast_bucket4(&watched->known, ends)) && leads4(ctx, watched, ends, p->source.ifindex);
}

/* Its key is in p->key. */
static __always_inline bool is_of_no_flow6(void *ctx, const struct passage *p,
                                           const struct fast_watch *watched, const struct ipv6hdr *ip)
{
    uint32_t len = (uint16_t)(fast_ntohs(ip->payload_len) + sizeof *ip);
    return watched->known.closed & QW_KNOWN_IPV6 && ip->hop_limit > 1 &&
           ip->daddr.in6_u.u6_addr8[0] != 0xff && !has_flow(fast_bucket6(&watched->known, &p->key.six)) &&
           leads6(ctx, watched, p, len);
}

/* ---- in all ---- */

static __always_inline void count_dropped(uint32_t slot, enum fast_unasked why, uint32_t packets,
                                          uint32_t bytes)
{
    uint32_t key = bpf_get_smp_processor_id() * FAST_PORTS_MAX + slot;
    struct fast_dropped *of = bpf_map_lookup_elem(&dropped, &key);
    if (!of)
        return;
    of->by[why].packets += packets;
    of->by[why].bytes += bytes;
}

static __always_inline const struct fast_watch *watch_of(const struct passage *p)
{
    uint32_t zero = 0;
    const struct fast_watch *watched = bpf_map_lookup_elem(&watch, &zero);
    return watched && watched->outside != 0 && !p->live ? watched : NULL;
}

static __always_inline bool may_drop(struct passage *p, const struct fast_watch *watched)
{
    return is_alive(p) && p->control->watcher == watched->id;
}

/* Of a packet from `at` to `end` in a frame that has `frame` bytes for it, and for which no entry was found:
 * is it one that the engine would drop as unsolicited? Then it is counted. */
static __always_inline bool is_unsolicited4(void *ctx, struct passage *p, const uint8_t *at,
                                            const uint8_t *end, uint32_t frame, const uint8_t *station)
{
    uint32_t slot;
    struct fast_ends ends;
    const struct fast_watch *watched = watch_of(p);
    if (!watched || !fast_read_ends(at, end, frame, &ends) || !comes_in(p, watched, station, &slot) ||
        !may_drop(p, watched))
        return false;
    bool by_port = is_unused(watched, &ends);
    if (by_port ? may_have_socket(p->tick, watched, ends.destination_port) && has_socket(ctx, &ends)
                : !is_of_no_flow4(ctx, p, watched, &ends))
        return false;
    count_dropped(slot, by_port ? FAST_NO_MAPPING : FAST_NO_FLOW, p->segments,
                  ends.ip_len + (p->segments - 1) * (uint32_t)FAST_HEADERS4);
    return true;
}

static __always_inline bool is_unsolicited6(void *ctx, struct passage *p, const uint8_t *at,
                                            const uint8_t *end, uint32_t frame, const uint8_t *station)
{
    uint32_t slot;
    const struct ipv6hdr *ip = (const void *)at;
    const struct fast_watch *watched = watch_of(p);
    if (!watched || !fast_read_ends6(at, end, frame, &p->key.six) || !comes_in(p, watched, station, &slot) ||
        !may_drop(p, watched))
        return false;
    uint32_t bytes = fast_ntohs(ip->payload_len) + (uint32_t)sizeof *ip;
    if (!is_of_no_flow6(ctx, p, watched, ip))
        return false;
    count_dropped(slot, FAST_NO_FLOW, p->segments, bytes + (p->segments - 1) * (uint32_t)FAST_HEADERS6);
    return true;
}

/* Before its entry is looked for, or when there is none. */
static __always_inline bool is_unsolicited(void *ctx, struct passage *p, const uint8_t *at,
                                           const uint8_t *end, uint32_t frame, const uint8_t *station,
                                           bool ipv6)
{
    bool unasked = ipv6 ? is_unsolicited6(ctx, p, at, end, frame, station)
                        : is_unsolicited4(ctx, p, at, end, frame, station);
    p->tick->unasked = unasked;
    return unasked;
}

#endif
