/* ICMP errors and what they quote. */
#ifndef ICMP_H
#define ICMP_H

#include <quicward/packet.h>

/* Reads the ICMP (RFC 792) or ICMPv6 (RFC 4443) message at `r`, whose offsets count from the start of the
 * packet, into view->kind and view->icmp. view->family is set. QW_OK, or QW_ERR_TRUNCATED when `r` ends
 * before the message's own header does; a quote may be cut anywhere. */
enum qw_error icmp_decode(struct qw_reader *r, struct packet_view *view);

#endif
