/* Where the IP packet begins in a captured frame, by link type. */
#ifndef QUICWARD_IO_CAPTURE_LINK_H
#define QUICWARD_IO_CAPTURE_LINK_H

#include <quicward/base/bytes.h>
#include <stdbool.h>

/* What capture_link_known is true for, for messages. */
#define CAPTURE_LINKS "Ethernet, PPP, PPPoE, Cisco HDLC, MPLS, raw IP, Linux cooked, BSD loopback"

/* True for the link types that capture_ip_offset understands: DLT_ values, or LINKTYPE_ values of files. */
bool capture_link_known(int link);

/* Finds the IP packet in `frame` of link type `link`, behind VLAN tags (at most 2), MPLS labels (at most 16)
 * and PPPoE headers: true and its offset, or false when the frame holds none. */
bool capture_ip_offset(int link, struct qw_bytes frame, size_t *offset);

/* Of a frame for which capture_ip_offset said no: true when its bytes end before it is known what it holds.
 */
bool capture_ip_cut(int link, struct qw_bytes frame);

#endif
