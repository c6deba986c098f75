/* About which packets no error may be sent. */
#ifndef JUDGE_H
#define JUDGE_H

#include <quicward/packet.h>

/* Decodes the packet of which `captured` bytes are at `packet` into *view, which borrows from it. QW_OK: an
 * error about it may be sent. QW_ERR_TRUNCATED: the capture ends before that can be told. QW_ERR_INVALID:
 * none may be; *view must then not be used. */
enum qw_error icmp_judge(const uint8_t *packet, size_t captured, struct packet_view *view);

#endif
