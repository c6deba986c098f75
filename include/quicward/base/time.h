/* Time is a type and always an argument: only main and io read a clock (qw_time_now, defined in io). */
#ifndef QUICWARD_BASE_TIME_H
#define QUICWARD_BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define QW_NS_PER_SECOND 1000000000ull
#define QW_NS_PER_MS 1000000ull

/* A point on one monotonic clock: nanoseconds since an epoch that the driver chooses. */
struct qw_time {
    uint64_t ns;
};

/* Nanoseconds from `since` to `now`; 0 if `since` lies in the future (captures jump). */
static inline uint64_t qw_time_since(struct qw_time now, struct qw_time since)
{
    return now.ns > since.ns ? now.ns - since.ns : 0;
}

static inline struct qw_time qw_time_add(struct qw_time t, uint64_t ns)
{
    return (struct qw_time){t.ns + ns};
}

#endif
