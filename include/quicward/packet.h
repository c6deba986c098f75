/* Bytes of an IP packet -> a view of offsets. Copies nothing, trusts nothing, keeps nothing. */
#ifndef QUICWARD_PACKET_H
#define QUICWARD_PACKET_H

#include <quicward/base/addr.h>
#include <quicward/base/bytes.h>
#include <quicward/base/error.h>
#include <stdbool.h>
#include <stdint.h>

enum packet_kind {
    PACKET_OTHER,      /* neither of the below: another protocol, or ICMP that is no error */
    PACKET_UDP,        /* `tuple` and `payload` are valid */
    PACKET_ICMP_ERROR, /* `icmp` is valid: ICMPv4 type 3, 4, 11 or 12, ICMPv6 type 0 to 127 (RFC 4443 2.1) */
    PACKET_FRAGMENT    /* not the first fragment: no ports; `tuple` has the addresses, ports are 0 */
};

/* The packet an ICMP error quotes (RFC 792, 4443). Quotes may be cut anywhere after the ports. */
struct packet_quote {
    bool is_udp;           /* the quoted packet is UDP and its ports are there: `tuple` is valid */
    bool is_other;         /* it is of another protocol. Neither: UDP without ports, or nobody can tell */
    struct qw_tuple tuple; /* as the quoted packet carried it: src is who sent the offending packet */
    uint16_t offset;       /* of the quoted IP header from the start of the outer packet */
    uint16_t l4_offset;    /* of the quoted UDP header from the start of the outer packet; 0 if not is_udp */
};

struct packet_icmp {
    uint8_t type, code;
    uint32_t mtu; /* next-hop MTU of ICMPv4 3/4 (RFC 1191) or ICMPv6 type 2 (RFC 4443); else 0 */
    struct packet_quote quote;
};

struct packet_view {
    enum packet_kind kind;
    enum qw_family family;
    uint8_t protocol;       /* the IP protocol number after IPv6 extension headers */
    uint8_t dscp, ecn, ttl; /* TTL or hop limit */
    bool dont_fragment;     /* IPv4 DF; always true for IPv6 */
    bool authenticated;     /* an authentication header covers the addresses (RFC 4302) */
    bool hides_upper; /* PACKET_FRAGMENT: `protocol` is a header that the first fragment has, whatever follows
                       */
    bool first_fragment;     /* offset 0 with more to come: ports are there, the payload is partial */
    uint16_t l4_offset;      /* of the UDP or ICMP header; 0 where there is none */
    uint32_t ip_len;         /* length that the IP header claims, header included */
    struct qw_tuple tuple;   /* outer addresses always; ports only with PACKET_UDP */
    struct qw_bytes payload; /* UDP payload, borrowed: what was captured of it */
    uint32_t payload_len;    /* UDP payload on the wire; larger than payload.len if the capture was cut */
    struct packet_icmp icmp; /* set with PACKET_ICMP_ERROR only */
};

/* Decodes the IPv4 (RFC 791, options skipped; authentication headers walked) or IPv6 (RFC 8200; hop-by-hop,
 * routing, destination options, fragment and authentication headers walked) packet, with at most 8 such
 * headers, of which `captured` bytes are at `data` and which was `wire_len` bytes long on the wire (>=
 * captured; a copy range or snap length may cut it). *out borrows from `data`. UDP length (RFC 768) must fit
 * the IP length; a UDP length of 0 is malformed (no jumbograms). Bytes after the IP length (link padding) are
 * ignored. QW_OK: *out is valid. QW_ERR_TRUNCATED: the header does not fit the captured bytes.
 * QW_ERR_MALFORMED: a length or version contradicts, or there are more extension headers. On failure *out has
 * kind PACKET_OTHER and must not be used further. */
enum qw_error packet_decode(const uint8_t *data, size_t captured, uint32_t wire_len, struct packet_view *out);

#endif
