/* The latency spin bit (RFC 9000 17.4) as a network measures by it (RFC 9312 3.8.1). The client inverts what
 * it hears, the server reflects it, so true edges take turns between the two directions, and each ends the
 * half of its sender: the round trip from here to it and back, its own computing included. An edge measures
 * the network only if its sender did not wait for something to send: the half is accepted when the silence
 * before the edge is at most an eighth of it, and the silence of the other direction behind its own edge at
 * most a quarter; a short half, when they are half as much of the round trip. Packets that contradict the
 * turns are counted (+4, each that agrees -1): reordering leaves few, a random bit many.
 *
 * Nothing but these few words is known here of a flow. It needs no library, so that a program in the kernel
 * runs the same functions on its records. */
#ifndef QUICWARD_BASE_SPIN_H
#define QUICWARD_BASE_SPIN_H

#include <stdbool.h>
#include <stdint.h>

/* What the short headers of one side's packets show. Written by this side's packets only. Times are in
 * microseconds, modulo 2^32. */
struct measure_half {
    uint32_t edge, last;    /* last edge in turn, 0 before the first; last packet */
    uint32_t smoothed, min; /* of this side's half; running minimum */
    uint16_t quiet;         /* longest silence since the edge, in units of 64 us, saturating */
    uint16_t variation;     /* mean deviation, in units of 16 us */
    uint16_t sampled; /* when a half was last accepted, in units of 2^20 us modulo 2^12; above it in steps
                         of MEASURE_NEAR the weight of the halves near the minimum */
    uint8_t state;    /* enum measure_bit, above it the evidence in steps of MEASURE_STEP */
    uint8_t noise;    /* leaky count of packets that contradict the turns */
};

enum measure_bit {
    MEASURE_ONE = 1,  /* the spin bit of its last packet in turn */
    MEASURE_SEEN = 2, /* a packet was seen */
    MEASURE_HELD = 4, /* the next edge's half is spoilt by one that came too soon */
    MEASURE_STEP = 8  /* evidence: 0..4 loose halves, each more an accepted one, 20 at most */
};

#define MEASURE_NEAR 0x1000
#define MEASURE_NEAR_MAX 15
#define MEASURE_NEAR_STEP 2 /* a half near the minimum weighs as much as two that are not */
#define MEASURE_NEAR_HELD 3 /* and less than a packet with an edge that comes too soon */
#define MEASURE_NOISE_MAX 250
#define MEASURE_NOISE_STEP 4      /* per packet that contradicts */
#define MEASURE_HALF_MAX 3000000u /* us: what takes longer is no round trip */
#define MEASURE_TICK_US 10000u    /* silences of a clock: voice, video */
#define MEASURE_LOOSE 4           /* steps of evidence that are no accepted halves */
#define MEASURE_TIGHT_MAX 16
#define MEASURE_TIGHT_SUM 4 /* so many at most are accepted for the sum's sake alone */

static inline unsigned measure_evidence(const struct measure_half *half)
{
    return half->state / MEASURE_STEP;
}

/* Accepted halves behind the figure; at most MEASURE_TIGHT_MAX. */
static inline unsigned measure_tight(const struct measure_half *half)
{
    unsigned evidence = measure_evidence(half);
    return evidence > MEASURE_LOOSE ? evidence - MEASURE_LOOSE : 0;
}

static inline unsigned measure_near(const struct measure_half *half)
{
    return half->sampled / MEASURE_NEAR;
}

static inline void measure_contradiction(struct measure_half *me)
{
    me->noise = me->noise < MEASURE_NOISE_MAX - MEASURE_NOISE_STEP ? (uint8_t)(me->noise + MEASURE_NOISE_STEP)
                                                                   : MEASURE_NOISE_MAX;
}

/* The minimum sinks at once and rises slowly, so that an edge which comes too soon can be told. */
static inline void measure_minimum(struct measure_half *me, uint32_t half, bool slack)
{
    uint32_t above = half - me->min;
    if (me->min == 0 || half < me->min)
        me->min = half;
    else if (!slack)
        me->min += (above < me->min ? above : me->min) / 16;
}

/* What a half may be off is a share of it, or of the round trip: where one half is short, what is much for it
 * is little for the sum. */
static inline uint32_t measure_share(uint32_t half, uint32_t round_trip, uint32_t part)
{
    return half / part > round_trip / (2 * part) ? half / part : round_trip / (2 * part);
}

/* None has been near the minimum for long: what was gathered does not hold any more. If it was enough for a
 * figure, the round trip has become longer; else it may just be a sender that waits. */
static inline void measure_anew(struct measure_half *me, uint32_t half)
{
    if (measure_tight(me) >= MEASURE_TIGHT_SUM)
        me->min = half;
    me->smoothed = 0;
    me->state %= MEASURE_STEP;
}

/* A sender whose window is small sends in bursts and is silent between them, however much it has to send. Its
 * halves keep together all the same, which application-limited ones seldom do. */
static inline void measure_gather(struct measure_half *me, uint32_t half, uint32_t other)
{
    uint32_t may = measure_share(me->min, me->min + other, 4);
    unsigned near = measure_near(me);
    if (half < me->min - me->min / 4)
        near = 0;
    else if (half <= me->min + may)
        near = near < MEASURE_NEAR_MAX - MEASURE_NEAR_STEP ? near + MEASURE_NEAR_STEP : MEASURE_NEAR_MAX;
    else if (near > 0 && --near == 0)
        measure_anew(me, half);
    me->sampled = (uint16_t)(me->sampled % MEASURE_NEAR + near * MEASURE_NEAR);
}

/* The bounds of a half that is not accepted contradict the figure: the round trip has changed. */
static inline void measure_doubt(struct measure_half *me, uint32_t half, uint32_t gap)
{
    bool longer = gap < half && half - gap > me->smoothed + me->smoothed / 4;
    bool shorter = half < me->smoothed - me->smoothed / 4;
    if (measure_tight(me) > 0 && (longer || shorter))
        me->state = (uint8_t)(me->state - MEASURE_STEP);
}

static inline void measure_loose(struct measure_half *me)
{
    if (measure_evidence(me) < MEASURE_LOOSE)
        me->state = (uint8_t)(me->state + MEASURE_STEP);
}

/* RFC 6298 2 in kind; the first halves count more, so that the figure is there soon. */
static inline void measure_smooth(struct measure_half *me, uint32_t half)
{
    uint32_t weight = measure_tight(me) + 1, variation = me->variation * 16u;
    if (weight > 8)
        weight = 8;
    if (half > 2 * me->smoothed)
        half = 2 * me->smoothed;
    uint32_t off = half > me->smoothed ? half - me->smoothed : me->smoothed - half;
    variation += off / 4;
    variation -= me->variation * 16u / 4;
    me->variation = (uint16_t)(variation / 16 < UINT16_MAX ? variation / 16 : UINT16_MAX);
    if (half > me->smoothed)
        me->smoothed += off / weight;
    else
        me->smoothed -= off / weight;
}

/* `most`: the evidence that halves of this kind give. */
static inline void measure_accept(struct measure_half *me, uint32_t half, unsigned most, uint32_t now_us)
{
    if (me->smoothed == 0) {
        me->smoothed = half;
        me->variation = (uint16_t)(half / 64);
    } else
        measure_smooth(me, half);
    unsigned tight = measure_tight(me) + (measure_tight(me) < most);
    me->state = (uint8_t)(me->state % MEASURE_STEP + (MEASURE_LOOSE + tight) * MEASURE_STEP);
    me->sampled = (uint16_t)(measure_near(me) * MEASURE_NEAR + (now_us >> 20));
}

/* An edge in turn, `half` after the other side's. `gap`: silence before it; `waited`: longest silence of the
 * other side since its edge. `other`: the other side's running minimum. */
static inline void measure_half_ends(struct measure_half *me, uint32_t half, uint32_t other, uint32_t gap,
                                     uint32_t waited, bool held, uint32_t now_us)
{
    bool slack = gap > half / 2 || waited > half / 2;
    bool clocked = gap >= MEASURE_TICK_US || waited >= MEASURE_TICK_US;
    bool proven = !clocked && gap <= half / 8 && waited <= half / 4;
    bool told = waited <= measure_share(half, half + other, 4);
    bool fits = told && gap <= measure_share(half, half + other, 8);
    if (!held)
        measure_gather(me, half, other);
    measure_minimum(me, half, slack || held);
    if (held)
        return;
    if (told && !fits)
        measure_doubt(me, half, gap);
    if (fits && half > 0)
        measure_accept(me, half, proven ? MEASURE_TIGHT_MAX : MEASURE_TIGHT_SUM, now_us);
    else if (!slack)
        measure_loose(me);
}

/* An edge that comes too soon is not taken, and spoils the next one's half. One packet may be a stray; more
 * of them say that the minimum is wrong. */
static inline void measure_hold(struct measure_half *me)
{
    unsigned near = measure_near(me);
    near -= near < MEASURE_NEAR_HELD ? near : MEASURE_NEAR_HELD;
    me->sampled = (uint16_t)(me->sampled % MEASURE_NEAR + near * MEASURE_NEAR);
    me->state |= MEASURE_HELD;
}

static inline void measure_edge(struct measure_half *me, const struct measure_half *other, bool down,
                                uint32_t gap, uint32_t now_us)
{
    uint32_t half = now_us - other->edge, waited = other->quiet * 64u;
    bool turn = other->state & MEASURE_SEEN && (((me->state ^ other->state) & MEASURE_ONE) != 0) == down;
    bool held = other->edge && half < me->min / 2 && measure_near(me) > 0;
    if (!turn || held) {
        if (turn)
            measure_hold(me);
        measure_contradiction(me);
        return;
    }
    held = me->state & MEASURE_HELD;
    me->edge = now_us | 1; /* before the state: the other side may be read on another processor */
    me->state = (uint8_t)((me->state ^ MEASURE_ONE) & ~MEASURE_HELD);
    me->quiet = 0;
    if (other->edge && half <= MEASURE_HALF_MAX)
        measure_half_ends(me, half, other->min, gap, waited, held, now_us);
}

/* What came between without a flip: so many packets, at most 2^31 us apart, the longest silence among them
 * `gap`. An edge of more than 2^31 us ago is forgotten, before the clock comes round. */
static inline void measure_no_edges(struct measure_half *me, uint32_t packets, uint32_t gap, uint32_t now_us)
{
    if (gap / 64 > me->quiet)
        me->quiet = (uint16_t)(gap / 64 < UINT16_MAX ? gap / 64 : UINT16_MAX);
    if (me->noise > 0)
        me->noise = (uint8_t)(me->noise - (packets < me->noise ? packets : me->noise));
    if ((int32_t)(now_us - me->edge) < 0)
        me->edge = 0;
}

/* What comes once in a round trip. As a function of its own it costs the packets between no registers. A BPF
 * program is one function. */
#ifdef __bpf__
#define MEASURE_APART inline __attribute__((always_inline))
#else
#define MEASURE_APART __attribute__((noinline, unused))
#endif

/* `down`: of the server. `gap`: silence of this side before the packet. */
static MEASURE_APART void measure_flip(struct measure_half *me, const struct measure_half *other, bool down,
                                       bool spin, uint32_t gap, uint32_t now_us)
{
    if (me->state & MEASURE_SEEN)
        measure_edge(me, other, down, gap, now_us);
    else
        me->state = (uint8_t)(MEASURE_SEEN | (spin ? MEASURE_ONE : 0));
}

/* Is it the bit of the last packet in turn? Most packets end there. */
static inline bool measure_agrees(const struct measure_half *me, bool spin)
{
    return (me->state & (MEASURE_SEEN | MEASURE_ONE)) == (MEASURE_SEEN | (unsigned)spin * MEASURE_ONE);
}

#endif
