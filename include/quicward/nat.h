/* NAT for UDP over IPv4 (RFC 4787, 6888): which external endpoint stands for which inside endpoint, and the
 * packets rewritten accordingly. Knows addresses and ports only (tests/check_includes.sh proves it): a client
 * whose address or port changes always gets another mapping (RFC 9312 4.3).
 *
 * A mapping lives as long as one session holds it. Sessions are the engine's flows: it says when one begins
 * and ends, so a mapping's timer is that of its flows, and there is only one set of timers.
 *
 * The address for an inside host is chosen by a keyed hash of the host (RFC 4787 REQ-2, paired); a port at
 * random among the free ones of the same parity, below 1024 for ports below 1024 where the pool has such
 * (REQ-3, REQ-4, RFC 6056). That never changes with load: where these are used up a new mapping is refused
 * (REQ-11). A released port rests before anybody gets it again.
 *
 * Packets of existing flows take no lock: nat_inside and nat_holds are a few atomic loads. All functions may
 * be called by any thread. Memory is taken in nat_new: about 4 MiB an address. All addresses and endpoints
 * are IPv4; that is the caller's to know. */
#ifndef QUICWARD_NAT_H
#define QUICWARD_NAT_H

#include <quicward/base/addr.h>
#include <quicward/base/hash.h>
#include <quicward/base/time.h>
#include <quicward/packet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAT_ADDRESSES_MAX 64
#define NAT_PORT_WORDS 1024 /* a set of ports: bit p % 64 of word p / 64 */

static inline bool nat_ports_has(const uint64_t set[static NAT_PORT_WORDS], uint16_t port)
{
    return set[port / 64] >> port % 64 & 1;
}

/* The ports from `first` to `last`, both included; nothing when `last` is less. */
void nat_ports_add(uint64_t set[static NAT_PORT_WORDS], uint16_t first, uint16_t last);
void nat_ports_remove(uint64_t set[static NAT_PORT_WORDS], uint16_t first, uint16_t last);

/* Names a mapping: address slot, port, and how often the slot's address has changed. 0 is none. */
typedef uint32_t nat_external;

enum nat_filtering { NAT_ENDPOINT_INDEPENDENT, NAT_ADDRESS_DEPENDENT, NAT_ADDRESS_AND_PORT_DEPENDENT };

struct nat_port_range {
    uint16_t first, last; /* both belong to it; port 0 is never used */
};

/* An external endpoint that always stands for one inside endpoint. */
struct nat_forward {
    unsigned address; /* slot */
    uint16_t port;    /* need not be in the pool, and may be an excluded one */
    struct qw_endpoint inside;
};

struct nat_mapping {
    struct qw_endpoint inside, external;
    uint32_t sessions; /* that hold it */
    bool forward;
    struct qw_time since; /* created; of a forward: when nat_new was called */
};

/* Called when a mapping (no forward) is made or ends, with the lock held: keep it short, call nothing of
 * nat. One that is made has 0 sessions yet. */
typedef void nat_changed(void *context, const struct nat_mapping *mapping, bool created, struct qw_time now);

struct nat_options {
    const struct qw_addr *addresses; /* IPv4; an all-zero one is not known yet */
    unsigned address_count;          /* 1..NAT_ADDRESSES_MAX */
    const struct nat_port_range *ports;
    unsigned port_count;
    const struct nat_port_range *excluded; /* beside the reflection ports, see nat_reflection_ports */
    unsigned excluded_count;
    const struct nat_forward *forwards;
    unsigned forward_count;
    enum nat_filtering filtering;
    uint32_t per_host;     /* mappings of one inside address at once; one that ended within two minutes
                              counts until its port has rested */
    uint64_t hold_down_ns; /* that a released port rests */
    uint32_t sessions_max; /* at once */
    struct qw_hash_key secret;
    struct qw_time now;
    nat_changed *changed; /* may be NULL */
    void *context;
};

struct nat;

/* NULL when memory is short. Borrows nothing but `context`. The caller owns it. */
struct nat *nat_new(const struct nat_options *options);
void nat_free(struct nat *nat);

/* Ports that are never handed out because services there are used to reflect attacks (RFC 9308 8.1, RFC 9312
 * 4.6): echo 7, chargen 19, DNS 53, and so on. Sorted; returns how many. */
size_t nat_reflection_ports(const uint16_t **out);

/* ---- for every packet ---- */

/* Is `address` one of the external addresses, whatever the port? */
bool nat_is_external(const struct nat *nat, const struct qw_addr *address);

/* The address of a slot; zero while there is none. */
struct qw_addr nat_address(const struct nat *nat, unsigned slot);

/* The mapping at `external`, an endpoint of the external side: its name, or 0 for none; with it *inside. */
nat_external nat_inside(const struct nat *nat, const struct qw_endpoint *external,
                        struct qw_endpoint *inside);

/* Does `mapping` still stand for `inside`? No longer after it ended or its address vanished. */
bool nat_holds(const struct nat *nat, nat_external mapping, const struct qw_endpoint *inside);

/* The external endpoint that `mapping` names. Its address is zero when it vanished since nat_holds: the
 * packet cannot be sent then. */
struct qw_endpoint nat_endpoint(const struct nat *nat, nat_external mapping);

/* ---- for the first packet of a flow, and its end ---- */

enum nat_answer {
    NAT_OK,
    NAT_NO_PORT,    /* none free, or none at all, of the kind needed; or sessions_max in use */
    NAT_HOST_LIMIT, /* per_host */
    NAT_NO_ADDRESS  /* the host's external address is not known now */
};

/* Counts a session of `inside` with `remote`: keeps its mapping alive, makes one when there is none. *out is
 * written only with NAT_OK. */
enum nat_answer nat_session_begin(struct nat *nat, const struct qw_endpoint *inside,
                                  const struct qw_addr *remote, struct qw_time now, nat_external *out);

/* Ends one session that nat_session_begin counted. The last one ends the mapping. Of a mapping whose address
 * vanished meanwhile nothing is done. */
void nat_session_end(struct nat *nat, nat_external mapping, const struct qw_addr *remote, struct qw_time now);

/* May `remote` send to `mapping`, which has no session with that very endpoint (RFC 4787 5)? Always to a
 * forward. */
bool nat_admits(struct nat *nat, nat_external mapping, const struct qw_addr *remote);

/* ---- the world changes ---- */

/* The address of a slot, NULL for none: all its mappings but forwards end when it is another than before, and
 * the handles of forwards are others from then on. True when it was. Their ports rest while no address or the
 * same one follows; on another address all ports are free at once. */
bool nat_set_address(struct nat *nat, unsigned slot, const struct qw_addr *address, struct qw_time now);

/* Ports that the router itself uses or reserves: not handed out from now on. Replaces the set before. */
void nat_set_router_ports(struct nat *nat, const uint64_t ports[static NAT_PORT_WORDS]);

/* ---- reports ---- */

/* Copies up to `max` mappings from *cursor (start with 0) on; returns how many, 0 at the end. Forwards
 * too. What is made or ends meanwhile may be missed or be there. */
size_t nat_mappings(struct nat *nat, uint64_t *cursor, struct nat_mapping *out, size_t max);

struct nat_stats {
    uint32_t mappings; /* now, without forwards */
    uint32_t ports;    /* that may be handed out on all addresses, those of the router included */
    uint32_t resting;  /* released ports, until new mappings find that they have rested enough */
    uint64_t created, removed;
    uint64_t refused_port, refused_host, refused_address;
};
void nat_stats(struct nat *nat, struct nat_stats *out);

/* ---- rewriting (RFC 3022 4, RFC 5508 4) ---- */

/* Writes the endpoints that are not NULL into the UDP over IPv4 packet at `packet`, which `view` was decoded
 * from, captured whole. Checksums of IP and UDP follow (RFC 1624); a UDP checksum of 0 stays 0, and one that
 * becomes 0 is sent as 0xffff (RFC 768). No other byte changes. */
void nat_rewrite_udp(uint8_t *packet, const struct packet_view *view, const struct qw_endpoint *src,
                     const struct qw_endpoint *dst);

/* Likewise for an ICMPv4 error about UDP: the outer addresses and the endpoints of the quoted packet that are
 * not NULL. The quoted IP and UDP checksums (as far as the quote holds them) follow, and the ICMP checksum
 * last. */
void nat_rewrite_error(uint8_t *packet, const struct packet_view *view, const struct qw_addr *src,
                       const struct qw_addr *dst, const struct qw_endpoint *quoted_src,
                       const struct qw_endpoint *quoted_dst);

#endif
