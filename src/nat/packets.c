/* For every packet: no lock. */
#include "nat_state.h"
#include <quicward/base/fetch.h>

bool nat_is_external(const struct nat *nat, const struct qw_addr *address)
{
    struct address_place place;
    return addresses_find(&nat->addresses, ipv4_of(address), &place) != ADDRESSES_NONE;
}

bool nat_is_routers(const struct nat *nat, uint16_t port)
{
    return atomic_load_explicit(&nat->routers[port / 64], memory_order_relaxed) >> port % 64 & 1;
}

struct qw_addr nat_address(const struct nat *nat, unsigned slot)
{
    return addr_of(addresses_at(&nat->addresses, slot).ipv4);
}

/* Word and place must be of one generation: a mapping made on the slot's next address is none of this one. */
nat_external nat_inside(const struct nat *nat, const struct qw_endpoint *external, struct qw_endpoint *inside)
{
    struct address_place place;
    unsigned slot = addresses_find(&nat->addresses, ipv4_of(&external->addr), &place);
    if (slot == ADDRESSES_NONE)
        return 0;
    uint64_t word = word_load(nat, slot, external->port);
    if (word == 0 || word_generation(word) != place.generation)
        return 0;
    *inside = word_inside(word);
    return handle_of(place.generation, slot, external->port);
}

bool nat_holds(const struct nat *nat, nat_external mapping, const struct qw_endpoint *inside)
{
    unsigned slot = handle_slot(mapping);
    return slot < nat->slot_count &&
           word_load(nat, slot, handle_port(mapping)) == word_of(inside, handle_generation(mapping));
}

void nat_fetch(const struct nat *nat, nat_external mapping)
{
    if (handle_slot(mapping) < nat->slot_count)
        qw_fetch(nat->words[handle_slot(mapping)] + handle_port(mapping));
}

struct qw_endpoint nat_endpoint(const struct nat *nat, nat_external mapping)
{
    struct qw_endpoint external = {.port = handle_port(mapping)};
    struct address_place place = addresses_at(&nat->addresses, handle_slot(mapping));
    if (place.generation == handle_generation(mapping))
        external.addr = addr_of(place.ipv4);
    return external;
}

unsigned nat_uplink_of(const struct nat *nat, nat_external mapping)
{
    return slot_uplink(nat, handle_slot(mapping));
}

bool nat_suits(const struct nat *nat, nat_external mapping, unsigned uplink)
{
    unsigned on = uplink_counts_as(nat, uplink), of = nat_uplink_of(nat, mapping);
    return on == 0 || of == 0 || of == on;
}
