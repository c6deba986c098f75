/* Numbered UDP over IPv4 packets whose every byte follows from number, direction and endpoints: so who gets
 * one can tell what a translator changed beside the endpoints and what has to follow them. */
#ifndef TOOLS_SAMPLE_H
#define TOOLS_SAMPLE_H

#include <quicward/base/addr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAMPLE_PACKET_MAX 65531 /* the longest that a netfilter queue hands over whole */
#define SAMPLE_PORTS 8          /* inside ports that take turns */
#define SAMPLE_BURST 16         /* packets under way at once: fewer than identifications by far */

struct sample {
    uint32_t number;
    bool answer; /* from the far end */
};

/* Writes `sample` from `from` to `to`, as it is after `hops` routers; returns its length. Payloads have 0 to
 * 65503 bytes, every length once in 65504 numbers; DSCP, ECN, DF, IP options and TTL vary, and half of the
 * UDP checksums are 0 (RFC 768: none). */
size_t sample_write(uint8_t out[static SAMPLE_PACKET_MAX], struct sample sample,
                    const struct qw_endpoint *from, const struct qw_endpoint *to, unsigned hops);

/* The endpoints of an IPv4 packet that holds UDP; false for others. */
bool sample_endpoints(const uint8_t *packet, size_t len, struct qw_endpoint *from, struct qw_endpoint *to);

/* The number of a packet by its identification, which holds 16 bits: the nearest one to `about`. */
uint32_t sample_number(const uint8_t *packet, uint32_t about);

/* True when the packet is `sample` after `hops` routers with the endpoints that it has now. Else prints what
 * differs first. */
bool sample_intact(const uint8_t *packet, size_t len, struct sample sample, unsigned hops);

#endif
