/* The fast path: paths (quicward/engine_path.h) as entries of a program in the kernel, which forwards their
 * packets without the queue. It knows addresses and ports, rewrites, limits and counters; there is no
 * connection ID in here and cannot be (RFC 9312 3.5, 4.2).
 *
 * The room asks no clock and starts no thread: whoever drives it takes events out of the engine, gives them
 * to offload_apply, asks offload_due a few times a second, and hands the figures of both to engine_harvest.
 * Entries are only ever put and taken, never changed in place, for a change would lose what was counted. */
#ifndef QUICWARD_OFFLOAD_H
#define QUICWARD_OFFLOAD_H

#include <quicward/base/known.h>
#include <quicward/base/port_map.h>
#include <quicward/base/share.h>
#include <quicward/base/time.h>
#include <quicward/engine_path.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct offload;

#define OFFLOAD_ERROR_MAX 256 /* of a text that says what failed, NUL included */
#define OFFLOAD_LIMITS_MAX 16

/* Where the program is attached to an interface. */
enum offload_place { OFFLOAD_NOWHERE, OFFLOAD_XDP, OFFLOAD_TC };

/* Was quicward built with the program? Without, offload_new always fails and says so. */
bool offload_built(void);

/* ---- what outlives the process ---- */

/* A folder PATH/INSTANCE on a bpffs, in which the program, its entries and its places at interfaces are
 * pinned: they work on when this process is killed, as long as offload_alive said, and the next one goes on
 * with them. */
struct offload_pins;

struct offload_pins_for {
    const char *instance; /* a file name */
    uid_t user;           /* who is to use it; given the folder if that is not this process's user */
    bool make;            /* if it is not there */
};

/* Opens the folder, as a user who may, for later. NULL, and why in `error`: it is on no bpffs, others may
 * write there, the system refuses. `error` is empty when nothing is there and nothing was to be made. The
 * caller owns it. */
struct offload_pins *offload_pins_open(const char *path, const struct offload_pins_for *who,
                                       char error[static OFFLOAD_ERROR_MAX]);

/* What is pinned stays. NULL is allowed. */
void offload_pins_close(struct offload_pins *pins);

/* Removes what earlier processes pinned there, of whatever version: from then on nothing is forwarded by it.
 * False: another process uses it, or something cannot be removed. Needs CAP_NET_ADMIN where filters are at
 * tc. */
bool offload_pins_clear(struct offload_pins *pins);

/* Before offload_new: opens the entries that an earlier process of this version has put. False: there are
 * none. */
bool offload_pins_look(struct offload_pins *pins);

/* After offload_pins_look: when such an entry was last used; 0: never, or there is none. Any thread. */
struct qw_time offload_pins_seen(const struct offload_pins *pins, const struct qw_tuple *match,
                                 struct qw_time now);

/* ---- life ---- */

struct offload_options {
    uint32_t flows_max; /* 1 at least */
    unsigned limits; /* interfaces that throttles limit, at most OFFLOAD_LIMITS_MAX: 184 KiB each. Flows over
                        further ones stay slow */
    bool spin;       /* measure the spin bit of flows that are measured */
};

/* Loads the program with room for so many flows: 66 bytes of kernel memory each (130 with `spin`), and 130
 * more (IPv6: 195) when it has entries. Needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN now, and CAP_NET_ADMIN
 * and CAP_BPF later. NULL, and why in `error`: not built, the kernel refused, memory is short, or another
 * process has the pins. Nothing is forwarded before offload_alive. The caller owns it.
 *
 * With `pins` (NULL: none; they outlive it) the new program takes the place of one that an earlier process
 * has attached, at the same interfaces and with its entries, without a moment between; offload_recover is to
 * be called then. What an earlier process left and this one cannot use (another version, another `flows_max`,
 * another network namespace) is removed before. */
struct offload *offload_new_for(const struct offload_options *options, struct offload_pins *pins,
                                struct qw_time now, char error[static OFFLOAD_ERROR_MAX]);

/* The same, with room for `flows_max` flows and nothing else. */
static inline struct offload *offload_new(uint32_t flows_max, struct offload_pins *pins, struct qw_time now,
                                          char error[static OFFLOAD_ERROR_MAX])
{
    return offload_new_for(&(struct offload_options){.flows_max = flows_max}, pins, now, error);
}

/* Detaches the program and removes all entries and pins: later packets go to the queue. NULL is allowed. What
 * was not yet told by figures is lost. */
void offload_free(struct offload *offload);

/* Frees and leaves everything to the process that comes next, as long as offload_alive said. Without pins as
 * offload_free. */
void offload_leave(struct offload *offload);

/* Are there entries of an earlier process that offload_recover has to be called for? Before anything else is
 * asked, by one thread alone, and before any of them could be put for another flow. */
bool offload_recovers(const struct offload *offload);

/* Offers pairs of entries that an earlier process left to `adopt`, with both matches, the family, and the
 * interfaces (those that are attached now): it writes the path of that flow as it is now and says true, or
 * says false. A pair stays, and goes on forwarding, if the path would make the same entries; all others are
 * taken. Writes what was counted for flows that `adopt` gave an id of, also when it said false; returns how
 * many, at most `max` (1 at least), and is called again while offload_recovers. */
typedef bool offload_adopt(void *context, struct flow_path *path);
size_t offload_recover(struct offload *offload, offload_adopt *adopt, void *context, struct qw_time now,
                       struct flow_path_figures *figures, size_t max);

/* Attaches the program to the Ethernet interface `name`, which exists; OFFLOAD_XDP is native XDP, and tc as
 * well where it is possible. A flow goes fast when both of its interfaces are attached at one place, at XDP
 * if both are there. Attaching again at the same place reads MTU and MAC address again; at another, or when
 * another interface has got the name, what was there goes first. False, and why in `error`. */
bool offload_attach(struct offload *offload, const char *name, enum offload_place place,
                    char error[static OFFLOAD_ERROR_MAX]);

/* A VLAN (IEEE 802.1Q, one tag) as an interface of its own. */
struct offload_vlan {
    const char *carrier; /* the interface that its tagged frames pass; borrowed for the call */
    uint16_t tag;        /* 1 to 4094 */
};

/* The same for the VLAN interface `name`. With OFFLOAD_XDP the program stands at the carrier, once for all
 * that it carries, and puts and takes tags; frames with two tags, or of VLAN 0, go on to the kernel. The
 * carrier must leave tags in the frames ("ethtool -K CARRIER rxvlan off"), or those of the VLAN all pass the
 * queue. Priorities in tags are not kept. */
bool offload_attach_vlan(struct offload *offload, const char *name, const struct offload_vlan *vlan,
                         enum offload_place place, char error[static OFFLOAD_ERROR_MAX]);

/* Takes it off; flows over it go to the queue, their entries stay until they are taken. False: was not on. */
bool offload_detach(struct offload *offload, const char *name);

/* The program of that place, for who runs it on a packet of his own (BPF_PROG_TEST_RUN): a file descriptor
 * that stays the room's. */
int offload_program(struct offload *offload, enum offload_place place);

/* Forward until `boot`, a point of the boot clock; past it everything goes to the queue. A driver that says
 * so each second bounds how long a dead one is survived. */
void offload_alive(struct offload *offload, struct qw_time boot);

/* Routes, neighbours or addresses changed: every next hop is asked for again with the next packet. */
void offload_epoch(struct offload *offload);

/* Puts, replaces and takes entries as the events say. `now`: the boot clock, for last_seen. What was put
 * forwards nothing before offload_settle. Writes to `figures` (room for `count`) what was counted of entries
 * that were taken; returns how many. */
size_t offload_apply(struct offload *offload, const struct flow_path_event *events, size_t count,
                     struct qw_time now, struct flow_path_figures *figures);

/* The flow whose path was put lived still after that: offload_open may let it go. A flow that did not is to
 * be taken: what it used, such as its external port, may be another's by now. */
void offload_settle(struct offload *offload, uint64_t id, struct qw_time now);

/* Takes the flow's entries, for it ends: when this returns no packet is forwarded by them any more, but one
 * that a processor has at hand. False: there were none, and nothing is written to *figures. */
bool offload_take(struct offload *offload, uint64_t id, struct qw_time now,
                  struct flow_path_figures *figures);

/* Asked by offload_open while it holds its lock: the latest moment of which is known that all packets that
 * had come to a queue before have left it. Calls nothing of the room. */
typedef struct qw_time offload_empty(void *context);

/* How many settled flows wait to be let go. */
uint32_t offload_waiting(struct offload *offload);

/* Lets go directions of which no packet waits. Those that have waited for two seconds pause first: what they
 * send is dropped until what they had sent has left the queues, for a second at most. At most 64 flows at
 * once; call it when a queue has become empty, as long as offload_waiting is not 0. `now`: the boot clock. */
void offload_open(struct offload *offload, struct qw_time now, offload_empty *empty, void *context);

/* Directions of which a packet went back to the queue wait again: for want of a next hop, or because
 * offload_alive was over. To be called a few times a second. */
void offload_find_shut(struct offload *offload, struct qw_time now);

/* Asks flows what they had: each every five seconds, more rarely when there are more than 12,500, and before
 * its timer runs out. Those that had packets are told and stay; those whose timers are about to run out are
 * taken, with `over` set, so that the engine alone sees their last packets and ends them exactly. Writes up
 * to `max` (1 at least) figures; returns how many, 0: none is due now. O(1) each. */
size_t offload_due(struct offload *offload, struct qw_time now, struct flow_path_figures *figures,
                   size_t max);

/* What all flows had since they were last asked, for a report: from *cursor (0 at first) on. Those that had
 * packets are written; returns how many, 0: there are no more. */
size_t offload_look(struct offload *offload, uint32_t *cursor, struct qw_time now,
                    struct flow_path_figures *figures, size_t max);

/* After a resync: takes every entry whose path is not put again by offload_apply since. Call
 * offload_sweep_begin, then offload_apply with an ADD of each path of engine_paths_all, then offload_sweep
 * until it returns 0. */
void offload_sweep_begin(struct offload *offload);
size_t offload_sweep(struct offload *offload, struct qw_time now, struct flow_path_figures *figures,
                     size_t max);

/* ---- what nobody asked for ---- */

/* Interfaces of one side, by name; borrowed. */
struct offload_side {
    const char (*names)[FLOW_PATH_INTERFACE_MAX];
    unsigned count;
};

/* What the program looks at: memory of the room, until offload_free. Whoever makes mappings and flows writes
 * it (engine_show_ports, engine_show_flows); at first no address stands in it and nothing is closed. */
struct offload_asked {
    struct qw_port_map *ports; /* NAT_ADDRESSES_MAX of them */
    struct qw_known *known;    /* key and buckets are set */
    struct qw_known_line *flows;
};

/* From now on, but no longer than offload_alive allows, the program drops UDP that comes by an interface of
 * `outside` and is
 * - over IPv4, to an address of the port maps and a port that is not used there, unless a socket of this host
 *   would get it;
 * - or of a family that is closed, of no flow, and would be forwarded by an interface of `inside`.
 * The sides are borrowed until offload_drop_end. */
struct offload_asked offload_drop(struct offload *offload, const struct offload_side *inside,
                                  const struct offload_side *outside);

/* Addresses of the maps came or went: to be called once a second. What came meanwhile is not dropped yet. */
void offload_drop_look(struct offload *offload);

/* May it depend on the source of a packet where it goes (a routing rule that names sources)? Until it was
 * told otherwise it does, after each offload_drop. If not, one question of the program holds for all that go
 * to the same address, for a tick of the kernel's clock. Routes of IPv6 that name sources the program sees by
 * itself. */
void offload_drop_by_source(struct offload *offload, bool depends);

/* Nothing is dropped any more: when this returns, but for a packet that a processor has at hand. */
void offload_drop_end(struct offload *offload);

/* Packets that were dropped so, ever. */
struct offload_dropped {
    uint64_t no_mapping, no_flow;
};
struct offload_dropped offload_dropped(struct offload *offload);

/* ---- throttles ----
 *
 * The program judges as throttle.h says, whose words these are, and which keeps what each field means. */

#define OFFLOAD_MARKS (65536u / 64)

/* What is in force at one interface outside. The indexes are enum flow_path_direction; is it confirmed; is it
 * small. */
struct offload_limit {
    char interface[FLOW_PATH_INTERFACE_MAX];
    bool limited[FLOW_PATH_DIRECTIONS], active[FLOW_PATH_DIRECTIONS];
    bool weighs, spares;
    uint32_t shares[FLOW_PATH_DIRECTIONS][2][2];
};

/* From now on these (at most OFFLOAD_LIMITS_MAX; copied) and no other interfaces are limited: packets that
 * would be forwarded are dropped there if their flow is blocked, do not count for it, and do not restart its
 * timer. Any thread. */
void offload_limit(struct offload *offload, const struct offload_limit *limits, unsigned count);

/* The room of the cells of one direction, of one of these interfaces. Any thread. */
void offload_rooms(struct offload *offload, const char *interface, enum flow_path_direction way,
                   const uint32_t rooms[QW_SHARE_ROWS][QW_SHARE_CELLS]);

/* What came by an interface while it was limited, of flows that go fast, since it was last asked for. */
struct offload_load {
    struct offload_came {
        uint64_t offered, passed; /* bytes of IP */
        uint64_t dropped;         /* packets */
        uint32_t bytes[QW_SHARE_ROWS][QW_SHARE_CELLS];
        uint32_t who[QW_SHARE_CELLS];
    } ways[FLOW_PATH_DIRECTIONS];
    uint64_t blocked[OFFLOAD_MARKS], confirmed[OFFLOAD_MARKS], small[OFFLOAD_MARKS];
};

/* *out is zero. False: the interface is not attached, or not limited. Any thread. */
bool offload_load(struct offload *offload, const char *interface, struct offload_load *out);

struct offload_stats {
    uint32_t flows, flows_max; /* with entries now, and how many may be */
    uint32_t waiting;          /* of these, how many wait to be let go */
    uint32_t changes; /* interfaces attached and detached, ever: after one all paths are to be told again */
    uint64_t put, taken, idle; /* flows ever: put, taken, and of these those that had no packets for long */
    uint64_t refused;          /* put failed: table full, or two flows with one match */
    uint64_t paused;           /* directions that had to pause */
    uint64_t unfit;            /* paths that stay slow: an interface is not attached, or a throttle
                                  came later */
    uint64_t recovered;        /* flows of which entries of an earlier process were gone on with, */
    uint64_t strangers;        /* and entries that were removed then */
    bool pinned;               /* this one's outlive the process */
    bool removed;              /* what an earlier process left could not be used at all */
};

void offload_stats(struct offload *offload, struct offload_stats *out);

struct offload_count {
    uint64_t packets, bytes; /* of IP; of frames that cannot be read without Ethernet's header */
};

/* What became of packets that came by the interface `name` (NULL: any), and how often: for `index` from 0 on;
 * false behind the last one. From OFFLOAD_LEFT on it is why they were left to the kernel. *text is static. */
enum offload_fate { OFFLOAD_FORWARDED, OFFLOAD_UNSOLICITED, OFFLOAD_PAUSED, OFFLOAD_THROTTLED, OFFLOAD_LEFT };
bool offload_why(struct offload *offload, const char *name, unsigned index, const char **text,
                 struct offload_count *out);

/* The interfaces that are attached now; returns how many of them, at most `max`. */
struct offload_port_report {
    char name[FLOW_PATH_INTERFACE_MAX];
    enum offload_place place;
    uint32_t entries; /* of packets that come by it */
};
unsigned offload_ports(struct offload *offload, struct offload_port_report *out, unsigned max);

/* Do packets of the flow go fast, both ways, as far as they may? */
bool offload_has(struct offload *offload, uint64_t id);

#endif
