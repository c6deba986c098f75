/* Packets bent into the shapes that the decoder must know. Checksums are not kept: the decoder reads none. */
#ifndef SHAPE_H
#define SHAPE_H

#include "packets.h"
#include <quicward/packet.h>
#include <stdbool.h>

#define SHAPE_MAX 2000

struct shape {
    size_t len;
    uint8_t bytes[SHAPE_MAX];
};

#define CLIENT4 "192.0.2.10:50000"
#define SERVER4 "198.51.100.1:443"
#define ROUTER4 "203.0.113.254"
#define CLIENT6 "[2001:db8::10]:50000"
#define SERVER6 "[2001:db8:1::1]:443"
#define ROUTER6 "2001:db8:ffff::fe"

/* UDP from client to server with `payload_len` bytes 0, 1, 2... */
struct shape shape_udp(enum qw_family family, size_t payload_len);

/* An ICMP error from the router about the first `quoted` bytes of `about`. */
struct shape shape_icmp(uint8_t type, uint8_t code, uint32_t mtu, const struct shape *about, size_t quoted);

/* Puts `hex`, a multiple of four bytes, between the IPv4 header and what follows. */
void shape_options(struct shape *s, const char *hex);

/* Puts an IPv6 extension header of protocol number `kind` right behind the fixed header; `hex` is all of it
 * but its first byte, the next header, which becomes what stood there until now. */
void shape_extend(struct shape *s, uint8_t kind, const char *hex);

/* Makes the IPv4 packet a fragment at `offset` bytes. */
void shape_fragment4(struct shape *s, unsigned offset, bool more);

void shape_set16(struct shape *s, size_t at, unsigned value);

/* Decodes all of it, as captured whole. */
enum qw_error shape_decode(const struct shape *s, struct packet_view *view);

bool endpoint_is(const struct qw_endpoint *ep, enum qw_family family, const char *text);

#endif
