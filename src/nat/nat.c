/* A room's life. */
#include "nat_state.h"
#include <quicward/base/lock.h>
#include <stdlib.h>
#include <string.h>

enum purpose { FOR_PAIRING, FOR_RANDOM, FOR_INSIDE, FOR_HOSTS, FOR_PEERS, FOR_SEQUENCE, FOR_BLOCKS };

/* Nobody learns from one use of the secret what another does. */
static struct qw_hash_key key_for(struct qw_hash_key secret, enum purpose purpose)
{
    const uint8_t low[2] = {(uint8_t)purpose, 0}, high[2] = {(uint8_t)purpose, 1};
    return (struct qw_hash_key){qw_hash24(secret, low, sizeof low), qw_hash24(secret, high, sizeof high)};
}

static struct qw_hash_key kept_key(const struct nat_options *options)
{
    return options->kept ? *options->kept : options->secret;
}

static void copy_options(struct nat *nat, const struct nat_options *options)
{
    nat->slot_count = options->slots > options->address_count ? options->slots : options->address_count;
    nat->forwards = options->forward_count;
    nat->filtering = options->filtering;
    nat->per_host = options->per_host;
    nat->sessions_max = options->sessions_max;
    nat->changed = options->changed;
    nat->context = options->context;
    nat->owners = options->owners;
    nat->pairing = key_for(kept_key(options), FOR_PAIRING);
}

/* ---- memory ---- */

void nat_parts(unsigned address_count, struct store_part out[static NAT_PARTS])
{
    uint64_t ports = (uint64_t)address_count * POOL_PORTS;
    out[0] = (struct store_part){"nat.addresses", 0, sizeof(struct kept_slot), address_count};
    out[1] = (struct store_part){"nat.words", 0, sizeof(uint64_t), ports};
    out[2] = (struct store_part){"nat.ports", 0, sizeof(struct port), ports};
}

bool nat_memory_fits(const struct nat_memory *memory, uint64_t address_count)
{
    return memory->addresses.record_size == sizeof(struct kept_slot) &&
           memory->words.record_size == sizeof(uint64_t) &&
           memory->ports.record_size == sizeof(struct port) && memory->addresses.count >= address_count &&
           memory->words.count >= address_count * POOL_PORTS &&
           memory->ports.count >= address_count * POOL_PORTS;
}

bool nat_memory_of(const struct store *store, struct nat_memory *out)
{
    struct store_part parts[NAT_PARTS];
    nat_parts(1, parts);
    return store_region(store, parts[0].name, &out->addresses) &&
           store_region(store, parts[1].name, &out->words) &&
           store_region(store, parts[2].name, &out->ports) && nat_memory_fits(out, out->addresses.count);
}

static bool own_memory(struct nat *nat, struct nat_memory *out)
{
    struct store_part parts[NAT_PARTS];
    nat_parts(nat->slot_count, parts);
    const struct store_plan plan = {.parts = parts, .part_count = NAT_PARTS};
    return store_new(&plan, &nat->own) == QW_OK && nat_memory_of(nat->own, out);
}

/* What nobody wrote is left alone: a page that nobody touches takes no memory. */
static void clear(_Atomic uint64_t *words, struct port *ports, size_t count)
{
    static const struct port NONE;
    for (size_t i = 0; i < count; i++) {
        if (atomic_load_explicit(&words[i], memory_order_relaxed) != 0)
            atomic_store_explicit(&words[i], 0, memory_order_relaxed);
        if (memcmp(&ports[i], &NONE, sizeof NONE) != 0)
            ports[i] = NONE;
    }
}

static bool take_memory(struct nat *nat, const struct nat_options *options)
{
    struct nat_memory memory;
    if (options->memory)
        memory = *options->memory;
    else if (!own_memory(nat, &memory))
        return false;
    if (!nat_memory_fits(&memory, nat->slot_count))
        return false;
    nat->slots = memory.addresses.records;
    for (unsigned slot = 0; slot < nat->slot_count; slot++) {
        struct pool *pool = &nat->pools[slot];
        nat->words[slot] = (_Atomic uint64_t *)memory.words.records + (size_t)slot * POOL_PORTS;
        pool->ports = (struct port *)memory.ports.records + (size_t)slot * POOL_PORTS;
        pool->hold_down_ns = options->hold_down_ns;
        pool->router = nat->router;
        pool->hosts = &nat->hosts;
        pool->slot = slot;
        nat->slots[slot] = (struct kept_slot){0};
        clear(nat->words[slot], pool->ports, POOL_PORTS);
    }
    return true;
}

/* ---- addresses ---- */

void nat_place(struct nat *nat, unsigned slot, uint32_t ipv4)
{
    if (nat->shown)
        shown_address(&nat->shown[slot], 0);
    addresses_set(&nat->addresses, slot, ipv4);
    if (nat->shown)
        shown_address(&nat->shown[slot], ipv4);
    if (ipv4 != 0)
        nat->slots[slot].last_address = ipv4;
    nat->slots[slot].generation = addresses_at(&nat->addresses, slot).generation;
    nat->slots[slot].ipv4 = ipv4;
}

/* A forward has its port for itself. */
static void mark_forwards(struct nat *nat, const struct nat_options *options, unsigned slot)
{
    for (unsigned i = 0; i < options->forward_count; i++)
        if (options->forwards[i].address == slot)
            nat->pools[slot].ports[options->forwards[i].port].state = PORT_FORWARD;
}

void nat_take_uplinks(struct nat *nat)
{
    uint64_t own = 0;
    nat->any_uplink = false;
    for (unsigned i = 0; i < nat->in_pool_count; i++) {
        unsigned uplink = slot_uplink(nat, nat->in_pool[i]);
        own |= uplink ? 1ull << uplink : 0;
        nat->any_uplink |= uplink == 0;
        nat->uplink_max = uplink > nat->uplink_max ? uplink : nat->uplink_max;
    }
    atomic_store_explicit(&nat->own_uplinks, own, memory_order_relaxed);
}

static bool make_slot(struct nat *nat, const struct nat_options *options, unsigned slot)
{
    struct pool *pool = &nat->pools[slot];
    if (!pool_take_memory(pool))
        return false;
    pool->usable = nat->usable;
    mark_forwards(nat, options, slot);
    pool_change(pool);
    nat->stats.ports += pool_configured(pool);
    nat->in_pool[nat->in_pool_count++] = (uint8_t)slot;
    nat->uplinks[slot] = options->uplinks ? options->uplinks[slot] : 0;
    nat_place(nat, slot, ipv4_of(&options->addresses[slot]));
    return true;
}

static bool make_slots(struct nat *nat, const struct nat_options *options)
{
    qw_ports_usable(options->ports, options->port_count, options->excluded, options->excluded_count,
                    nat->usable);
    if (!take_memory(nat, options) ||
        !choice_init(&nat->choice, options->choice, key_for(kept_key(options), FOR_SEQUENCE),
                     key_for(options->secret, FOR_RANDOM), nat->usable))
        return false;
    for (unsigned slot = 0; slot < options->address_count; slot++)
        if (!make_slot(nat, options, slot))
            return false;
    nat_take_uplinks(nat);
    return true;
}

uint32_t nat_mappings_max(const struct nat *nat, uint64_t ports, uint32_t forwards)
{
    return (ports < nat->sessions_max ? (uint32_t)ports : nat->sessions_max) + forwards;
}

/* Every mapping but a forward has a port of the pool and a session; what counts for a host has a port. */
static bool make_tables(struct nat *nat, const struct nat_options *options)
{
    return nat_table_init(&nat->by_inside, nat_mappings_max(nat, nat->stats.ports, nat->forwards),
                          key_for(options->secret, FOR_INSIDE)) &&
           nat_table_init(&nat->hosts, nat->stats.ports, key_for(options->secret, FOR_HOSTS)) &&
           nat_table_init(&nat->peers, options->sessions_max, key_for(options->secret, FOR_PEERS));
}

struct nat *nat_new(const struct nat_options *options)
{
    struct nat *nat = aligned_alloc(alignof(struct nat), sizeof *nat);
    if (!nat)
        return NULL;
    memset(nat, 0, sizeof *nat);
    qw_lock_init(&nat->lock);
    copy_options(nat, options);
    if (!make_slots(nat, options) || !make_tables(nat, options) ||
        !blocks_init(nat, options, key_for(options->secret, FOR_BLOCKS))) {
        nat_free(nat);
        return NULL;
    }
    for (unsigned i = 0; i < options->forward_count; i++)
        mapping_forward(nat, options->forwards[i].address, &options->forwards[i], options->now);
    return nat;
}

void nat_free(struct nat *nat)
{
    if (!nat)
        return;
    for (unsigned slot = 0; slot < nat->slot_count; slot++)
        pool_free(&nat->pools[slot]);
    choice_free(&nat->choice);
    blocks_free(&nat->blocks);
    store_free(nat->own);
    nat_table_free(&nat->by_inside);
    nat_table_free(&nat->hosts);
    nat_table_free(&nat->peers);
    pthread_mutex_destroy(&nat->lock);
    free(nat);
}
