/* Builds ICMP errors about a packet: bytes only, nothing is sent here. */
#ifndef QUICWARD_ICMP_H
#define QUICWARD_ICMP_H

#include <quicward/base/addr.h>
#include <quicward/base/error.h>
#include <quicward/base/time.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest message built here, without its IP header: 576 - 20 for IPv4 (RFC 1812 4.3.2.3), 1280 - 40 for IPv6
 * (RFC 4443 2.4 c). */
#define ICMP_MESSAGE_MAX 1240

/* An ICMP message for the sender of a packet. The IP header, its source address included, is the kernel's
 * business: a raw socket of that family towards `to` adds it. */
struct icmp_message {
    enum qw_family family;
    struct qw_addr to; /* the source of the offending packet */
    uint16_t len;
    uint8_t bytes[ICMP_MESSAGE_MAX]; /* from the type on; ICMPv4: checksum complete; ICMPv6: checksum 0, for
                                        the kernel fills it in on raw sockets (RFC 3542 3.1) */
};

/* May an error be sent about the packet of which `captured` bytes are at `packet` (IP header first)? Never
 * about an ICMP error or a packet that is no error but may be one (unknown ICMP types), a fragment but the
 * first, a multicast or broadcast destination, or a source that is no single host: unspecified, loopback,
 * multicast, limited broadcast, class E (RFC 1812 4.3.2.7, RFC 4443 2.4 e). Nor about a packet that
 * packet_decode refuses. */
bool icmp_error_allowed(const uint8_t *packet, size_t captured);

/* "Communication administratively prohibited": ICMPv4 3/13 (RFC 1812 5.2.7.1) or ICMPv6 1/1 (RFC 4443 3.1),
 * quoting as much of the packet as fits. QW_OK: *out is written. QW_ERR_TRUNCATED: the capture ends
 * before the headers that icmp_error_allowed needs (IP, UDP or the start of ICMP). QW_ERR_INVALID: it says
 * no. On failure *out stays as it was. */
enum qw_error icmp_prohibited(const uint8_t *packet, size_t captured, struct icmp_message *out);

/* "Host unreachable": ICMPv4 3/1 (RFC 792; RFC 6888 REQ-11: where a limit was met) or ICMPv6 1/3, address
 * unreachable (RFC 4443 3.1). The same values, and the same quote. */
enum qw_error icmp_host_unreachable(const uint8_t *packet, size_t captured, struct icmp_message *out);

/* "Packet too big": ICMPv4 3/4 with `mtu` as next-hop MTU (RFC 1191 4) or ICMPv6 type 2 (RFC 4443 3.2),
 * quoting as much of the packet as fits. The same values. `mtu` is in bytes, IP header included; ICMPv4 has
 * 16 bits for it, so a larger one is sent as 65535. */
enum qw_error icmp_too_big(const uint8_t *packet, size_t captured, uint32_t mtu, struct icmp_message *out);

/* How many errors may leave: a token bucket in total and one per destination, so that one flooded host does
 * not use up what others need (RFC 1812 4.3.2.8, RFC 4443 2.4 f). Bounded memory: destinations share hashed
 * buckets. */
struct icmp_limiter;

/* `total` and `per_destination` are messages per second, at least 1; each bucket holds one second's worth.
 * `seed` keys the hash of destinations. NULL when memory is short. The caller owns it. Not thread safe. */
struct icmp_limiter *icmp_limiter_new(uint32_t total, uint32_t per_destination, uint64_t seed);
void icmp_limiter_free(struct icmp_limiter *limiter);

/* Takes a token for an error to `to`; false when none is left, and then nothing is taken. A `now` before an
 * earlier one adds nothing; when it is a second or more before, buckets fill on from there. */
bool icmp_limiter_take(struct icmp_limiter *limiter, const struct qw_addr *to, struct qw_time now);

#endif
