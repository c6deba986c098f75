/* Prefixes as a sorted list of ranges that don't touch: one binary search whatever their number. */
#ifndef POLICY_ADDRESSES_H
#define POLICY_ADDRESSES_H

#include <quicward/config.h>

struct addresses {
    struct address_range {
        struct qw_addr first, last; /* both belong to it */
    } * list;
    size_t v4, count; /* IPv4 ranges stand first; of both families */
};

/* False when memory is short; addresses_free in either case. */
bool addresses_build(const struct config_prefixes *prefixes, struct addresses *out);
void addresses_free(struct addresses *addresses);

bool addresses_contain(const struct addresses *addresses, const struct qw_addr *addr, enum qw_family family);

#endif
