/* Memory that is needed soon. */
#ifndef QUICWARD_BASE_FETCH_H
#define QUICWARD_BASE_FETCH_H

/* Begins to bring the cache line at `address` near, for writing too; touches nothing, waits for nothing. */
static inline void qw_fetch(const void *address)
{
#if defined(__GNUC__)
    __builtin_prefetch(address, 1);
#else
    (void)address;
#endif
}

#endif
