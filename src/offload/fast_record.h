/* What the program in the kernel and the daemon share: keys, records, and settings of the maps. Both compile
 * this header, so it includes nothing but types. Addresses and ports only. */
#ifndef FAST_RECORD_H
#define FAST_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#define FAST_PORTS_MAX 64 /* interfaces */
/* Of what stands in pinned maps: one more with each change of its meaning. */
#define FAST_LAYOUT 4
/* A next hop is asked for again after that, in units of FAST_ROUTE_MS: each second would cost 10 % with a
 * million flows. */
#define FAST_ROUTE_FRESH 10
#define FAST_ROUTE_MS 512

/* The record that a program has found may become another flow's while the program runs: whose it is, is read
 * last (fast_table.h). The tag is a hash of the key that both sides compute. */
struct fast_key4 {
    uint32_t source, destination; /* as in the packet: network order, like the ports */
    uint16_t source_port, destination_port;
};

struct fast_key6 {
    uint32_t source[4], destination[4];
    uint16_t source_port, destination_port;
};

enum fast_flag {
    FAST_REWRITE_SOURCE = 1 << 0, /* at most one of the two */
    FAST_REWRITE_DESTINATION = 1 << 1,
    FAST_PUNT_LONG = 1 << 2,  /* first bytes with the bit 0x80 */
    FAST_PUNT_KNOWN = 1 << 3, /* of these, known versions */
    FAST_TC = 1 << 4,         /* for the program at tc; else for the one at XDP */
    FAST_DOWN = 1 << 5,       /* from outside: `in_port` is the interface outside, else `out_port` */
    FAST_CONFIRMED = 1 << 6,  /* throttles may spare it */
    FAST_SERVER = 1 << 7      /* from the server, where it is QUIC */
};

/* One direction of one flow. Counters of 32 bits are told before they come round (struct fast_told). */
struct fast_record {
    uint32_t tag;
    uint32_t new_addr;         /* network order */
    uint16_t new_port;         /* network order */
    uint16_t udp_delta;        /* network order: what is added to the sum as it stands in the packet */
    uint16_t size_max;         /* bytes of the IP packet; 0: no limit */
    uint16_t place;            /* the flow's step (base/share.h) */
    uint8_t in_port, out_port; /* of the map `ports` */
    uint8_t flags;             /* enum fast_flag */
    uint8_t spin;              /* fast_spin.h */
    uint8_t route_epoch;       /* the control's when the next hop was asked for, its lower bits */
    uint8_t route_checked;     /* when, in units of FAST_ROUTE_MS, lower bits */
    uint16_t hop_check;        /* fast_hop_check of tag and next_hop, else there is no next hop */
    uint8_t next_hop[6];       /* MAC address */
    uint16_t hash;             /* lower bits of that of the flow (throttle.h) */
    uint32_t number;           /* of the flow; above FAST_NUMBER_BITS of them eight more bits of its hash */
    uint32_t last_seen_ms;     /* of the boot clock, its lower 32 bits; 0: no packet yet */
    uint32_t packets;          /* forwarded */
    uint32_t ce;               /* of these, marked CE (RFC 3168) */
    uint64_t bytes;            /* of these; IP lengths */
};

#define FAST_NUMBER_BITS 24

/* A direction whose packets may still wait in a queue has a closed gate: its packets go there too, and are
 * counted. The daemon names the count up to which all have left, and the first packet that finds it unchanged
 * opens the gate. So nothing is overtaken by what came between the daemon's look and its word. Once it is
 * open the record has a next hop, and the gate is not looked at.
 * A direction whose packets never leave a gap pauses instead: what would be forwarded is dropped until those
 * before it have left the queue. */
struct fast_gate {
    uint32_t passed;  /* packets that went to the queue */
    uint32_t open_at; /* when `passed` is that many; or enum fast_gate_state */
};

enum fast_gate_state {
    FAST_GATE_PAUSED = 0xfffffffcu, /* drop what would be forwarded, until fast_control.paused_until_ms */
    FAST_GATE_FORCED = 0xfffffffdu, /* open with the next packet, whatever `passed` is */
    FAST_GATE_OPEN = 0xfffffffeu,   /* written by the program */
    FAST_GATE_CLOSED = 0xffffffffu
};

/* One interface. Frames of a VLAN pass the carrier with a tag at XDP, and the interface without one at tc. */
struct fast_port {
    uint32_t ifindex; /* 0: none */
    uint32_t mtu;
    uint8_t mac[6];
    uint16_t both;    /* not 0: both programs are attached; what XDP leaves alone is counted at tc */
    uint32_t carrier; /* ifindex at XDP: that of the VLAN's carrier, or its own */
    uint16_t tag;     /* VLAN of its frames there, 1 to 4094; 0: no tag */
    uint16_t at_xdp;  /* the daemon's: the program stands there too */
};

/* Of the map `slots`: by what a frame is told to belong to an interface. */
struct fast_source {
    uint32_t ifindex;
    uint32_t tag;
};

/* Of one interface and enum fast_why, in the map `counts`; of one processor. */
struct fast_count {
    uint64_t packets, bytes; /* bytes of IP, of what cannot be read those of the frame */
};

#define FAST_SEED_WORDS 10

/* Of the table (fast_table.h): its own as long as there are entries. */
struct fast_seed {
    uint32_t lines;
    uint32_t words[FAST_SEED_WORDS]; /* random */
    uint32_t spare;
};

/* The daemon writes it through a mapping. */
struct fast_control {
    uint64_t alive_until_ms;  /* boot clock: nothing is forwarded later. 0: nothing at all */
    uint32_t epoch;           /* another one: every next hop is asked for again */
    uint32_t shut;            /* gates that the program closed, so far */
    uint32_t watcher;         /* fast_watch.id of the program that may drop; 0: none */
    uint32_t paused_until_ms; /* boot clock, its lower 32 bits: FAST_GATE_PAUSED is FAST_GATE_CLOSED later */
    uint32_t fresh;           /* how long a next hop is: FAST_ROUTE_FRESH; UINT8_MAX: for ever */
    uint32_t tick_ms;         /* by which the kernel's coarse clock goes on, rounded up */
    uint64_t limited;         /* bits of `ports`: interfaces that a throttle limits (fast_limit.h) */
};

/* What the daemon has told the engine of a flow's records, in the map `told` under the flow's number:
 * the next daemon goes on from there. The lower bits of each count: a flow is asked before one of them comes
 * round, which takes 2^40 bytes and 2^24 marked packets. */
struct fast_told {
    uint32_t packets[2];
    uint64_t bytes[2]; /* and above FAST_TOLD_BITS of them marked packets */
};

#define FAST_TOLD_BITS 40

/* What the daemon asks of a flow, in the map `questions`: many with one run of the program `fast_ask`, for a
 * call for each entry costs several times what it does. */
struct fast_question {
    struct fast_key6 keys[2]; /* of both directions; of IPv4 its shorter one stands there */
    uint8_t ipv6[2];
    uint8_t take;     /* enum fast_take */
    uint8_t taken;    /* answer: they went; of FAST_PUT: it was written */
    uint8_t found[2]; /* answer: there is one, or was */
    uint16_t spare;
    uint32_t since_ms;   /* boot clock, its lower 32 bits */
    uint32_t numbers[2]; /* rows (fast_table.h): that went, that are asked for */
    uint32_t spare2;
    struct fast_record records[2]; /* answer: as they are, or were when they went */
};

enum fast_take {
    FAST_LOOK,
    FAST_TAKE_IDLE, /* both entries go if neither had a packet after `since_ms` */
    FAST_TAKE,      /* they go */
    FAST_READ,      /* keys and records of `numbers`; 0: of none */
    FAST_PUT,       /* keys[0] and records[0] are written to row numbers[0], unless there is an entry */
    FAST_BEGIN      /* since_ms becomes where a chunk begins, beyond a line of the cache */
};

#define FAST_QUESTIONS 64
/* Beyond them stands what a daemon asks alone, and what one asks that takes over. */
enum { FAST_QUESTION_ONE = FAST_QUESTIONS, FAST_QUESTION_LEFT, FAST_QUESTIONS_ALL };

/* Had it no packet after `since_ms`? */
static inline bool fast_is_idle(const struct fast_record *record, uint32_t since_ms)
{
    return record->last_seen_ms == 0 || (int32_t)(record->last_seen_ms - since_ms) <= 0;
}

/* Whose pinned maps these are. A daemon takes over only what is as its own would be. */
struct fast_life {
    uint32_t layout, sizes; /* FAST_LAYOUT, fast_sizes */
    uint32_t flows_max;
    uint32_t spins; /* of them, how many may be measured */
    uint32_t whole; /* everything was pinned */
    uint32_t spare;
    uint64_t network; /* the namespace in which the interfaces' numbers are valid */
};

/* What became of a packet. All but the first four leave it as it is, to the queue. */
#define FAST_WHYS(X)                                                                                         \
    X(FORWARD, "forwarded")                                                                                  \
    X(UNSOLICITED, "from outside, and nobody asked for it")                                                  \
    X(PAUSED, "of a flow whose packets had to leave the queue first")                                        \
    X(THROTTLED, "of a flow that a throttle blocks")                                                         \
    X(OTHER, "neither IPv4 nor IPv6, or not UDP")                                                            \
    X(OPTIONS, "IPv4 options")                                                                               \
    X(FRAGMENT, "a fragment")                                                                                \
    X(LENGTH, "lengths that contradict, or no payload")                                                      \
    X(TTL, "TTL or hop limit of 1")                                                                          \
    X(NO_ENTRY, "of no known flow")                                                                          \
    X(WAITS, "of a flow of which packets may still wait in a queue")                                         \
    X(INTERFACE, "by another interface or to another station")                                               \
    X(LONG_HEADER, "a long header")                                                                          \
    X(TOO_LONG, "longer than a limit or the MTU")                                                            \
    X(NO_ROUTE, "no next hop, or by another interface")                                                      \
    X(REUSED, "the record became another flow's meanwhile")                                                  \
    X(DEAD, "the daemon has been silent for too long")

enum fast_why {
#define X(name, text) FAST_##name,
    FAST_WHYS(X)
#undef X
        FAST_WHY_COUNT
};

/* Catches a change of FAST_LAYOUT that somebody forgot. */
static inline uint32_t fast_sizes(void)
{
    return (uint32_t)(sizeof(struct fast_record) | sizeof(struct fast_gate) << 8 |
                      sizeof(struct fast_port) << 16 | sizeof(struct fast_control) << 24) ^
           (uint32_t)(sizeof(struct fast_told) | FAST_PORTS_MAX << 8);
}

/* A program that found a record may write its next hop into the record of another flow, which reuses the
 * memory: with another tag it counts for nothing there. Never 0. */
static inline uint16_t fast_hop_check(uint32_t tag, const uint8_t hop[6])
{
    uint16_t words[3];
    __builtin_memcpy(words, hop, sizeof words);
    return (uint16_t)((tag >> 16 ^ tag ^ words[0] ^ words[1] ^ words[2]) | 1);
}

/* The flow's place in the book. */
static inline uint32_t fast_flow(const struct fast_record *record)
{
    return record->number & ((1u << FAST_NUMBER_BITS) - 1);
}

/* Of the map `gates`. */
static inline uint32_t fast_gate_of(const struct fast_record *record)
{
    return 2 * fast_flow(record) + ((record->flags & FAST_DOWN) != 0);
}

/* QW_SHARE_HASH_BITS of the flow's hash. */
static inline uint32_t fast_hash(const struct fast_record *record)
{
    return record->hash | record->number >> FAST_NUMBER_BITS << 16;
}

/* `flow` is below 1 << FAST_NUMBER_BITS. */
static inline void fast_set_flow(struct fast_record *record, uint32_t flow, uint64_t hash)
{
    record->hash = (uint16_t)hash;
    record->number = flow | (uint32_t)(hash >> 16 & 0xff) << FAST_NUMBER_BITS;
}

/* `checked`: of a record, whose next hop was asked for then. Another processor's clock may be ahead by a
 * tick.
 */
static inline bool fast_is_fresh(uint8_t checked, uint32_t now_ms, uint32_t fresh)
{
    uint8_t age = (uint8_t)(now_ms / FAST_ROUTE_MS + 1 - checked);
    return age <= fresh;
}

static inline uint8_t fast_route_time(uint32_t now_ms)
{
    return (uint8_t)(now_ms / FAST_ROUTE_MS);
}

static inline uint32_t fast_mix(uint32_t hash, uint32_t word)
{
    hash = (hash ^ word) * 0x9e3779b1u;
    return hash ^ hash >> 15;
}

/* Never 0, the tag of an element that was not written. */
static inline uint32_t fast_tag4(const struct fast_key4 *key)
{
    uint32_t ports = (uint32_t)key->source_port << 16 | key->destination_port;
    return fast_mix(fast_mix(fast_mix(4, key->source), key->destination), ports) | 1;
}

static inline uint32_t fast_tag6(const struct fast_key6 *key)
{
    uint32_t hash = fast_mix(6, (uint32_t)key->source_port << 16 | key->destination_port);
#pragma GCC unroll 4
    for (unsigned i = 0; i < 4; i++)
        hash = fast_mix(fast_mix(hash, key->source[i]), key->destination[i]);
    return hash | 1;
}

/* `key`: a struct fast_key6 or fast_key4. */
static inline uint32_t fast_tag_of(const void *key, bool ipv6)
{
    return ipv6 ? fast_tag6(key) : fast_tag4(key);
}

#endif
