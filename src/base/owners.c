#include <quicward/base/owners.h>
#include <stdlib.h>
#include <string.h>

struct owner_range {
    struct qw_addr first, last; /* both belong to it */
    enum qw_family family;
    unsigned owner;
};

struct qw_owners {
    unsigned count;
    bool hashed;
    struct qw_hash_key key;
    struct qw_addr addresses[QW_OWNERS_MAX];
    struct owner_range by_address[QW_OWNERS_MAX]; /* in order; of one address each */
    unsigned range_count, host_count;
    struct owner_range *ranges, *hosts; /* owned; in order */
};

static int compare(const void *a, const void *b)
{
    const struct owner_range *x = a, *y = b;
    if (x->family != y->family)
        return x->family < y->family ? -1 : 1;
    return memcmp(x->first.bytes, y->first.bytes, sizeof x->first.bytes);
}

static struct owner_range one(const struct qw_addr *addr, unsigned owner)
{
    return (struct owner_range){*addr, *addr, QW_IPV4, owner};
}

static struct owner_range range_of(const struct qw_prefix *prefix, unsigned owner)
{
    struct owner_range range = {prefix->addr, prefix->addr, prefix->family, owner};
    unsigned from = prefix->bits + (prefix->family == QW_IPV4 ? 96u : 0u);
    for (unsigned bit = from; bit < 128; bit++)
        range.last.bytes[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
    return range;
}

/* The last range that does not begin behind `addr`, if it goes on as far. */
static unsigned find(const struct owner_range *ranges, unsigned count, const struct qw_addr *addr,
                     enum qw_family family)
{
    const struct owner_range wanted = {.first = *addr, .family = family};
    unsigned low = 0, high = count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (compare(&ranges[middle], &wanted) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    const struct owner_range *found = low > 0 ? &ranges[low - 1] : NULL;
    bool has =
        found && found->family == family && memcmp(addr->bytes, found->last.bytes, sizeof addr->bytes) <= 0;
    return has ? found->owner : QW_OWNER_NONE;
}

/* ---- life ---- */

static void take_addresses(struct qw_owners *owners, const struct qw_owners_options *options)
{
    owners->hashed = options->addresses != NULL;
    for (unsigned i = 0; owners->hashed && i < owners->count; i++) {
        owners->addresses[i] = options->addresses[i];
        owners->by_address[i] = one(&options->addresses[i], i);
    }
    if (owners->hashed)
        qsort(owners->by_address, owners->count, sizeof *owners->by_address, compare);
}

static bool is_listed(const struct qw_owners *owners, const struct qw_addr *host)
{
    for (unsigned i = 0; i < owners->host_count; i++)
        if (qw_addr_equal(&owners->hosts[i].first, host))
            return true;
    return false;
}

static void take_hosts(struct qw_owners *owners, const struct qw_owners_options *options)
{
    for (unsigned i = 0; i < options->host_count; i++)
        if (!is_listed(owners, &options->hosts[i].host))
            owners->hosts[owners->host_count++] = one(&options->hosts[i].host, options->hosts[i].owner);
    qsort(owners->hosts, owners->host_count, sizeof *owners->hosts, compare);
}

struct qw_owners *qw_owners_new(const struct qw_owners_options *options)
{
    struct qw_owners *owners = calloc(1, sizeof *owners);
    if (!owners)
        return NULL;
    owners->count = options->count;
    owners->key = options->key;
    owners->ranges = calloc(options->prefix_count + 1u, sizeof *owners->ranges);
    owners->hosts = calloc(options->host_count + 1u, sizeof *owners->hosts);
    if (!owners->ranges || !owners->hosts) {
        qw_owners_free(owners);
        return NULL;
    }
    take_addresses(owners, options);
    for (; owners->range_count < options->prefix_count; owners->range_count++) {
        const struct qw_owners_prefix *prefix = &options->prefixes[owners->range_count];
        owners->ranges[owners->range_count] = range_of(&prefix->prefix, prefix->owner);
    }
    qsort(owners->ranges, owners->range_count, sizeof *owners->ranges, compare);
    take_hosts(owners, options);
    return owners;
}

void qw_owners_free(struct qw_owners *owners)
{
    if (!owners)
        return;
    free(owners->ranges);
    free(owners->hosts);
    free(owners);
}

unsigned qw_owners_count(const struct qw_owners *owners)
{
    return owners->count;
}

/* ---- whose ---- */

/* Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm" (2014), in whole numbers, which are
 * the same on every machine. */
static unsigned jump(uint64_t key, unsigned count)
{
    uint64_t at = 0, next = 0;
    while (next < count) {
        at = next;
        key = key * UINT64_C(2862933555777941757) + 1;
        next = ((at + 1) << 31) / ((key >> 33) + 1);
    }
    return (unsigned)at;
}

unsigned qw_owner_of_host(const struct qw_owners *owners, const struct qw_addr *host, enum qw_family family)
{
    unsigned owner = find(owners->ranges, owners->range_count, host, family);
    if (owner == QW_OWNER_NONE && family == QW_IPV4)
        owner = find(owners->hosts, owners->host_count, host, family);
    if (owner != QW_OWNER_NONE || !owners->hashed || family != QW_IPV4)
        return owner;
    return jump(qw_hash24(owners->key, host->bytes + 12, 4), owners->count);
}

unsigned qw_owner_of_address(const struct qw_owners *owners, const struct qw_addr *address)
{
    return owners->hashed ? find(owners->by_address, owners->count, address, QW_IPV4) : QW_OWNER_NONE;
}

struct qw_addr qw_owner_address(const struct qw_owners *owners, unsigned owner)
{
    static const struct qw_addr NONE;
    return owner < owners->count ? owners->addresses[owner] : NONE;
}
