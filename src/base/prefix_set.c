#include <quicward/base/prefix_set.h>
#include <stdlib.h>
#include <string.h>

static struct qw_address_range range_of(const struct qw_prefix *prefix)
{
    struct qw_address_range range = {prefix->addr, prefix->addr};
    unsigned fixed = prefix->bits + (prefix->family == QW_IPV4 ? 96u : 0u);
    for (unsigned i = fixed / 8; i < sizeof(range.last.bytes); i++)
        range.last.bytes[i] |= (uint8_t)(i == fixed / 8 ? 0xffu >> fixed % 8 : 0xffu);
    return range;
}

static int compare(const struct qw_addr *a, const struct qw_addr *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static int by_first(const void *a, const void *b)
{
    return compare(&((const struct qw_address_range *)a)->first,
                   &((const struct qw_address_range *)b)->first);
}

/* Sorts, and makes one of those that overlap; returns how many are left. */
static size_t merge(struct qw_address_range *list, size_t count)
{
    size_t kept = 0;
    if (count > 0)
        qsort(list, count, sizeof(*list), by_first);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || compare(&list[i].first, &list[kept - 1].last) > 0)
            list[kept++] = list[i];
        else if (compare(&list[i].last, &list[kept - 1].last) > 0)
            list[kept - 1].last = list[i].last;
    }
    return kept;
}

static size_t collect(const struct qw_prefix *prefixes, size_t all, enum qw_family family,
                      struct qw_address_range *out)
{
    size_t count = 0;
    for (size_t i = 0; i < all; i++)
        if (prefixes[i].family == family)
            out[count++] = range_of(&prefixes[i]);
    return merge(out, count);
}

bool qw_prefix_set_build(const struct qw_prefix *prefixes, size_t all, struct qw_prefix_set *out)
{
    *out = (struct qw_prefix_set){0};
    if (all == 0)
        return true;
    out->list = malloc(all * sizeof(*out->list));
    if (!out->list)
        return false;
    out->v4 = collect(prefixes, all, QW_IPV4, out->list);
    out->count = out->v4 + collect(prefixes, all, QW_IPV6, out->list + out->v4);
    return true;
}

void qw_prefix_set_free(struct qw_prefix_set *addresses)
{
    free(addresses->list);
}

bool qw_prefix_set_has(const struct qw_prefix_set *addresses, const struct qw_addr *addr,
                       enum qw_family family)
{
    size_t low = family == QW_IPV4 ? 0 : addresses->v4;
    size_t begin = low, high = family == QW_IPV4 ? addresses->v4 : addresses->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&addresses->list[middle].first, addr) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > begin && compare(addr, &addresses->list[low - 1].last) <= 0;
}
