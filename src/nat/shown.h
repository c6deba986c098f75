/* What packets find, shown to readers outside of this room (nat_show_ports). All with the lock held. */
#ifndef NAT_SHOWN_H
#define NAT_SHOWN_H

#include <quicward/base/port_map.h>
#include <stdbool.h>

/* Nobody else writes: the lock is held. */
static inline void shown_set(struct qw_port_map *map, uint16_t port, bool used)
{
    uint64_t *word = &map->used[port / 64], bit = 1ull << port % 64;
    __atomic_store_n(word, used ? *word | bit : *word & ~bit, __ATOMIC_RELEASE);
}

/* `ipv4` in host order, 0 for none. */
void shown_address(struct qw_port_map *map, uint32_t ipv4);

#endif
