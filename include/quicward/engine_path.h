/* Paths: what something that forwards packets of known flows by itself (a fast path) has to know of a flow,
 * and how it tells what it saw. Addresses and ports only: there is no connection ID in here and cannot be,
 * for this header sees neither QUIC nor TLS (tests/check_includes.sh proves it; RFC 9312 3.5, 4.2).
 *
 * A flow has a path while nothing about its packets is left to decide: it was admitted, none of its packets
 * is held, both sides use it, and where it is QUIC its handshake was seen from both ends. Flows between
 * inside hosts by way of an external address (hairpins) have none, nor has any flow in monitor mode. Only an
 * engine that was made with engine_options.paths has paths at all. */
#ifndef QUICWARD_ENGINE_PATH_H
#define QUICWARD_ENGINE_PATH_H

#include <quicward/base/addr.h>
#include <quicward/base/known.h>
#include <quicward/base/port_map.h>
#include <quicward/base/spin.h>
#include <quicward/base/time.h>
#include <quicward/flow.h>
#include <quicward/nat.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;

#define FLOW_PATH_INTERFACE_MAX 16 /* NUL included */

/* The directions of a path: from the inside endpoint of the flow to the outside, and back. */
enum flow_path_direction { FLOW_PATH_UP, FLOW_PATH_DOWN, FLOW_PATH_DIRECTIONS };

/* What of a path must go to the engine all the same, beside what no path is for: what is not UDP, fragments,
 * IPv4 options, IPv6 extension headers, a TTL or hop limit of 1, an empty payload, lengths that contradict,
 * and what comes by another interface. */
enum flow_path_flag {
    FLOW_PATH_PUNT_LONG = 1 << 0, /* payloads whose first byte has the bit 0x80 (RFC 8999 5.1) */
    FLOW_PATH_PUNT_KNOWN = 1 << 1 /* of these, those of QUIC version 1 or 2, or of SCONE packets */
};

/* One direction. */
struct flow_path_way {
    struct qw_tuple match;      /* as packets carry it before anything is rewritten */
    struct nat_rewrite rewrite; /* of each of them; changes nothing for IPv6 and in mode firewall */
    uint32_t size_max; /* bytes of the IP packet: longer ones go to the engine, which drops those that may
                          not be fragmented and tells their sender (RFC 9312 4.10). 0: no limit */
    char from[FLOW_PATH_INTERFACE_MAX], to[FLOW_PATH_INTERFACE_MAX]; /* interfaces by which its last packet
                                   came and left; "" when the engine does not know */
    int limited; /* index of the throttled interface that it passes (throttle.h); -1: none. It is named by
                    `to` upwards and by `from` downwards */
};

/* How the spin bit of the flow is measured (base/spin.h). */
struct flow_path_spin {
    unsigned measured;               /* 1 << enum flow_path_direction: of whose halves; 0: of none */
    enum flow_path_direction client; /* in which the client sends */
    uint32_t handshake[2];           /* of which connection: to be given back as it is */
    struct measure_half halves[FLOW_PATH_DIRECTIONS]; /* of those who send so */
};

struct flow_path {
    uint64_t id; /* of the flow; never used twice */
    struct flow_key key;
    enum qw_family family;
    unsigned flags; /* enum flow_path_flag */
    struct flow_path_way ways[FLOW_PATH_DIRECTIONS];
    uint64_t hash;            /* of the key: throttle_flow.hash */
    uint32_t place;           /* of throttle_place: which shares block the flow (base/share.h) */
    enum flow_state state;    /* FLOW_CONFIRMED: for throttles that spare such flows */
    enum flow_class class;    /* whose timer it has */
    uint64_t timeout_ns;      /* the idle timer now */
    struct qw_time last_seen; /* as the engine knows it */
    struct flow_path_spin spin;
};

/* ADD and CHANGE mean the same to a reader that keeps paths by id: the path is so from now on, and the match
 * may be another than before. END: it is over, for the flow ended, or something about it is to be decided
 * again; in the latter case another ADD may follow. An END may come of a path that was never told. */
enum flow_path_kind { FLOW_PATH_ADD, FLOW_PATH_CHANGE, FLOW_PATH_END };

struct flow_path_event {
    enum flow_path_kind kind;
    struct flow_path path; /* of END: id, key, family and the match of both ways, the rest is zero */
};

/* Takes up to `max` (1 at least) events and writes them to `out`; returns how many. 0: nothing more now, or
 * paths are off. What is delivered is how the path stands at this moment, and of one that ended meanwhile
 * only the END comes: the last event of an id is always right. *resync (may not be NULL) is set, else left
 * alone, when something was lost or every path may have changed (a reload): engine_paths_all tells all of
 * them then, and what it does not tell is over. Any thread; several wait for each other. */
size_t engine_paths(struct engine *engine, struct flow_path_event *out, size_t max, bool *resync);

/* Copies up to `max` paths into `out`, starting at *cursor (0 at first), and moves it on. Returns how many; 0
 * at the end. What comes or goes meanwhile may be missed, and is told by engine_paths. Any thread. */
size_t engine_paths_all(struct engine *engine, uint64_t *cursor, struct qw_time now, struct flow_path *out,
                        size_t max);

/* What was seen of a path since the last time it was told. */
struct flow_path_figures {
    uint64_t id;
    struct flow_key key;
    struct qw_time last_seen; /* of either direction; 0: no packet */
    struct flow_path_seen {
        uint64_t packets, bytes; /* bytes are IP lengths */
        uint32_t ce;             /* packets marked CE (RFC 3168) */
    } ways[FLOW_PATH_DIRECTIONS];
    struct flow_path_spin spin; /* as it is now, if it was measured */
    bool over;  /* read: nothing forwards the flow any more, and its next packet adds the path again */
    bool known; /* written: the flow lives, and the figures were added */
};

/* Is the flow's path still what is told, and did it not end? What is put into use for a path that was
 * delivered must be asked for afterwards: the flow may have ended in between. Any thread. */
bool engine_path_stands(struct engine *engine, uint64_t id, const struct flow_key *key);

/* Called when a flow ends of which a path was ever told, by the thread that ends it, with locks of the engine
 * held: call nothing of the engine. When it returns nobody may forward packets by that path any more, for
 * what the flow used, such as its external port, goes to others or rests from then on. True: what had been
 * counted stands in figures->ways, which is zero at first. */
typedef bool flow_path_take(void *context, uint64_t id, struct qw_time now,
                            struct flow_path_figures *figures);

/* Who is asked to do so; NULL: nobody. Not while other threads use the engine. */
void engine_paths_taker(struct engine *engine, flow_path_take *take, void *context);

/* What an earlier process still forwards: `path` has both matches, the family, and the interfaces ("" if not
 * known). True: a flow that was recovered has such a path, which is told from now on over these interfaces,
 * and *path is all of it. False: it has none. path->id and path->key are those of the flow between the same
 * inside and outside endpoints in either case, the id 0 if there is none. Before the first worker. */
bool engine_path_adopt(struct engine *engine, struct flow_path *path);

/* Asked by engine_recover of flows that seem to have idled out, by several threads: when the flow with that
 * match of FLOW_PATH_UP was last seen by whoever forwards its packets; 0: not known. NULL: nobody is asked.
 */
typedef struct qw_time flow_path_recall(void *context, const struct qw_tuple *up);
void engine_paths_recall(struct engine *engine, flow_path_recall *recall, void *context);

/* Adds figures to their flows and restarts idle timers, which never go back and never beyond `now`. Returns
 * how many flows are known; the others are over. O(1) each, any thread, also for flows without a path.
 *
 * The engine asks nobody before it ends a flow whose timer ran out: so whoever forwards packets tells of them
 * well before the shortest timer is over. What comes late still counts while the flow is in the table. */
size_t engine_harvest(struct engine *engine, struct flow_path_figures *figures, size_t count,
                      struct qw_time now);

/* ---- what nobody asked for ---- */

/* From now on `out` (NAT_ADDRESSES_MAX of them; NULL: no longer) says which external ports have a mapping
 * (nat_show_ports): UDP from outside to any other of these addresses would be dropped as unsolicited. False,
 * and nothing is written, in other modes than nat. Any thread. */
bool engine_show_ports(struct engine *engine, struct qw_port_map *out);

/* From now on `lines` counts the flows (flow_show), and known->closed says of which families a packet from
 * outside of no flow would be dropped as unsolicited, whatever else is in it; it follows reloads, and is
 * never late where they let more in. NULL, NULL: no longer, and what was handed in before says that nothing
 * is closed. known->key and known->buckets are the caller's to set before. Any thread, one at a time. */
void engine_show_flows(struct engine *engine, struct qw_known *known, struct qw_known_line *lines);

/* Packets that never came here, for a fast path dropped them as unsolicited: they are counted as if they had,
 * with `by_default` as a hit of the default of the rules too. Any thread. */
void engine_count_dropped(struct engine *engine, uint64_t packets, bool by_default);

/* Packets that never came here either, for a fast path dropped them as a throttle told it. Any thread. */
void engine_count_throttled(struct engine *engine, uint64_t packets);

#endif
