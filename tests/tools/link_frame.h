/* Ethernet frames with UDP in them, as a link sees them: what a forwarder counts and changes. */
#ifndef TOOLS_LINK_FRAME_H
#define TOOLS_LINK_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link_frame {
    uint8_t *bytes; /* the caller's */
    size_t len;
    bool v4;
    size_t ip, udp, payload, end; /* offsets; `end` is behind the payload */
};

/* True when `bytes` hold a whole UDP datagram over IPv4 or IPv6 (no fragment, no extension header). */
bool link_frame_read(uint8_t *bytes, size_t len, struct link_frame *out);

/* Addresses and ports of both ends: equal in both directions of a flow when one is turned. */
struct link_ends {
    uint8_t from[16], to[16];
    uint16_t from_port, to_port;
};
struct link_ends link_frame_ends(const struct link_frame *frame);

/* Changes a port and what follows from it in the checksum. */
void link_frame_set_port(struct link_frame *frame, bool destination, uint16_t port);

/* Changes one byte of the payload and the checksum with it, so that the receiver's UDP does not notice. */
void link_frame_corrupt(struct link_frame *frame, uint32_t random);

/* True when the datagram is QUIC with a 1-RTT packet in it: alone or behind long headers (RFC
 * 9000 12.2, 17.3).
 */
bool link_frame_one_rtt(const struct link_frame *frame);

#endif
