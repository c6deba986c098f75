/* Memory that is needed soon. */
#ifndef QUICWARD_BASE_FETCH_H
#define QUICWARD_BASE_FETCH_H

#include <stddef.h>
#include <stdint.h>

#define QW_CACHE_LINE 64 /* bytes; where lines are longer, some fetching is done twice */

/* Begins to bring the cache line at `address` near, for writing too; touches nothing, waits for nothing. */
static inline void qw_fetch(const void *address)
{
#if defined(__GNUC__)
    __builtin_prefetch(address, 1);
    __asm__ volatile(""); /* GCC leaves out calls of functions that only prefetch: they have no effect */
#else
    (void)address;
#endif
}

/* The same for all lines of the `len` bytes at `address`. */
static inline void qw_fetch_all(const void *address, size_t len)
{
    const char *from = address;
    for (size_t at = 0; at < len; at += QW_CACHE_LINE)
        qw_fetch(from + at);
    if (len > 0)
        qw_fetch(from + len - 1);
}

#endif
