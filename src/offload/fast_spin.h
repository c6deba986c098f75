/* Measuring the spin bit of flows that go fast, by the functions that the engine has for it (base/spin.h). A
 * packet whose bit is that of the one before costs no clock and no memory but its record: that keeps the bit,
 * and the longest silence between packets since the last flip, by the coarse clock. What flips touches the
 * flow's struct fast_spins, with an exact time. */
#ifndef FAST_SPIN_H
#define FAST_SPIN_H

#include "fast_record.h"
#include <quicward/base/spin.h>

/* fast_record.spin. 0: the flow is not measured. */
enum fast_spin_bits {
    FAST_SPIN_ONE = 1, /* the bit of the last packet in turn; or, no packet was seen */
    FAST_SPIN_SEEN = 2,
    FAST_SPIN_NOISY = 4, /* the bit says little: one packet a tick is enough */
    FAST_SPIN_QUIET = 8  /* above these bits a code of the longest silence */
};

#define FAST_SPIN_NOISE 100 /* from here on nothing is made of it (src/measure) */

/* Of one flow, in the map `spins`, under its number. */
struct fast_spins {
    struct measure_half halves[2]; /* of those who send upwards and downwards */
    uint32_t packets[2];           /* the records' counts with the last flip */
    uint32_t handshake[2];         /* the daemon's: what connection it is of */
};

/* The place of the highest bit of a number up to 0xffff, not 0. */
static inline uint32_t fast_log2(uint32_t number)
{
    uint32_t log = number >= 1u << 8 ? 8 : 0;
    log += number >> log >= 1u << 4 ? 4 : 0;
    log += number >> log >= 1u << 2 ? 2 : 0;
    return log + (number >> log >= 2 ? 1 : 0);
}

/* Two codes an octave: 31 values for silences up to 32 s. */
static inline uint8_t fast_quiet_code(uint32_t ms)
{
    if (ms == 0)
        return 0;
    if (ms > 0x7fff)
        ms = 0x7fff;
    uint32_t log = fast_log2(ms);
    return (uint8_t)(1 + 2 * log + (log > 0 && ms >> (log - 1) & 1));
}

/* The longest silence of that code. */
static inline uint32_t fast_quiet_ms(uint8_t code)
{
    uint32_t log = (code - 1u) / 2;
    if (code == 0)
        return 0;
    return code & 1 && log > 0 ? (1u << log) + (1u << (log - 1)) - 1 : (2u << log) - 1;
}

/* Silence before a packet that comes at `now_ms`, by a clock that goes on by `tick_ms`: within a tick it is
 * not seen. */
static inline uint32_t fast_silence(uint32_t last_seen_ms, uint32_t now_ms, uint32_t tick_ms)
{
    uint32_t gap = now_ms - last_seen_ms;
    return last_seen_ms == 0 || (int32_t)gap < 0 || gap <= tick_ms ? 0 : gap;
}

/* Does the packet leave everything as it was, but for the silence before it? `one`: its spin bit. Of one that
 * says little only the first in a tick counts: `same_tick`. */
static inline bool fast_spin_agrees(uint8_t spin, bool one, bool same_tick)
{
    if ((spin & (FAST_SPIN_SEEN | FAST_SPIN_ONE)) == (FAST_SPIN_SEEN | (unsigned)one * FAST_SPIN_ONE))
        return true;
    return spin & FAST_SPIN_NOISY && same_tick;
}

/* Then: the record's byte as it is to be. */
static inline uint8_t fast_spin_quiet(uint8_t spin, uint32_t silence_ms)
{
    uint8_t code = fast_quiet_code(silence_ms);
    return code > spin / FAST_SPIN_QUIET ? (uint8_t)(spin % FAST_SPIN_QUIET + code * FAST_SPIN_QUIET) : spin;
}

/* What went by since the last flip, without one: `packets` of them. Of one that says little more than one
 * would be guessed. */
static inline void fast_spin_passed(struct measure_half *me, uint8_t spin, uint32_t packets, uint32_t now_us)
{
    if (packets > 1 && spin & FAST_SPIN_NOISY)
        packets = 1;
    if (packets > 0)
        measure_no_edges(me, packets, 1000 * fast_quiet_ms(spin / FAST_SPIN_QUIET), now_us);
}

/* A packet that does not agree, of the direction `way`, `silence_ms` after the one before; the record is as
 * it was before that. Returns the record's byte as it is to be. No packet was as far from the next as all
 * since the last flip were on average, at most. */
static inline uint8_t fast_spin_flip(struct fast_spins *of, const struct fast_record *record, unsigned way,
                                     bool one, uint32_t silence_ms, uint32_t now_us)
{
    struct measure_half *me = &of->halves[way & 1];
    uint32_t packets = record->packets - of->packets[way & 1];
    uint32_t gap = 1000 * silence_ms, since = now_us - me->last, mean = since / (packets + 1);
    fast_spin_passed(me, record->spin, packets, now_us);
    of->packets[way & 1] = record->packets + 1;
    me->last = now_us;
    measure_flip(me, &of->halves[~way & 1], record->flags & FAST_SERVER, one, gap > mean ? gap : mean,
                 now_us);
    return (uint8_t)(FAST_SPIN_SEEN | (me->state & MEASURE_ONE ? FAST_SPIN_ONE : 0) |
                     (me->noise > FAST_SPIN_NOISE ? FAST_SPIN_NOISY : 0));
}

#endif
