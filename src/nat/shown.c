#include "shown.h"
#include "nat_state.h"
#include <arpa/inet.h>

void shown_address(struct qw_port_map *map, uint32_t ipv4)
{
    __atomic_store_n(&map->ipv4, htonl(ipv4), __ATOMIC_RELEASE);
}

static void show_slot(const struct nat *nat, unsigned slot, struct qw_port_map *out)
{
    shown_address(out, 0);
    for (unsigned port = 0; port < POOL_PORTS; port++)
        shown_set(out, (uint16_t)port, word_load(nat, slot, (uint16_t)port) != 0);
    shown_address(out, addresses_at(&nat->addresses, slot).ipv4);
}

void nat_show_ports(struct nat *nat, struct qw_port_map *out)
{
    pthread_mutex_lock(&nat->lock);
    for (unsigned slot = 0; nat->shown && slot < nat->slot_count; slot++)
        shown_address(&nat->shown[slot], 0);
    nat->shown = out;
    for (unsigned slot = 0; out && slot < nat->slot_count; slot++)
        show_slot(nat, slot, &out[slot]);
    pthread_mutex_unlock(&nat->lock);
}
