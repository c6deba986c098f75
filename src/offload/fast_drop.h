/* What nobody asked for: packets to an external address and a port without a mapping, or that would be
 * forwarded to the inside, of no flow, while the rules let nothing in. The daemon keeps a bit a port and a
 * filter of flows; the program and the unit tests compile this. Without the daemon's word nothing is dropped.
 */
#ifndef FAST_DROP_H
#define FAST_DROP_H

#include "fast_packet.h"
#include "fast_peek.h"
#include <quicward/base/known.h>
#include <quicward/base/port_map.h>

#define FAST_ADDRESSES_MAX 64 /* external addresses */
#define FAST_PLACES 256       /* four for each address: most are alone in theirs */
#define FAST_PROBES 4         /* places that are looked at; an address that found none is left to the queue */

/* Why nobody asked for it. */
enum fast_unasked { FAST_NO_MAPPING, FAST_NO_FLOW, FAST_UNASKED_COUNT };

/* What was dropped of one interface, in the map `dropped`; of one processor. */
struct fast_dropped {
    struct fast_count by[FAST_UNASKED_COUNT];
};

/* Whoever is for `destination` and comes by `ifindex` was led inside, in the tick `tick` of the kernel's
 * clock (jiffies): until its end that is so for others. In the map `leads_of`, of one processor. All zero:
 * nothing. */
struct fast_lead {
    uint32_t ifindex;
    uint32_t tick;  /* lower bits */
    uint16_t len;   /* packets up to that one's length: longer ones may exceed the MTU */
    uint16_t words; /* of addresses: 1 or 4 */
    uint32_t destination[4];
    uint32_t source[4]; /* where routes may depend on it */
};

#define FAST_LEADS 256 /* 11 KiB a processor */

/* Where the ports of an address stand. It may be out of date for a second: the port map says whose it is. */
struct fast_place {
    uint32_t ipv4; /* network order; 0: free */
    uint32_t slot; /* of the port maps */
};

/* The daemon writes it through a mapping. */
struct fast_watch {
    uint64_t outside; /* bit s: the interface in slot s of `ports` is outside. 0: nothing is dropped */
    uint64_t inside;
    uint32_t id; /* the control's watcher, or nothing is dropped: the program of a daemon that is gone has
                    maps that nobody writes */
    uint32_t by_source;    /* not 0: where a packet goes may depend on its source, by rules of routing */
    struct qw_known known; /* its flows are counted in `known_lines` */
    struct fast_peek peek;
    struct fast_place places[FAST_PLACES];
};

/* Whom a packet is from and for, in network order. */
struct fast_ends {
    uint32_t source, destination;
    uint16_t source_port, destination_port;
    uint16_t ip_len;
    uint8_t ttl;
};

/* Administrators choose the addresses, so the hash needs no key (Knuth's multiplicative one). */
fast_inline uint32_t fast_place_of(uint32_t ipv4)
{
    return (ipv4 * 2654435769u) >> 24;
}

/* A UDP packet that the engine could read (packet_decode). TTL, payload and padding are no matter, other than
 * in fast_read4: a flood may have any. Options and fragments are left to the queue. */
fast_inline bool fast_read_ends(const uint8_t *at, const uint8_t *end, uint32_t frame, struct fast_ends *out)
{
    const struct iphdr *ip = (const void *)at;
    const struct udphdr *udp = (const void *)(ip + 1);
    if ((const uint8_t *)(udp + 1) > end)
        return false;
    if (ip->protocol != FAST_UDP || ip->version != 4 || ip->ihl != 5 || ip->frag_off & fast_htons(0xbfff))
        return false;
    uint32_t ip_len = fast_ntohs(ip->tot_len), udp_len = fast_ntohs(udp->len);
    if (ip_len > frame || udp_len < sizeof *udp || udp_len + sizeof *ip > ip_len)
        return false;
    *out = (struct fast_ends){ip->saddr, ip->daddr, udp->source, udp->dest, (uint16_t)ip_len, ip->ttl};
    return true;
}

/* Likewise of IPv6. Extension headers are left to the queue. */
fast_inline bool fast_read_ends6(const uint8_t *at, const uint8_t *end, uint32_t frame, struct fast_key6 *out)
{
    const struct ipv6hdr *ip = (const void *)at;
    const struct udphdr *udp = (const void *)(ip + 1);
    if ((const uint8_t *)(udp + 1) > end)
        return false;
    if (ip->version != 6 || ip->nexthdr != FAST_UDP)
        return false;
    uint32_t len = fast_ntohs(ip->payload_len), udp_len = fast_ntohs(udp->len);
    if (len + sizeof *ip > frame || udp_len < sizeof *udp || udp_len > len)
        return false;
    __builtin_memcpy(out->source, &ip->saddr, sizeof out->source);
    __builtin_memcpy(out->destination, &ip->daddr, sizeof out->destination);
    out->source_port = udp->source;
    out->destination_port = udp->dest;
    return true;
}

fast_inline uint32_t fast_bucket4(const struct qw_known *known, const struct fast_ends *ends)
{
    return qw_known_bucket(known, qw_known_end(known, &ends->source, 1, ends->source_port),
                           qw_known_end(known, &ends->destination, 1, ends->destination_port));
}

fast_inline uint32_t fast_bucket6(const struct qw_known *known, const struct fast_key6 *key)
{
    return qw_known_bucket(known, qw_known_end(known, key->source, 4, key->source_port),
                           qw_known_end(known, key->destination, 4, key->destination_port));
}

/* Who asks. The source counts only where `source_mask` has all bits, it is 0 elsewhere: a pointer that may be
 * NULL is too much for the verifiers of older kernels. `words` is known when this is compiled. */
struct fast_way {
    const uint32_t *source, *destination;
    uint32_t source_mask, words, ifindex, tick, len;
};

/* Place in `leads_of`. Who meets another's there asks again each time, no more. */
fast_inline uint32_t fast_lead_of(const struct fast_way *way)
{
    uint32_t hash = 0;
#pragma GCC unroll 4
    for (uint32_t i = 0; i < way->words; i++)
        hash = hash * 31 + way->destination[i];
#pragma GCC unroll 4
    for (uint32_t i = 0; i < way->words; i++)
        hash = hash * 31 + (way->source[i] & way->source_mask);
    return hash * 0x9e3779b1u >> 24;
}

/* Does what was found hold for this one too? */
fast_inline bool fast_is_led(const struct fast_lead *lead, const struct fast_way *way)
{
    uint32_t differ = (lead->tick ^ way->tick) | (lead->ifindex ^ way->ifindex) | (lead->words ^ way->words);
#pragma GCC unroll 4
    for (uint32_t i = 0; i < way->words; i++)
        differ |= lead->destination[i] ^ way->destination[i];
#pragma GCC unroll 4
    for (uint32_t i = 0; i < way->words; i++)
        differ |= (lead->source[i] ^ way->source[i]) & way->source_mask;
    return differ == 0 && way->len <= lead->len;
}

/* The tick stands last: one that is interrupted half way by another packet of this processor is no one's. */
fast_inline void fast_lead(struct fast_lead *lead, const struct fast_way *way)
{
    *(volatile uint32_t *)&lead->tick = way->tick - 1;
    lead->ifindex = way->ifindex;
    lead->len = (uint16_t)way->len;
    lead->words = (uint16_t)way->words;
#pragma GCC unroll 4
    for (uint32_t i = 0; i < way->words; i++)
        lead->destination[i] = way->destination[i];
#pragma GCC unroll 4
    for (uint32_t i = 0; i < way->words; i++)
        lead->source[i] = way->source[i];
    *(volatile uint32_t *)&lead->tick = way->tick;
}

/* The slot of the port map that may be the address's; FAST_ADDRESSES_MAX: none. */
fast_inline uint32_t fast_find_slot(const struct fast_watch *watch, uint32_t ipv4)
{
    uint32_t first = fast_place_of(ipv4);
#pragma GCC unroll 4
    for (uint32_t i = 0; i < FAST_PROBES; i++) {
        const struct fast_place *place = &watch->places[(first + i) % FAST_PLACES];
        if (place->ipv4 == ipv4)
            return place->slot;
    }
    return FAST_ADDRESSES_MAX;
}

/* Is the map that of the address, and has the port (network order) no mapping? */
fast_inline bool fast_is_unused(const struct qw_port_map *map, uint32_t ipv4, uint16_t port_be)
{
    uint16_t port = fast_ntohs(port_be);
    if (ipv4 == 0 || *(const volatile uint32_t *)&map->ipv4 != ipv4)
        return false;
    return !(*(const volatile uint64_t *)&map->used[port / 64] >> port % 64 & 1);
}

#endif
