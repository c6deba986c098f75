/* Prefixes as a sorted list of ranges that don't touch: one binary search whatever their number. */
#ifndef QUICWARD_BASE_PREFIX_SET_H
#define QUICWARD_BASE_PREFIX_SET_H

#include <quicward/base/addr.h>
#include <stdbool.h>
#include <stddef.h>

struct qw_prefix_set {
    struct qw_address_range {
        struct qw_addr first, last; /* both belong to it */
    } * list;
    size_t v4, count; /* IPv4 ranges stand first; of both families */
};

/* False when memory is short; qw_prefix_set_free in either case. */
bool qw_prefix_set_build(const struct qw_prefix *prefixes, size_t count, struct qw_prefix_set *out);
void qw_prefix_set_free(struct qw_prefix_set *addresses);

bool qw_prefix_set_has(const struct qw_prefix_set *addresses, const struct qw_addr *addr,
                       enum qw_family family);

#endif
