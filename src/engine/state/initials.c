#include "initials.h"
#include <string.h>

/* In short windows, so that who comes behind a burst does not wait for long. */
#define WINDOWS 10 /* a second */

void initials_init(struct initials *initials, struct qw_hash_key secret)
{
    memset(initials, 0, sizeof *initials);
    initials->secret = secret;
}

static uint32_t a_window(uint32_t rate)
{
    return (rate + WINDOWS - 1) / WINDOWS;
}

/* Workers' clocks differ by a packet's time: a window that is over for one is a new one for the other. */
static bool spend(initials_purse *purse, uint32_t window, uint32_t limit)
{
    uint64_t before = atomic_load_explicit(purse, memory_order_relaxed), after;
    do {
        bool same = before >> 32 == window;
        if (same && (uint32_t)before >= limit)
            return false;
        after = same ? before + 1 : (uint64_t)window << 32 | 1;
    } while (!atomic_compare_exchange_weak_explicit(purse, &before, after, memory_order_relaxed,
                                                    memory_order_relaxed));
    return true;
}

static initials_purse *purse_of(struct initials *initials, uint64_t source, bool begun_inside)
{
    uint64_t mixed = (source ^ initials->secret.k1 ^ begun_inside) * (initials->secret.k0 | 1);
    mixed = (mixed ^ mixed >> 32) * 0x9e3779b97f4a7c15u;
    return &initials->sources[mixed >> 40 & (INITIALS_SOURCES - 1)];
}

/* What one source may not have is asked first: it must not take from the budget of all. */
bool initials_spend(struct initials *initials, const struct initials_limits *limits, uint64_t source,
                    bool begun_inside, struct qw_time now)
{
    uint32_t window = (uint32_t)(now.ns / (QW_NS_PER_SECOND / WINDOWS));
    if (limits->per_source > 0 &&
        !spend(purse_of(initials, source, begun_inside), window, a_window(limits->per_source)))
        return false;
    if (limits->rate == 0)
        return true;
    if (!begun_inside && !spend(&initials->outside, window, a_window(limits->rate - limits->rate / 4)))
        return false;
    return spend(&initials->all, window, a_window(limits->rate));
}
