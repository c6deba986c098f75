/* Reading packets, judging them by their record, and changing them: the program in the kernel and the unit
 * tests compile this. No calls, no loops, no memory but the packet; every read stands behind a comparison
 * with `end`, which the kernel's verifier checks again.
 *
 * Stricter than the engine on purpose: what is unusual is the engine's. */
#ifndef FAST_PACKET_H
#define FAST_PACKET_H

#include "fast_record.h"
#include <quicward/base/checksum.h>
#include <stdbool.h>

/* The C library's addresses stand before the kernel's, or both define them. */
#ifdef __bpf__
#include <bpf/bpf_endian.h>
#define fast_ntohs(x) bpf_ntohs(x)
#define fast_htons(x) bpf_htons(x)
#define fast_htonl(x) bpf_htonl(x)
#else
#include <arpa/inet.h>
#define fast_ntohs(x) ntohs(x)
#define fast_htons(x) htons(x)
#define fast_htonl(x) htonl(x)
#endif

/* clang-format off */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
/* clang-format on */

#define fast_inline static inline __attribute__((always_inline))

enum { FAST_UDP = 17 };                          /* protocol number */
enum { FAST_HEADERS4 = 28, FAST_HEADERS6 = 48 }; /* bytes of IP and UDP, without options */
enum { FAST_MAC_MIN = 46 };                      /* Ethernet pads shorter packets (IEEE 802.3) */
enum { FAST_ECN_MASK = 3, FAST_ECN_CE = 3 };     /* RFC 3168 */

/* What the judge needs to know of a packet beside its key. */
struct fast_packet {
    uint16_t ip_len;  /* of one packet, for a bundle of several: of the whole */
    uint16_t payload; /* bytes of UDP payload, at least 1 */
    uint8_t first;    /* byte of the payload */
    uint8_t ecn;
    uint8_t header;   /* bytes of the IP and UDP headers */
    uint32_t version; /* bytes 1 to 4 of the payload, as they stand there; 0 when it is shorter */
};

/* Bytes behind the IP length are padding; where none is needed something is wrong. */
fast_inline bool fast_fits(uint32_t ip_len, uint32_t frame)
{
    return ip_len == frame || (ip_len < frame && frame <= FAST_MAC_MIN);
}

/* `at` is the UDP header; at least one byte of payload is there. */
fast_inline enum fast_why fast_read_udp(const uint8_t *at, const uint8_t *end, struct fast_packet *out)
{
    const struct udphdr *udp = (const void *)at;
    if (fast_ntohs(udp->len) != out->ip_len - out->header + sizeof *udp)
        return FAST_LENGTH;
    out->payload = (uint16_t)(out->ip_len - out->header);
    out->first = at[sizeof *udp];
    out->version = 0;
    if (at + sizeof *udp + 5 <= end && out->payload >= 5)
        __builtin_memcpy(&out->version, at + sizeof *udp + 1, sizeof out->version);
    return FAST_FORWARD;
}

/* The IPv4 packet at `at`, in a frame that has `frame` bytes for it, of which those up to `end` can be read
 * (at least 29, if that many are there at all). FAST_FORWARD: *out and *key are valid. */
fast_inline enum fast_why fast_read4(const uint8_t *at, const uint8_t *end, uint32_t frame,
                                     struct fast_packet *out, struct fast_key4 *key)
{
    const struct iphdr *ip = (const void *)at;
    const struct udphdr *udp = (const void *)(ip + 1);
    if ((const uint8_t *)(udp + 1) + 1 > end)
        return FAST_LENGTH;
    if (ip->protocol != FAST_UDP || ip->version != 4)
        return FAST_OTHER;
    if (ip->ihl != 5)
        return FAST_OPTIONS;
    if (ip->frag_off & fast_htons(0xbfff)) /* all but DF */
        return FAST_FRAGMENT;
    out->ip_len = fast_ntohs(ip->tot_len);
    out->header = sizeof *ip + sizeof *udp;
    if (out->ip_len <= out->header || !fast_fits(out->ip_len, frame))
        return FAST_LENGTH;
    if (ip->ttl <= 1)
        return FAST_TTL;
    out->ecn = ip->tos & FAST_ECN_MASK;
    *key = (struct fast_key4){ip->saddr, ip->daddr, udp->source, udp->dest};
    return fast_read_udp((const uint8_t *)udp, end, out);
}

/* The IPv6 packet; at least 49 bytes can be read. */
fast_inline enum fast_why fast_read6(const uint8_t *at, const uint8_t *end, uint32_t frame,
                                     struct fast_packet *out, struct fast_key6 *key)
{
    const struct ipv6hdr *ip = (const void *)at;
    const struct udphdr *udp = (const void *)(ip + 1);
    if ((const uint8_t *)(udp + 1) + 1 > end)
        return FAST_LENGTH;
    if (ip->version != 6 || ip->nexthdr != FAST_UDP)
        return FAST_OTHER;
    uint32_t len = fast_ntohs(ip->payload_len) + (uint32_t)sizeof *ip;
    out->header = sizeof *ip + sizeof *udp;
    if (len <= out->header || len > 0xffff || !fast_fits(len, frame))
        return FAST_LENGTH;
    if (ip->hop_limit <= 1)
        return FAST_TTL;
    out->ip_len = (uint16_t)len;
    out->ecn = (uint8_t)(ip->flow_lbl[0] >> 4 & FAST_ECN_MASK);
    __builtin_memcpy(key->source, &ip->saddr, sizeof key->source);
    __builtin_memcpy(key->destination, &ip->daddr, sizeof key->destination);
    key->source_port = udp->source;
    key->destination_port = udp->dest;
    return fast_read_udp((const uint8_t *)udp, end, out);
}

/* QUIC v1 (RFC 9000 15), v2 (RFC 9369 3.1) and the two versions of SCONE packets
 * (draft-ietf-scone-protocol). */
fast_inline bool fast_is_known(uint32_t version)
{
    return version == fast_htonl(0x00000001u) || version == fast_htonl(0x6b3343cfu) ||
           version == fast_htonl(0x6f7dc0fdu) || version == fast_htonl(0xef7dc0fdu);
}

/* RFC 8999 5.1. */
fast_inline bool fast_is_punted(uint16_t flags, const struct fast_packet *packet)
{
    if (!(packet->first & 0x80))
        return false;
    return flags & FAST_PUNT_LONG || (flags & FAST_PUNT_KNOWN && fast_is_known(packet->version));
}

/* `len` of the packet as it will stand on the wire; 0 is no limit. Equal is not longer. */
fast_inline bool fast_is_longer(uint32_t len, uint32_t limit)
{
    return limit != 0 && len > limit;
}

/* What the record, a copy, says of the packet, `wire_len` bytes long on the wire. */
fast_inline enum fast_why fast_judge(const struct fast_record *record, const struct fast_packet *packet,
                                     uint32_t wire_len)
{
    if (fast_is_punted(record->flags, packet))
        return FAST_LONG_HEADER;
    return fast_is_longer(wire_len, record->size_max) ? FAST_TOO_LONG : FAST_FORWARD;
}

/* A packet of a direction without a next hop: is it the first that is forwarded (FAST_FORWARD), one more
 * that goes to the queue (FAST_WAITS), or, as long as pauses are allowed, of one that pauses (FAST_PAUSED)?
 * It is counted as one that goes to the queue. *closed: the daemon has to be told that the gate is closed
 * again: it was opened for an older flow of the same number, or the pause was over. */
fast_inline enum fast_why fast_ask_gate(struct fast_gate *gate, bool may_pause, bool *closed)
{
    uint32_t before = __sync_fetch_and_add(&gate->passed, 1);
    uint32_t open_at = *(volatile uint32_t *)&gate->open_at;
    *closed = open_at == FAST_GATE_OPEN || (open_at == FAST_GATE_PAUSED && !may_pause);
    if (*closed)
        gate->open_at = FAST_GATE_CLOSED;
    else if (open_at == FAST_GATE_PAUSED)
        return FAST_PAUSED;
    return open_at == before || open_at == FAST_GATE_FORCED ? FAST_FORWARD : FAST_WAITS;
}

/* One hop less, and the checksum with it, as the kernel does it: the sum's zero is 0xffff. */
fast_inline void fast_hop4(struct iphdr *ip)
{
    uint32_t sum = (uint32_t)ip->check + fast_htons(0x0100);
    ip->check = (uint16_t)(sum + (sum >= 0xffff));
    ip->ttl--;
}

/* The endpoint that changes, without checksums. */
fast_inline void fast_put4(struct iphdr *ip, struct udphdr *udp, const struct fast_record *record)
{
    if (record->flags & FAST_REWRITE_SOURCE) {
        ip->saddr = record->new_addr;
        udp->source = record->new_port;
    } else if (record->flags & FAST_REWRITE_DESTINATION) {
        ip->daddr = record->new_addr;
        udp->dest = record->new_port;
    }
}

/* What a word adds to a sum that covers it; one that stays as it is adds nothing (src/nat/rewrite.c). */
fast_inline uint32_t fast_word_delta(uint16_t from, uint16_t to)
{
    return from == to ? 0 : (uint32_t)(uint16_t)~from + to;
}

/* Of an address, as it stands in the packet. */
fast_inline uint16_t fast_addr_delta(uint32_t from, uint32_t to)
{
    uint32_t sum = fast_word_delta((uint16_t)from, (uint16_t)to) +
                   fast_word_delta((uint16_t)(from >> 16), (uint16_t)(to >> 16));
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)(sum + (sum >> 16));
}

/* The IP header's checksum, before fast_put4. */
fast_inline void fast_sum4(struct iphdr *ip, const struct fast_record *record)
{
    if (record->flags & FAST_REWRITE_SOURCE)
        ip->check = qw_checksum_apply(ip->check, fast_addr_delta(ip->saddr, record->new_addr));
    else if (record->flags & FAST_REWRITE_DESTINATION)
        ip->check = qw_checksum_apply(ip->check, fast_addr_delta(ip->daddr, record->new_addr));
}

/* Both checksums by their deltas. They must be complete, and not what hardware is to finish. */
fast_inline void fast_rewrite4(struct iphdr *ip, struct udphdr *udp, const struct fast_record *record)
{
    fast_sum4(ip, record);
    fast_put4(ip, udp, record);
    udp->check = qw_checksum_apply_udp(udp->check, record->udp_delta);
}

#endif
