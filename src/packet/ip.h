/* An IP header read once, whether it leads the packet or stands in an ICMP error's quote. */
#ifndef IP_H
#define IP_H

#include <quicward/packet.h>

enum { PROTOCOL_ICMP = 1, PROTOCOL_UDP = 17, PROTOCOL_ICMPV6 = 58 };

struct ip_header {
    enum qw_family family;
    uint8_t protocol, traffic_class, ttl;
    bool dont_fragment, more_fragments;
    uint16_t fragment_offset; /* bytes */
    uint32_t total_len;       /* as claimed, header included; not compared with anything yet */
    struct qw_addr src, dst;
};

/* Reads the header at `r`, options or extension headers too, and leaves `r` at the upper layer. *ip starts
 * zeroed; on failure it holds what was read until then. QW_OK, QW_ERR_TRUNCATED when `r` ends too early,
 * QW_ERR_MALFORMED. */
enum qw_error ip_read(struct qw_reader *r, struct ip_header *ip);
enum qw_error ipv4_read(struct qw_reader *r, struct ip_header *ip);
enum qw_error ipv6_read(struct qw_reader *r, struct ip_header *ip);

#endif
