#include "shares.h"
#include <quicward/base/array.h>
#include <quicward/base/fetch.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_MIN 1024u
#define BUCKETS_MAX (1u << 20) /* 16 MiB in all: no site has more hosts */

/* ---- life ---- */

uint32_t shares_buckets(uint32_t flows_max)
{
    uint32_t buckets = BUCKETS_MIN;
    while (buckets < flows_max && buckets < BUCKETS_MAX)
        buckets *= 2;
    return buckets;
}

bool shares_init(struct shares *shares, uint32_t flows_max, struct qw_hash_key secret)
{
    uint32_t buckets = shares_buckets(flows_max);
    bool whole = true;
    memset(shares, 0, sizeof *shares);
    shares->flows_max = flows_max;
    shares->mask = buckets - 1;
    shares->secret = secret;
    for (unsigned side = 0; side < SHARES_SIDES; side++)
        for (unsigned row = 0; row < SHARES_ROWS; row++) {
            shares->counts[side][row] = qw_array(buckets, sizeof *shares->counts[side][row]);
            whole &= shares->counts[side][row] != NULL;
        }
    return whole;
}

void shares_free(struct shares *shares)
{
    for (unsigned side = 0; side < SHARES_SIDES; side++)
        for (unsigned row = 0; row < SHARES_ROWS; row++)
            free(shares->counts[side][row]);
}

/* ---- sources ---- */

static uint64_t first_bits(const struct qw_addr *address, unsigned from, unsigned bytes)
{
    uint64_t prefix = 0;
    for (unsigned i = from; i < from + bytes; i++)
        prefix = prefix << 8 | address->bytes[i];
    return prefix;
}

/* 10.0.0.5, 192.0.2.0/24, 2001:db8:1:2::/64, 2001:db8:1::/48: numbers that differ within a side, as no IPv6
 * address of the global scope begins with 64 or 32 bits of zero. */
uint64_t shares_number(enum shares_side side, const struct qw_addr *address, enum qw_family family)
{
    if (family == QW_IPV4)
        return first_bits(address, 12, side == SHARES_INSIDE ? 4 : 3);
    return first_bits(address, 0, side == SHARES_INSIDE ? 8 : 6);
}

/* Both rows' buckets. Two sources meet in one with a probability of 1 to the number of buckets, whoever
 * chooses them without knowing the secret (multiply and add, taken from the middle). */
struct buckets {
    _Atomic uint32_t *row[SHARES_ROWS];
};

static struct buckets buckets_of(const struct shares *shares, enum shares_side side, uint64_t source)
{
    uint64_t mixed = (source ^ shares->secret.k0) * (shares->secret.k1 | 1);
    mixed = (mixed ^ mixed >> 32) * 0x9e3779b97f4a7c15u;
    uint32_t first = (uint32_t)(mixed >> 32), second = (uint32_t)mixed ^ (uint32_t)(mixed >> 44);
    return (struct buckets){
        {&shares->counts[side][0][first & shares->mask], &shares->counts[side][1][second & shares->mask]}};
}

uint32_t shares_of(const struct shares *shares, enum shares_side side, const struct qw_addr *address,
                   enum qw_family family)
{
    struct buckets at = buckets_of(shares, side, shares_number(side, address, family));
    uint32_t first = atomic_load_explicit(at.row[0], memory_order_relaxed);
    uint32_t second = atomic_load_explicit(at.row[1], memory_order_relaxed);
    return first < second ? first : second;
}

uint32_t shares_fair(const struct shares *shares, enum shares_side side)
{
    uint32_t other = atomic_load_explicit(&shares->sources[SHARES_SIDES - 1 - side], memory_order_relaxed);
    uint32_t sources = atomic_load_explicit(&shares->sources[side], memory_order_relaxed);
    uint32_t room = other > 0 ? shares->flows_max / 2 : shares->flows_max;
    uint32_t fair = room / (sources > 0 ? sources : 1);
    return fair > 0 ? fair : 1;
}

/* ---- flows ---- */

static enum shares_side side_of(const struct flow *flow)
{
    return flow_begun_inside(flow) ? SHARES_INSIDE : SHARES_OUTSIDE;
}

uint64_t shares_source(const struct flow *flow)
{
    enum flow_side initiator = flow->flags & FLOW_INITIATOR_HI ? FLOW_HI : FLOW_LO;
    return shares_number(side_of(flow), &flow->key.addr[initiator], (enum qw_family)flow->key.family);
}

static struct buckets buckets_of_flow(const struct shares *shares, const struct flow *flow)
{
    return buckets_of(shares, side_of(flow), shares_source(flow));
}

void shares_fetch(const struct shares *shares, const struct flow *flow)
{
    struct buckets at = buckets_of_flow(shares, flow);
    qw_fetch(at.row[0]);
    qw_fetch(at.row[1]);
}

void shares_take(struct shares *shares, struct flow *flow)
{
    bool counts = flow_begun_inside(flow) || !flow_is_unproven((enum flow_class)flow->class);
    if (!counts || flow->marks & FLOW_COUNTED)
        return;
    struct buckets at = buckets_of_flow(shares, flow);
    flow->marks |= FLOW_COUNTED;
    if (atomic_fetch_add_explicit(at.row[0], 1, memory_order_relaxed) == 0)
        atomic_fetch_add_explicit(&shares->sources[side_of(flow)], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(at.row[1], 1, memory_order_relaxed);
}

void shares_give(struct shares *shares, struct flow *flow)
{
    if (!(flow->marks & FLOW_COUNTED))
        return;
    struct buckets at = buckets_of_flow(shares, flow);
    flow->marks &= (uint8_t)~FLOW_COUNTED;
    if (atomic_fetch_sub_explicit(at.row[0], 1, memory_order_relaxed) == 1)
        atomic_fetch_sub_explicit(&shares->sources[side_of(flow)], 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(at.row[1], 1, memory_order_relaxed);
}
