/* Packets about which somebody might send an error, and what tells such an error right. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <quicward/base/addr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAMPLE_MAX 2000

struct sample {
    size_t len;
    uint8_t bytes[SAMPLE_MAX];
};

#define CLIENT4 "192.0.2.10"
#define SERVER4 "198.51.100.1"
#define CLIENT6 "2001:db8::10"
#define SERVER6 "2001:db8:1::1"

/* UDP from the client to the server, `total` bytes with the IP header. */
struct sample sample_udp(enum qw_family family, size_t total);

/* UDP with a few bytes of payload from address `from` to `to`. */
struct sample sample_between(const char *from, const char *to);

/* ICMP, or ICMPv6, of `type` from the client to the server. */
struct sample sample_icmp(enum qw_family family, uint8_t type);

/* Puts `hex`, a multiple of four bytes, between the IPv4 header and what follows. */
void sample_options(struct sample *s, const char *hex);

/* Puts an IPv6 extension header of protocol number `kind` behind the fixed header; `hex` is all of it but its
 * first byte, the next header. */
void sample_extend(struct sample *s, uint8_t kind, const char *hex);

/* Makes the packet a fragment at `offset` bytes, a multiple of eight: in IPv6 by a fragment header. */
void sample_fragment(struct sample *s, unsigned offset, bool more);

/* The one's complement sum of RFC 1071, two bytes at a time: 0xffff over a message with its checksum. */
uint16_t sample_sum(const uint8_t *bytes, size_t len);

/* xorshift64: the same numbers in every run. */
uint32_t sample_random(uint64_t *state);

#endif
