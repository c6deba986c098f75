/* NAT for UDP over IPv4 (RFC 4787, 6888): which external endpoint stands for which inside endpoint, and the
 * packets rewritten accordingly. Knows addresses and ports only (tests/check_includes.sh proves it): a client
 * whose address or port changes always gets another mapping (RFC 9312 4.3).
 *
 * A mapping lives as long as one session holds it. Sessions are the engine's flows: it says when one begins
 * and ends, so a mapping's timer is that of its flows, and there is only one set of timers.
 *
 * The address for an inside host is chosen by a keyed hash of the host (RFC 4787 REQ-2, paired); a port among
 * those of the same parity, below 1024 for ports below 1024 where the pool has such (REQ-3, REQ-4). NAT_KEYED
 * takes the first free port of a pseudo-random sequence, which follows from a secret and the inside endpoint
 * (RFC 6056 3.3.3, without its counter). NAT_RANDOM takes any free one (RFC 6056 3.3.1). Kind and address
 * never change with load: where the ports of a kind are used up a new mapping is refused (REQ-11). A released
 * port rests before anybody else gets it again.
 *
 * Packets of existing flows take no lock: nat_inside and nat_holds are a few atomic loads. All functions may
 * be called by any thread. Memory is taken in nat_new: about 6 MiB an address. What a crash must not lose
 * (words, states of ports, since when they rest, addresses) stands in memory that is handed in (store.h). All
 * addresses and endpoints are IPv4; that is the caller's to know. */
#ifndef QUICWARD_NAT_H
#define QUICWARD_NAT_H

#include <quicward/base/addr.h>
#include <quicward/base/hash.h>
#include <quicward/base/owners.h>
#include <quicward/base/port_map.h>
#include <quicward/base/ports.h>
#include <quicward/base/time.h>
#include <quicward/packet.h>
#include <quicward/store.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAT_ADDRESSES_MAX 64
#define NAT_UPLINKS_MAX 63

/* Names a mapping: address slot, port, and how often the slot's address has changed. 0 is none. */
typedef uint32_t nat_external;

enum nat_filtering { NAT_ENDPOINT_INDEPENDENT, NAT_ADDRESS_DEPENDENT, NAT_ADDRESS_AND_PORT_DEPENDENT };

/* An external endpoint that always stands for one inside endpoint. */
struct nat_forward {
    unsigned address; /* which of the addresses that it is handed in with; in reports the slot */
    uint16_t port;    /* need not be in the pool, and may be an excluded one */
    struct qw_endpoint inside;
};

struct nat_mapping {
    struct qw_endpoint inside, external;
    uint32_t sessions; /* that hold it */
    bool forward;
    struct qw_time since; /* created; of a forward: since it stands */
};

/* Called when a mapping (no forward) is made or ends, with the lock held: keep it short, call nothing of
 * nat. One that is made has 0 sessions yet. */
typedef void nat_changed(void *context, const struct nat_mapping *mapping, bool created, struct qw_time now);

/* Ports of an address that one host has for itself. */
struct nat_block {
    struct qw_addr host;
    struct qw_endpoint external; /* with its first port */
    uint16_t last;               /* port */
};

/* Called as nat_changed when a host gets a block of ports or has it no longer. A block whose mappings have
 * all ended stays the host's as long as a port rests, or until nothing else is left for another host; it is
 * taken back then, with the next mappings that are made or end. */
typedef void nat_block_changed(void *context, const struct nat_block *block, bool assigned,
                               struct qw_time now);

/* How a port is chosen among those of its kind. */
enum nat_choice {
    NAT_RANDOM, /* any free one; nobody gets a resting one */
    NAT_KEYED   /* the first free one of the inside endpoint's sequence; its own one even while it rests */
};

/* The memory that a room works on: regions of nat_parts, in that order. */
#define NAT_PARTS 3
struct nat_memory {
    struct store_region addresses, words, ports;
};

/* The parts of a store for so many slots, of nat_options. */
void nat_parts(unsigned slots, struct store_part out[static NAT_PARTS]);

/* Those parts of `store`; false when one is missing, or of another form than this program's. */
bool nat_memory_of(const struct store *store, struct nat_memory *out);

struct nat_options {
    const struct nat_memory *memory; /* borrowed as long as the room lives: nat_parts for so many slots or
                                        more; what was in it is gone. NULL: anonymous memory of its own */
    const struct qw_addr *addresses; /* IPv4; an all-zero one is not known yet */
    unsigned address_count;          /* 1..NAT_ADDRESSES_MAX */
    const uint8_t *uplinks; /* of each of them: the uplink that it is for, 1..NAT_UPLINKS_MAX, 0 for any;
                               NULL: all for any */
    unsigned slots; /* places for addresses, for those that come by nat_change; at least address_count */
    const struct qw_port_range *ports;
    unsigned port_count;
    const struct qw_port_range *excluded; /* beside the reflection ports, qw_reflection_ports */
    unsigned excluded_count;
    const struct nat_forward *forwards;
    unsigned forward_count;
    enum nat_filtering filtering;
    uint32_t per_host;     /* mappings of one inside address at once; one that ended within two minutes
                              counts until its port has rested */
    uint64_t hold_down_ns; /* that a released port rests */
    uint32_t sessions_max; /* at once */
    enum nat_choice choice;
    struct qw_hash_key secret;      /* of this run: tables, random ports */
    const struct qw_hash_key *kept; /* which address a host has, and which ports an endpoint: the same in
                                       every room with this key. NULL: `secret` */
    const struct qw_owners *owners; /* borrowed as long as the room lives: they say which address a host has;
                                       NULL: the key does */
    struct qw_time now;
    nat_changed *changed; /* may be NULL */
    uint32_t block; /* a host has its ports from blocks of this size, a power of two, 64 to 4096, of its own,
                       and `changed` is called only for mappings that are in none, of an earlier process; 0:
                       without blocks */
    nat_block_changed *block_changed; /* may be NULL */
    void *context;
};

struct nat;

/* NULL when memory is short. Borrows nothing but `context`. The caller owns it. */
struct nat *nat_new(const struct nat_options *options);
void nat_free(struct nat *nat);

/* ---- for every packet ---- */

/* Is `address` one of the external addresses, whatever the port? */
bool nat_is_external(const struct nat *nat, const struct qw_addr *address);

/* Is `port` one that the router itself uses or reserves, by the last nat_set_router_ports? */
bool nat_is_routers(const struct nat *nat, uint16_t port);

/* The address of a slot; zero while there is none. */
struct qw_addr nat_address(const struct nat *nat, unsigned slot);

/* The mapping at `external`, an endpoint of the external side: its name, or 0 for none; with it *inside. */
nat_external nat_inside(const struct nat *nat, const struct qw_endpoint *external,
                        struct qw_endpoint *inside);

/* Does `mapping` still stand for `inside`? No longer after it ended or its address vanished. */
bool nat_holds(const struct nat *nat, nat_external mapping, const struct qw_endpoint *inside);

/* Begins to fetch what nat_holds will read, also for what names no mapping. */
void nat_fetch(const struct nat *nat, nat_external mapping);

/* The external endpoint that `mapping` names. Its address is zero when it vanished since nat_holds: the
 * packet cannot be sent then. */
struct qw_endpoint nat_endpoint(const struct nat *nat, nat_external mapping);

/* ---- for the first packet of a flow, and its end ---- */

enum nat_answer {
    NAT_OK,
    NAT_NO_PORT,    /* none free, or none at all, of the kind needed; or sessions_max in use */
    NAT_HOST_LIMIT, /* per_host */
    NAT_PORT_SHARE, /* four fifths of the ports of that kind are in use, and the host has its fair share */
    NAT_NO_ADDRESS  /* the host's external address is not known now */
};

/* Counts a session of `inside` with `remote`: keeps its mapping alive, makes one when there is none. *out is
 * written only with NAT_OK. */
enum nat_answer nat_session_begin(struct nat *nat, const struct qw_endpoint *inside,
                                  const struct qw_addr *remote, struct qw_time now, nat_external *out);

/* Likewise for packets that leave by `uplink`, 0 when that is not known. An inside endpoint has a mapping for
 * each uplink that has addresses of its own, and one for all others. Its address is one of the uplink's, or,
 * where it has none, one that is for any. */
enum nat_answer nat_session_begin_by(struct nat *nat, const struct qw_endpoint *inside, unsigned uplink,
                                     const struct qw_addr *remote, struct qw_time now, nat_external *out);

/* The uplink that the address of a mapping is for, 0 for any; and may it be used on `uplink`? Also on one
 * that is not known, or has no addresses of its own. No lock. */
unsigned nat_uplink_of(const struct nat *nat, nat_external mapping);
bool nat_suits(const struct nat *nat, nat_external mapping, unsigned uplink);

/* Ends one session of `inside` that nat_session_begin counted. The last one ends the mapping. Of a mapping
 * whose address vanished meanwhile nothing is done; of one whose endpoint a forward has taken, only the
 * session ends. */
void nat_session_end(struct nat *nat, nat_external mapping, const struct qw_endpoint *inside,
                     const struct qw_addr *remote, struct qw_time now);

/* The same for a session that was meant to be short (RFC 4787 REQ-5 a). A mapping that ends with it rests
 * like all, but does not count for its host meanwhile, unless half of the address's ports rest already: then
 * one host could send port after port to rest until none is left for others (RFC 6888 REQ-4). */
void nat_session_end_short(struct nat *nat, nat_external mapping, const struct qw_endpoint *inside,
                           const struct qw_addr *remote, struct qw_time now);

/* While nothing of a session has passed, its remote gains nothing by it (RFC 4787 5 speaks of packets that
 * were sent): the session keeps the mapping, but nat_admits does not count it. Silence is for a session that
 * nat_session_begin counted; speak takes it back, and must have been called before nat_session_end. Of a
 * mapping that ended meanwhile nothing is done. */
void nat_session_silence(struct nat *nat, nat_external mapping, const struct qw_addr *remote);
void nat_session_speak(struct nat *nat, nat_external mapping, const struct qw_addr *remote);

/* May `remote` send to `mapping`, which has no session with that very endpoint (RFC 4787 5)? Always to a
 * forward. */
bool nat_admits(struct nat *nat, nat_external mapping, const struct qw_addr *remote);

/* ---- the world changes ---- */

/* The address of a slot, NULL for none: all its mappings but forwards end when it is another than before, and
 * the handles of forwards are others from then on. True when it was. Their ports rest while no address or the
 * same one follows; on another address all ports are free at once. */
bool nat_set_address(struct nat *nat, unsigned slot, const struct qw_addr *address, struct qw_time now);

/* What nat_change may change. */
struct nat_pool {
    const struct qw_addr *addresses; /* IPv4, no two the same */
    unsigned address_count;          /* up to NAT_ADDRESSES_MAX; 0: the addresses stay as they are */
    const uint8_t *uplinks;          /* as in nat_options; addresses that stay keep theirs */
    const struct qw_port_range *ports;
    unsigned port_count;
    const struct qw_port_range *excluded; /* as in nat_options */
    unsigned excluded_count;
    uint64_t hold_down_ns;
    enum nat_choice choice;
    const struct nat_forward *forwards; /* no two of one endpoint, inside or outside; where the addresses
                                           stay as they are, `address` counts those that there are */
    unsigned forward_count;
    enum nat_filtering filtering;
    uint32_t per_host;
    struct qw_time now;
};

/* From now on new mappings have the addresses and ports of `pool` (read during the call only), and forwards,
 * filtering and the limit of a host are those of `pool`.
 *
 * Mappings on an address or port that left go on, and take further sessions of their inside endpoint (RFC
 * 4787 REQ-1), until their last session ends. Then the port is handed out no more, and an address without
 * mappings is none of this room's any more. A host that has mappings keeps its address while that is in the
 * pool, also where others would be chosen now (REQ-2). What rests goes on resting.
 *
 * A forward that is the same as before keeps its sessions. One that left goes on as a mapping while it has
 * sessions, and its port rests then. An inside endpoint that gets a forward has it from its next session on;
 * a mapping that it had goes on until its last session ends. Only an endpoint outside that a forward needs
 * is taken from its mapping at once: *cut says whether there was one. Sessions of it must be ended soon.
 *
 * Filtering is asked when a flow begins: who was let in before stays. A host that has more mappings than
 * per_host keeps them.
 *
 * QW_OK; QW_ERR_FULL: more addresses are new than there are free slots; QW_ERR_NO_MEMORY. Nothing has changed
 * after an error. One call at a time; new flows may wait for some hundred microseconds, longer when the
 * tables grow. */
enum qw_error nat_change(struct nat *nat, const struct nat_pool *pool, bool *cut);

/* How many addresses that are new nat_change could take. */
unsigned nat_slots_free(struct nat *nat);

/* Ports that the router itself uses or reserves: not handed out from now on. Replaces the set before. */
void nat_set_router_ports(struct nat *nat, const uint64_t ports[static QW_PORT_WORDS]);

/* From now on `out`, one for each slot (NAT_ADDRESSES_MAX are always enough), says which ports packets find
 * used: nat_inside finds nothing at an address that stands there and a port that is not used. A port is used
 * before its mapping is there, and no longer after it is gone. NULL: no longer, and no address stands in what
 * was handed in before. It is the caller's, borrowed until another call or nat_free. */
void nat_show_ports(struct nat *nat, struct qw_port_map *out);

/* ---- mappings of an earlier process, or of another router ---- */

/* What became of mappings that were offered. */
enum nat_adopted {
    NAT_ADOPTED,
    NAT_ADOPT_IMPOSSIBLE, /* port 0, an inside address 0, another parity than the inside port's */
    NAT_ADOPT_AHEAD,      /* since later than now */
    NAT_ADOPT_TAKEN,      /* the port has a mapping or rests, or the inside endpoint has a mapping */
    NAT_ADOPT_UNUSABLE,   /* a reflection port, or a forward's; on others that left the pool it lives on */
    NAT_ADOPT_ADDRESS,    /* an external address that is none of these */
    NAT_ADOPT_RESULTS
};

/* The word for JSON and logs: "adopted", "impossible", "ahead", "taken", "unusable", "address". */
const char *nat_adopted_word(enum nat_adopted result);

/* Makes the mapping that `record` tells, from its inside, external and since, with no session: sessions
 * follow by nat_adopt_session, and nat_adopt_end ends what has none then. It counts as one of its host's,
 * also above per_host, and `changed` is not called. */
enum nat_adopted nat_adopt(struct nat *nat, const struct nat_mapping *record, struct qw_time now);

/* The same for a mapping that goes on at this moment on another router, which gave its port to nobody else:
 * that the port rests here is no matter. */
enum nat_adopted nat_adopt_awake(struct nat *nat, const struct nat_mapping *record, struct qw_time now);

/* A flow of such a mapping, on its way in. */
struct nat_adoption {
    struct qw_endpoint inside, external; /* the mapping */
    struct qw_addr remote;               /* whom the flow is with */
    bool holds;                          /* the flow holds the mapping */

    enum nat_adopted result; /* written by nat_adopt_flows */
    nat_external mapping;    /* likewise; 0 unless adopted */

    uint64_t peer; /* private, written by nat_adopt_ahead */
    uint32_t inside_hash, host_hash, peer_hash;
    unsigned uplink;
};

/* To be called for each flow some time before nat_adopt_flows: computes what that needs, and begins to fetch
 * what it will read. Locks once for all of them; changes nothing else. */
void nat_adopt_ahead(struct nat *nat, struct nat_adoption *flows, unsigned count);

/* The inside endpoint of each flow has its mapping from now on, or had it already, and with `holds` a session
 * with `remote` is counted. NAT_ADOPT_TAKEN also when the inside endpoint has another mapping;
 * NAT_ADOPT_UNUSABLE also when sessions_max is reached. Locks once for all of them: for some tenths of a
 * microsecond each. */
void nat_adopt_flows(struct nat *nat, struct nat_adoption *flows, unsigned count, struct qw_time now);

/* The port of `external` rests from `since` on (now at the latest), if it is free, or was not handed out
 * anyway: it may come back to the pool. `host` (NULL: nobody) was on it, and with `counts` it counts as one
 * of that host's mappings meanwhile. Oldest first: one that comes after a younger one rests as long as that.
 */
void nat_adopt_rest(struct nat *nat, const struct qw_endpoint *external, const struct qw_endpoint *host,
                    bool counts, struct qw_time since, struct qw_time now);

/* The mapping or forward that `inside` has, 0 for none; and the external port of one. */
nat_external nat_mapping_of(struct nat *nat, const struct qw_endpoint *inside);
static inline uint16_t nat_port(nat_external mapping)
{
    return (uint16_t)mapping;
}

/* Counts a session of `inside` with `remote` on the mapping or forward that it has; 0, and nothing counted,
 * when it has none, or sessions_max is reached. */
nat_external nat_adopt_session(struct nat *nat, const struct qw_endpoint *inside,
                               const struct qw_addr *remote);

/* What a flow of an earlier process had. */
struct nat_claim {
    nat_external was;     /* its mapping then; 0: it had none, and has none now */
    bool holds;           /* it keeps the mapping alive: a session that counts */
    nat_external mapping; /* what it has now; 0: nothing. Written by nat_claims_take */
    /* the room's own: */
    uint64_t inside, peer;           /* keys of tables */
    uint32_t inside_hash, peer_hash; /* and their hashes */
};

/* The claim of a flow of `inside` to `was` for its traffic with `remote`. Begins to fetch the memory that
 * nat_claims_take will need. No lock is taken. */
struct nat_claim nat_claim_of(const struct nat *nat, nat_external was, bool holds,
                              const struct qw_endpoint *inside, const struct qw_addr *remote);

/* Writes `mapping` of each claim: the mapping or forward that its inside endpoint has, and a session of it is
 * counted if it holds one. 0, and nothing counted: there is none, or it has another external port, or
 * sessions_max is reached. */
void nat_claims_take(struct nat *nat, struct nat_claim *claims, unsigned count);

/* Ends mappings without a session; returns how many. Their ports rest from `now` on. */
uint32_t nat_adopt_end(struct nat *nat, struct qw_time now);

struct nat_recovery {
    uint64_t results[NAT_ADOPT_RESULTS]; /* of mappings */
    uint64_t rests;                      /* ports that go on resting */
    uint64_t unclear;                    /* ports that rest from now on, for what stood there cannot be */
};

/* Walks over memory that no room works on, and adopts what is in it; slots by their address. A slot without
 * an address takes that of the same slot there. Mappings of an address that is not of the pool live on as
 * after nat_change, while there is a free slot. A port whose record is refused rests from now on, so that
 * nobody else gets what may still be sent there. Counts are added to *counts. QW_OK; QW_ERR_INVALID for
 * regions of another form; QW_ERR_NO_MEMORY, and nothing was done. */
enum qw_error nat_recover(struct nat *nat, const struct nat_memory *memory, struct qw_time now,
                          struct nat_recovery *counts);

/* The addresses that stand in memory of an earlier process, whether they were of its pool or had left it.
 * Returns how many. */
unsigned nat_memory_addresses(const struct nat_memory *memory, struct qw_addr out[static NAT_ADDRESSES_MAX]);

/* Copies up to `max` forwards that stand in memory of an earlier process (out may be NULL with max 0);
 * returns how many there are. Nothing in them is checked but that both halves say "forward". */
size_t nat_memory_forwards(const struct nat_memory *memory, struct nat_forward *out, size_t max);

/* ---- reports ---- */

/* Copies up to `max` mappings from *cursor (start with 0) on; returns how many, 0 at the end. Forwards
 * too. What is made or ends meanwhile may be missed or be there. */
size_t nat_mappings(struct nat *nat, uint64_t *cursor, struct nat_mapping *out, size_t max);

/* The addresses of the pool, in order, then those that left it and have mappings still. Returns how many. */
struct nat_listed {
    uint8_t slot;
    bool left;
};
unsigned nat_listed(struct nat *nat, struct nat_listed out[static NAT_ADDRESSES_MAX]);

/* Ports of one external address now: usable = used + resting + free. Those of forwards, and those that the
 * router uses itself, are none of them. */
struct nat_ports {
    uint32_t usable;
    uint32_t used;    /* by mappings */
    uint32_t resting; /* as in struct nat_stats */
    uint32_t free;
};
struct nat_ports nat_ports_of(struct nat *nat, unsigned address);

struct nat_stats {
    uint32_t mappings; /* now, without forwards */
    uint32_t ports;    /* that may be handed out on all addresses now, without those that the router uses */
    uint32_t resting;  /* released ports, until new mappings find that they have rested enough */
    uint64_t created, removed;
    uint64_t refused_port, refused_host, refused_share, refused_address;
};
void nat_stats(struct nat *nat, struct nat_stats *out);

/* ---- rewriting (RFC 3022 4, RFC 5508 4) ---- */

/* What changes in each UDP over IPv4 packet of one direction of a flow. The deltas are what the change adds
 * to a one's complement sum, the sum of ~m + m' over all words that change (RFC 1624 3): a checksum HC
 * becomes
 * ~(~HC + delta). A UDP checksum of 0 stays 0, and one that becomes 0 is sent as 0xffff (RFC 768). */
struct nat_rewrite {
    bool source, destination; /* which endpoint is replaced; the other one is zero below */
    struct qw_endpoint new_source, new_destination;
    uint16_t ip_delta;  /* for the IPv4 header checksum, host order */
    uint16_t udp_delta; /* for the UDP checksum, which covers addresses and ports, host order */
};

/* From `wire`, the endpoints as the packet carries them, to those that are not NULL. */
struct nat_rewrite nat_rewrite_of(const struct qw_tuple *wire, const struct qw_endpoint *src,
                                  const struct qw_endpoint *dst);

/* Applies `rewrite` to the UDP over IPv4 packet at `packet`, which `view` was decoded from, captured whole,
 * and whose endpoints are those that `rewrite` was made for. No other byte changes. */
void nat_rewrite_udp(uint8_t *packet, const struct packet_view *view, const struct nat_rewrite *rewrite);

/* Writes the outer addresses and the endpoints of the quoted packet that are not NULL into an ICMPv4 error
 * about UDP. The quoted IP and UDP checksums (as far as the quote holds them) follow, and the ICMP checksum
 * last. */
void nat_rewrite_error(uint8_t *packet, const struct packet_view *view, const struct qw_addr *src,
                       const struct qw_addr *dst, const struct qw_endpoint *quoted_src,
                       const struct qw_endpoint *quoted_dst);

#endif
