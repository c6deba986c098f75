/* Where the IP packet begins in a captured frame, by link type. */
#ifndef QUICWARD_IO_CAPTURE_LINK_H
#define QUICWARD_IO_CAPTURE_LINK_H

#include <quicward/base/bytes.h>
#include <stdbool.h>

/* True for the DLT_ values that capture_ip_offset understands. */
bool capture_link_known(int link);

/* Finds the IP packet in `frame` of link type `link`: true and its offset, or false when the frame holds
 * none. */
bool capture_ip_offset(int link, struct qw_bytes frame, size_t *offset);

#endif
