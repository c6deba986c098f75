#include <quicward/base/hash.h>
#include <quicward/icmp.h>
#include <stdlib.h>

/* Buckets that all destinations share: enough that two of some dozen hosts in trouble at once seldom meet, in
 * 64 KiB. */
#define DESTINATIONS 4096u

/* Credit is counted so that one nanosecond adds `rate` of it: whole numbers, nothing is lost to rounding. A
 * token then costs a second's nanoseconds, and a full bucket, below 2^62, leaves room to add another. */
#define TOKEN QW_NS_PER_SECOND

/* A step back of the clock by less is a packet that another worker took earlier but brought later; by more,
 * the clock was set back, and waiting until it has caught up would silence the bucket. */
#define LATE_NS QW_NS_PER_SECOND

struct bucket {
    uint64_t credit;
    struct qw_time filled; /* until when `credit` has been added */
};

struct icmp_limiter {
    uint32_t total_rate, destination_rate; /* tokens a second */
    struct qw_hash_key key;
    struct bucket total;
    struct bucket destinations[DESTINATIONS];
};

static struct bucket full_bucket(uint32_t rate)
{
    return (struct bucket){.credit = rate * TOKEN};
}

struct icmp_limiter *icmp_limiter_new(uint32_t total, uint32_t per_destination, uint64_t seed)
{
    struct icmp_limiter *limiter = malloc(sizeof(*limiter));
    if (!limiter)
        return NULL;
    limiter->total_rate = total;
    limiter->destination_rate = per_destination;
    limiter->key = (struct qw_hash_key){seed, ~seed};
    limiter->total = full_bucket(total);
    for (unsigned i = 0; i < DESTINATIONS; i++)
        limiter->destinations[i] = full_bucket(per_destination);
    return limiter;
}

void icmp_limiter_free(struct icmp_limiter *limiter)
{
    free(limiter);
}

static void fill(struct bucket *bucket, uint32_t rate, struct qw_time now)
{
    uint64_t late = qw_time_since(bucket->filled, now);
    if (late > 0 && late < LATE_NS)
        return;
    uint64_t full = full_bucket(rate).credit, elapsed = qw_time_since(now, bucket->filled);
    uint64_t credit = elapsed < QW_NS_PER_SECOND ? bucket->credit + elapsed * rate : full;
    bucket->credit = credit < full ? credit : full;
    bucket->filled = now;
}

bool icmp_limiter_take(struct icmp_limiter *limiter, const struct qw_addr *to, struct qw_time now)
{
    uint64_t hash = qw_hash24(limiter->key, to->bytes, sizeof(to->bytes));
    struct bucket *destination = &limiter->destinations[hash % DESTINATIONS];
    fill(&limiter->total, limiter->total_rate, now);
    fill(destination, limiter->destination_rate, now);
    if (limiter->total.credit < TOKEN || destination->credit < TOKEN)
        return false;
    limiter->total.credit -= TOKEN;
    destination->credit -= TOKEN;
    return true;
}
