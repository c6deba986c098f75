/* Times of pcapng: a count of units that each interface chooses (if_tsresol, if_tsoffset). */
#ifndef QUICWARD_IO_CAPTURE_NG_TIME_H
#define QUICWARD_IO_CAPTURE_NG_TIME_H

#include <stdint.h>

#define CAPTURE_NG_MICROSECONDS 6 /* the resolution when none is given */

/* Nanoseconds for `count` units: with the highest bit of `resolution` set, of 2^-n seconds, else of 10^-n,
 * n being its other bits. `offset_s` seconds are added. Beyond what 64 bits hold, UINT64_MAX; before 1970,
 * 0. */
uint64_t capture_ng_time(uint64_t count, uint8_t resolution, int64_t offset_s);

#endif
