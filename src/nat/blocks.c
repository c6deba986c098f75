#include "nat_state.h"
#include <endian.h>
#include <stdlib.h>

#define LOW_PORTS 1024  /* as pool.c has them */
#define BLOCKS_TRIED 16 /* blocks of nobody in which no port is open: those of their last host rest */

static uint32_t number_of(const struct blocks *blocks, unsigned slot, uint16_t port)
{
    return slot * blocks->per_slot + port / blocks->size;
}

static unsigned slot_of(const struct blocks *blocks, uint32_t number)
{
    return number / blocks->per_slot;
}

static uint16_t first_port(const struct blocks *blocks, uint32_t number)
{
    return (uint16_t)(number % blocks->per_slot * blocks->size);
}

/* ---- life ---- */

bool blocks_init(struct nat *nat, const struct nat_options *options, struct qw_hash_key secret)
{
    struct blocks *blocks = &nat->blocks;
    blocks->size = options->block;
    blocks->changed = options->block_changed;
    if (blocks->size == 0)
        return true;
    blocks->per_slot = POOL_PORTS / blocks->size;
    uint32_t count = blocks->per_slot * nat->slot_count;
    blocks->all = calloc(count, sizeof *blocks->all);
    return blocks->all && nat_table_init(&blocks->heads, count, secret);
}

void blocks_free(struct blocks *blocks)
{
    free(blocks->all);
    nat_table_free(&blocks->heads);
}

/* ---- who has which ---- */

static void tell_block(const struct nat *nat, uint32_t number, bool assigned, struct qw_time now)
{
    const struct blocks *blocks = &nat->blocks;
    const struct nat_block told = {
        .host = addr_of(blocks->all[number].host),
        .external = {addr_of(addresses_at(&nat->addresses, slot_of(blocks, number)).ipv4),
                     first_port(blocks, number)},
        .last = (uint16_t)(first_port(blocks, number) + blocks->size - 1)};
    if (blocks->changed)
        blocks->changed(nat->context, &told, assigned, now);
}

static void give(struct blocks *blocks, uint32_t number, uint32_t host)
{
    blocks->all[number] = (struct block){.host = host, .next = nat_table_get(&blocks->heads, host)};
    nat_table_put(&blocks->heads, host, number + 1);
}

static void unlink_block(struct blocks *blocks, uint32_t number)
{
    struct block *block = &blocks->all[number];
    uint32_t at = nat_table_get(&blocks->heads, block->host);
    if (at == number + 1) {
        nat_table_remove(&blocks->heads, block->host);
        if (block->next)
            nat_table_put(&blocks->heads, block->host, block->next);
        return;
    }
    while (blocks->all[at - 1].next != number + 1)
        at = blocks->all[at - 1].next;
    blocks->all[at - 1].next = block->next;
}

static void take_back(struct nat *nat, uint32_t number, struct qw_time now)
{
    tell_block(nat, number, false, now);
    unlink_block(&nat->blocks, number);
    nat->blocks.all[number] = (struct block){0};
}

static bool is_idle(const struct nat *nat, uint32_t number, uint64_t at_least_ns, struct qw_time now)
{
    const struct block *block = &nat->blocks.all[number];
    return block->host != 0 && block->used == 0 &&
           qw_time_since(now, (struct qw_time){block->idle_ns}) >= at_least_ns;
}

/* One of them all, each time. */
static void look_for_idle(struct nat *nat, struct qw_time now)
{
    struct blocks *blocks = &nat->blocks;
    blocks->last = now;
    blocks->looked = (blocks->looked + 1) % (blocks->per_slot * nat->slot_count);
    if (is_idle(nat, blocks->looked, nat->pools[0].hold_down_ns, now))
        take_back(nat, blocks->looked, now);
}

void blocks_take(struct nat *nat, unsigned slot, uint16_t port, uint32_t host, struct qw_time now)
{
    struct blocks *blocks = &nat->blocks;
    if (blocks->size == 0)
        return;
    uint32_t number = number_of(blocks, slot, port);
    struct block *block = &blocks->all[number];
    if (block->host != 0 && block->host != host)
        take_back(nat, number, now);
    if (block->host == 0) {
        give(blocks, number, host);
        tell_block(nat, number, true, now);
    }
    block->used++;
    look_for_idle(nat, now);
}

/* In a block of somebody else it has its port for itself: it was told alone. */
void blocks_adopt(struct nat *nat, unsigned slot, uint16_t port, uint32_t host)
{
    struct blocks *blocks = &nat->blocks;
    if (blocks->size == 0)
        return;
    uint32_t number = number_of(blocks, slot, port);
    if (blocks->all[number].host == 0)
        give(blocks, number, host);
    if (blocks->all[number].host == host)
        blocks->all[number].used++;
}

void blocks_drain(struct nat *nat, unsigned slot, uint16_t port, uint32_t host, struct qw_time now)
{
    const struct blocks *blocks = &nat->blocks;
    uint32_t has = blocks->size != 0 ? blocks->all[number_of(blocks, slot, port)].host : host;
    if (has == 0 || has == host)
        blocks_take(nat, slot, port, host, now);
}

void blocks_leave(struct nat *nat, unsigned slot, uint16_t port, uint32_t host, struct qw_time now)
{
    struct blocks *blocks = &nat->blocks;
    if (blocks->size == 0)
        return;
    struct block *block = &blocks->all[number_of(blocks, slot, port)];
    if (block->host == host && block->used > 0 && --block->used == 0)
        block->idle_ns = now.ns;
    look_for_idle(nat, now);
}

void blocks_end(struct nat *nat, unsigned slot)
{
    struct blocks *blocks = &nat->blocks;
    for (uint32_t place = 0; place < blocks->per_slot; place++)
        if (blocks->all[slot * blocks->per_slot + place].host != 0)
            take_back(nat, slot * blocks->per_slot + place, blocks->last);
}

bool blocks_tell(const struct nat *nat, unsigned slot, uint16_t port)
{
    const struct blocks *blocks = &nat->blocks;
    return blocks->size != 0 &&
           blocks->all[number_of(blocks, slot, port)].host == nat->pools[slot].ports[port].host;
}

/* ---- choosing ---- */

/* The same again for the same endpoint, or another one each time (choice.h). */
static uint64_t number_for(struct choice *choice, struct owner owner, uint32_t what)
{
    uint64_t of[2] = {htole64((uint64_t)owner.host << 32 | (uint64_t)owner.port << 16), htole64(what)};
    if (choice->how == NAT_KEYED)
        return qw_hash24(choice->sequence, of, sizeof of) >> 16;
    of[1] = htole64(choice->chosen++);
    return qw_hash24(choice->random, of, sizeof of) >> 16;
}

/* An open port of the kind in that block; 0: none. */
static uint16_t port_in(struct nat *nat, uint32_t number, struct owner owner, struct qw_time now)
{
    const struct blocks *blocks = &nat->blocks;
    const struct pool *pool = &nat->pools[slot_of(blocks, number)];
    unsigned kind = pool_kind_for(pool, owner.port);
    uint32_t count = blocks->size / 2;
    uint32_t start = (uint32_t)(number_for(&nat->choice, owner, number) % count);
    for (uint32_t i = 0; i < count; i++) {
        uint16_t port = (uint16_t)(first_port(blocks, number) + (start + i) % count * 2 + (kind & KIND_ODD));
        if (pool_kind_of(port) == kind && pool_open_to(pool, port, owner, now))
            return port;
    }
    return 0;
}

#define EVEN 0x5555555555555555u

/* Has the block ports of the kind that the router does not use? Most of an address may be the router's. */
static bool has_kind(const struct nat *nat, uint32_t number, unsigned kind)
{
    const struct blocks *blocks = &nat->blocks;
    uint32_t first = first_port(blocks, number);
    const uint64_t *usable = nat->pools[slot_of(blocks, number)].usable;
    uint64_t parity = kind & KIND_ODD ? ~(uint64_t)EVEN : EVEN, found = 0;
    if (!usable || (kind & KIND_HIGH ? first + blocks->size <= LOW_PORTS : first >= LOW_PORTS))
        return false;
    for (uint32_t word = first / 64; word < (first + blocks->size) / 64; word++)
        found |= usable[word] & ~nat->router[word] & parity;
    return found != 0;
}

/* A block of nobody, or one that is idle for `idle_ns`. */
static uint16_t port_in_another(struct nat *nat, unsigned slot, struct owner owner, uint64_t idle_ns,
                                struct qw_time now)
{
    const struct blocks *blocks = &nat->blocks;
    const struct owner host = {owner.host,
                               0}; /* a host has the same blocks again, whichever port asks first */
    uint32_t count = blocks->per_slot, tried = 0;
    uint32_t start = (uint32_t)(number_for(&nat->choice, host, UINT32_MAX) % count);
    unsigned kind = pool_kind_for(&nat->pools[slot], owner.port);
    for (uint32_t i = 0; i < count && tried < BLOCKS_TRIED; i++) {
        uint32_t number = slot * blocks->per_slot + (start + i) % count;
        bool open = blocks->all[number].host == 0 || is_idle(nat, number, idle_ns, now);
        if (!open || !has_kind(nat, number, kind))
            continue;
        uint16_t port = port_in(nat, number, owner, now);
        if (port != 0)
            return port;
        tried++;
    }
    return 0;
}

uint16_t blocks_choose(struct nat *nat, unsigned slot, struct owner owner, struct qw_time now)
{
    struct blocks *blocks = &nat->blocks;
    struct pool *pool = &nat->pools[slot];
    uint16_t port = 0;
    pool_prepare(pool, pool_kind_for(pool, owner.port), now);
    for (uint32_t at = nat_table_get(&blocks->heads, owner.host); at != 0 && port == 0;
         at = blocks->all[at - 1].next)
        if (slot_of(blocks, at - 1) == slot) /* others are of an address that left the pool */
            port = port_in(nat, at - 1, owner, now);
    if (port == 0)
        port = port_in_another(nat, slot, owner, pool->hold_down_ns, now);
    if (port == 0)
        port = port_in_another(nat, slot, owner, 0, now);
    return port;
}
