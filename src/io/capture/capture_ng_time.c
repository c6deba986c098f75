#include "capture_ng_time.h"
#include <quicward/base/time.h>

#define BINARY 0x80
#define FRACTION_BITS 34 /* 2^34 times the nanoseconds of a second is less than 2^64 */

static uint64_t times(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t decimal(uint64_t count, unsigned digits)
{
    for (; digits < 9; digits++)
        count = times(count, 10);
    for (; digits > 9 && count > 0; digits--)
        count /= 10;
    return count;
}

static uint64_t binary(uint64_t count, unsigned bits)
{
    uint64_t seconds = bits < 64 ? count >> bits : 0;
    uint64_t fraction = bits < 64 ? count & ((UINT64_C(1) << bits) - 1) : count;
    if (bits > FRACTION_BITS) {
        unsigned surplus = bits - FRACTION_BITS;
        fraction = surplus < 64 ? fraction >> surplus : 0;
        bits = FRACTION_BITS;
    }
    return plus(times(seconds, QW_NS_PER_SECOND), fraction * QW_NS_PER_SECOND >> bits);
}

uint64_t capture_ng_time(uint64_t count, uint8_t resolution, int64_t offset_s)
{
    unsigned n = resolution & ~(unsigned)BINARY;
    uint64_t ns = resolution & BINARY ? binary(count, n) : decimal(count, n);
    if (offset_s >= 0)
        return plus(ns, times((uint64_t)offset_s, QW_NS_PER_SECOND));
    uint64_t before = times(0 - (uint64_t)offset_s, QW_NS_PER_SECOND);
    return ns > before ? ns - before : 0;
}
