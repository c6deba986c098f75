/* An IP header read once, whether it leads the packet or stands in an ICMP error's quote. */
#ifndef IP_H
#define IP_H

#include <quicward/packet.h>

enum { PROTOCOL_ICMP = 1, PROTOCOL_UDP = 17, PROTOCOL_AUTHENTICATION = 51, PROTOCOL_ICMPV6 = 58 };

/* Real packets have one or two extension headers. RFC 8504 5.3 lets a node limit them, and more would only
 * cost time. */
#define EXTENSION_MAX 8

struct ip_header {
    enum qw_family family;
    uint8_t protocol, traffic_class, ttl;
    bool dont_fragment, more_fragments, authenticated;
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

/* Is it a later fragment that says nothing of its packet's upper layer? Its protocol is that of a header
 * which the first fragment has. */
bool ip_hides_upper(const struct ip_header *ip);

/* Is `protocol` a header between IP's own and the upper layer? */
bool ip_is_extension(enum qw_family family, uint8_t protocol);

/* Steps over an authentication header behind its next header field: four-byte units, less two (RFC 4302 2.2).
 */
static inline void ip_skip_authentication(struct qw_reader *r, struct ip_header *ip)
{
    ip->authenticated = true;
    unsigned len = qw_u8(r);
    qw_skip(r, (len + 2) * 4 - 2);
}

#endif
