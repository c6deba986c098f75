/* What counts as a host's mappings, and the slot of the address that it had last: a host has one address as
 * long as it has mappings, also when the addresses change meanwhile (RFC 4787 REQ-2). Values of one table. */
#ifndef NAT_HOSTS_H
#define NAT_HOSTS_H

#include "nat_table.h"

#define HOST_COUNT_BITS 26 /* NAT_ADDRESSES_MAX times POOL_PORTS fit, and so do slots in the rest */
#define HOST_COUNT_MASK ((1u << HOST_COUNT_BITS) - 1)

static inline uint32_t host_count(const struct nat_table *hosts, uint32_t host)
{
    return nat_table_get(hosts, host) & HOST_COUNT_MASK;
}

/* Of a host that has a count. */
static inline unsigned host_slot(const struct nat_table *hosts, uint32_t host)
{
    return nat_table_get(hosts, host) >> HOST_COUNT_BITS;
}

static inline void host_up_at(struct nat_table *hosts, uint32_t host, unsigned slot, uint32_t hash)
{
    uint32_t count = nat_table_get_at(hosts, host, hash) & HOST_COUNT_MASK;
    nat_table_put_at(hosts, host, (count + 1) | slot << HOST_COUNT_BITS, hash);
}

static inline void host_up(struct nat_table *hosts, uint32_t host, unsigned slot)
{
    host_up_at(hosts, host, slot, nat_table_hash(hosts, host));
}

static inline void host_down(struct nat_table *hosts, uint32_t host)
{
    uint32_t value = nat_table_get(hosts, host);
    if ((value & HOST_COUNT_MASK) > 1)
        nat_table_put(hosts, host, value - 1);
    else
        nat_table_remove(hosts, host);
}

#endif
