/* What the program in the kernel and the daemon share: keys, records, and settings of the maps. Both compile
 * this header, so it includes nothing but types. Addresses and ports only. */
#ifndef FAST_RECORD_H
#define FAST_RECORD_H

#include <stdint.h>

#define FAST_PORTS_MAX 64 /* interfaces */
/* Of what stands in pinned maps: one more with each change of its meaning. */
#define FAST_LAYOUT 1
/* A next hop is asked for again after that: each second would cost 10 % with a million flows. */
#define FAST_ROUTE_MS 5000

/* The element that a program has found may be deleted, and used for another flow, while the program runs. The
 * tag is a hash of the key that both sides compute. The kernel writes a record from its begin to its end, so
 * who reads all else first and the tag last knows whose record it was. */
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
    FAST_TC = 1 << 4          /* for the program at tc; else for the one at XDP */
};

/* One direction of one flow: with its key of 12 bytes, an element of two cache lines. */
struct fast_record {
    uint32_t tag;
    uint32_t new_addr;            /* network order */
    uint16_t new_port;            /* network order */
    uint16_t ip_delta, udp_delta; /* network order: what is added to sums as they stand in the packet */
    uint16_t size_max;            /* bytes of the IP packet; 0: no limit */
    uint8_t in_port, out_port;    /* of the map `ports` */
    uint16_t flags;               /* enum fast_flag */
    uint32_t route_epoch;         /* the control's when the next hop was asked for */
    uint32_t route_checked_ms;
    uint8_t next_hop[6];     /* MAC address */
    uint16_t hop_check;      /* fast_hop_check of tag and next_hop, else there is no next hop */
    uint32_t last_seen_ms;   /* of the boot clock, its lower 32 bits; 0: no packet yet */
    uint32_t ce;             /* packets marked CE (RFC 3168) */
    uint32_t gate;           /* of the map `gates` */
    uint64_t packets, bytes; /* bytes are IP lengths */
};

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

/* The daemon writes it through a mapping. */
struct fast_control {
    uint64_t alive_until_ms;  /* boot clock: nothing is forwarded later. 0: nothing at all */
    uint32_t epoch;           /* another one: every next hop is asked for again */
    uint32_t shut;            /* gates that the program closed, so far */
    uint32_t watcher;         /* fast_watch.id of the program that may drop; 0: none */
    uint32_t paused_until_ms; /* boot clock, its lower 32 bits: FAST_GATE_PAUSED is FAST_GATE_CLOSED later */
};

/* What the daemon has told the engine of a record, in the map `told` under the number of the record's gate:
 * the next daemon goes on from there. */
struct fast_told {
    uint64_t packets, bytes;
    uint32_t ce, unused;
};

/* Whose pinned maps these are. A daemon takes over only what is as its own would be. */
struct fast_life {
    uint32_t layout, sizes; /* FAST_LAYOUT, fast_sizes */
    uint32_t flows_max;
    uint32_t whole;   /* everything was pinned */
    uint64_t network; /* the namespace in which the interfaces' numbers are valid */
};

/* What became of a packet. All but the first three leave it as it is, to the queue. */
#define FAST_WHYS(X)                                                                                         \
    X(FORWARD, "forwarded")                                                                                  \
    X(UNSOLICITED, "from outside, and nobody asked for it")                                                  \
    X(PAUSED, "of a flow whose packets had to leave the queue first")                                        \
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

#endif
