/* Round trip times as a network may see them (RFC 9312 3.8): from the handshake, and from the spin bit
 * (base/spin.h). Pure functions over one small record a flow; time is an argument. No loss is measured and no
 * acknowledgement guessed: QUIC does not show them.
 *
 * Words. A flow's two sides have the indexes that its packets' sender has elsewhere (enum flow_side). The
 * half of a side is the round trip from here to it and back, its own computing included; both halves are the
 * round trip from end to end.
 */
#ifndef QUICWARD_MEASURE_H
#define QUICWARD_MEASURE_H

#include <quicward/base/bytes.h>
#include <quicward/base/spin.h>
#include <stdbool.h>
#include <stdint.h>

/* A handshake while it is open. Connection IDs are told apart by 32-bit hashes: a collision falsifies a
 * figure, nothing else. */
struct measure_opening {
    uint32_t first_asked, asked;      /* the client's Initials without an answer, first and last */
    uint32_t answered;                /* the server's first Initial, or its Retry */
    uint32_t client_scid, first_dcid; /* of the client's Initials */
    uint32_t awaited;                 /* the connection ID that shows that the client heard the server */
    uint32_t server, client;          /* the best halves so far, as in measure.handshake */
    uint32_t spare[4];
};

/* The record of a flow: zero when it begins. */
struct measure {
    uint32_t ect1[2];      /* packets marked ECT(1) (RFC 9331 4.1) by sender: what L4S senders mark with */
    uint32_t handshake[2]; /* half of each side in the low 22 bits, 0 unknown; enum measure_word above */
    union {
        struct measure_half by[2]; /* while measure_spins */
        struct measure_opening opening;
    };
};
_Static_assert(sizeof(struct measure) == 64, "a record is one cache line");

enum measure_word {
    MEASURE_MARKED =
        1u << 31, /* something was sent twice: the half, since the first time, is an upper bound */
    MEASURE_CLIENT_1 = 1u << 30, /* in the first word: the client is side 1 */
    MEASURE_PHASE = 7u << 27,    /* in the first word: enum measure_phase */
    MEASURE_PHASE_UNIT = 1u << 27,
    MEASURE_LATE =
        31u << 22, /* the half since the last time, in steps below the other (opening.c); 0: none */
    MEASURE_LATE_UNIT = 1u << 22,
    MEASURE_US = (1u << 22) - 1
};

/* Steps of MEASURE_LATE are fourths of an octave: 31 of them reach down to the 215th part. */
#define MEASURE_LATE_STEP(us) ((uint32_t)((us) * (uint64_t)27554 / 32768))

enum measure_phase {
    MEASURE_NOTHING,  /* no handshake of v1 or v2 was seen: a spin bit would be a guess */
    MEASURE_ASKED,    /* a client sent its first Initial */
    MEASURE_RETRIED,  /* the server answered with a Retry */
    MEASURE_ANSWERED, /* the server sent an Initial */
    MEASURE_SPIN      /* the client used what it got: the spin bit counts */
};

static inline enum measure_phase measure_phase(const struct measure *m)
{
    return (enum measure_phase)((m->handshake[0] & MEASURE_PHASE) / MEASURE_PHASE_UNIT);
}

/* Is it the time of the spin bit? */
static inline bool measure_spins(const struct measure *m)
{
    return (m->handshake[0] & MEASURE_PHASE) == (uint32_t)MEASURE_SPIN * MEASURE_PHASE_UNIT;
}

static inline unsigned measure_client(const struct measure *m)
{
    return (m->handshake[0] & MEASURE_CLIENT_1) != 0;
}

/* ---- spin bit ---- */

/* Takes the short header of a packet that side `sender` (0 or 1) sent, with its spin bit, of a record that
 * measure_phase says MEASURE_SPIN of. `now_us` is the low word of a clock in microseconds. */
static inline void measure_spin(struct measure *m, unsigned sender, bool spin, uint32_t now_us)
{
    struct measure_half *me = &m->by[sender & 1];
    uint32_t gap = now_us - me->last;
    me->last = now_us;
    if (measure_agrees(me, spin))
        measure_no_edges(me, 1, gap, now_us);
    else
        measure_flip(me, &m->by[~sender & 1], (sender & 1) != measure_client(m), spin, gap, now_us);
}

/* ---- datagrams ---- */

#define MEASURE_LONG 0x80     /* RFC 8999 5.1: the form bit of the first byte */
#define MEASURE_SPIN_BIT 0x20 /* RFC 9000 17.3.1; the QUIC bit (0x40) may be clear (RFC 9287) */

/* Takes a datagram with a long header, or one of a phase before MEASURE_SPIN. (opening.c) */
void measure_open(struct measure *m, unsigned sender, struct qw_bytes payload, bool fresh, uint32_t now_us);

/* Takes a UDP payload of a QUIC flow, as far as it was captured, that side `sender` (0 or 1) sent. `fresh`:
 * it is known to begin a connection on a flow that had one: figures begin anew. Reads v1 and v2; others leave
 * the record as it was. */
static inline void measure_datagram(struct measure *m, unsigned sender, struct qw_bytes payload, bool fresh,
                                    uint32_t now_us)
{
    if (payload.len == 0)
        return;
    if (!(payload.data[0] & MEASURE_LONG) && measure_phase(m) == MEASURE_SPIN)
        measure_spin(m, sender, payload.data[0] & MEASURE_SPIN_BIT, now_us);
    else
        measure_open(m, sender, payload, fresh, now_us);
}

/* The flow goes on with a connection of v1 or v2 whose handshake was seen elsewhere: the client, side
 * `client`, moved to it. There is no handshake to measure. */
void measure_join(struct measure *m, unsigned client);

/* ---- figures ---- */

/* How far a figure of the spin bit can be believed. */
enum measure_confidence {
    MEASURE_NONE,   /* there is none: noise, no evidence, or far above what the handshake showed */
    MEASURE_LOW,    /* an estimate, perhaps only an upper bound */
    MEASURE_MEDIUM, /* 4 accepted halves that agree, or a minimum that most halves and the handshake confirm
                     */
    MEASURE_HIGH /* 8 that agree well, some of them accepted for their own sake, without a clock's silences */
};

/* The word for JSON and tables: "none", "low", "medium", "high". */
const char *measure_confidence_word(enum measure_confidence confidence);

struct measure_figure {
    enum measure_confidence confidence; /* NONE: the rest is 0 */
    uint32_t rtt_us, min_us, variation_us;
    bool sampled;    /* a half was accepted, */
    uint32_t age_ms; /* so long ago, to a second, modulo 71 minutes */
};

struct measure_report {
    uint32_t client_us, server_us, handshake_us; /* 0: unknown; the last is the sum of both */
    bool exact;                                  /* no half of them is only an upper bound */
    struct measure_figure client, server, spin;  /* the last: from end to end */
};

/* What the record says at `now_us`. */
void measure_report(const struct measure *m, uint32_t now_us, struct measure_report *out);

#endif
