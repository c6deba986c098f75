/* A whole region of an earlier process. */
#include "nat_state.h"
#include <stdlib.h>

struct rest {
    uint64_t since_ns;
    uint16_t port;
};

struct recovery {
    struct nat *nat;
    struct nat_recovery *counts;
    struct qw_time now;
    struct rest *rests; /* owned, POOL_PORTS of them */
    /* of the slot at hand, as it was left: */
    const _Atomic uint64_t *words;
    const struct port *ports;
    struct kept_slot was;
    unsigned slot; /* where it stands now; ADDRESSES_NONE: nowhere */
};

/* What a port's two halves say, copied once: the memory is believed in nothing. */
struct found {
    uint64_t word;
    struct port record;
};

static struct found look_at(const struct recovery *r, unsigned port)
{
    struct found found = {.word = atomic_load_explicit(&r->words[port], memory_order_relaxed),
                          .record = r->ports[port]};
    return found;
}

/* ---- mappings ---- */

static bool halves_agree(const struct recovery *r, const struct found *found)
{
    const struct port *record = &found->record;
    struct qw_endpoint inside = word_inside(found->word);
    return record->state == PORT_MAPPED && found->word & WORD_MAPPED &&
           (uint32_t)(found->word & 0x7fff) == r->was.generation && record->host == ipv4_of(&inside.addr) &&
           record->inside_port == inside.port;
}

static enum nat_adopted adopt_found(const struct recovery *r, unsigned port, const struct found *found)
{
    if (!halves_agree(r, found))
        return NAT_ADOPT_IMPOSSIBLE;
    if (r->slot == ADDRESSES_NONE)
        return NAT_ADOPT_ADDRESS;
    const struct nat_mapping record = {
        .inside = word_inside(found->word),
        .external = {addr_of(r->was.ipv4), (uint16_t)port},
        .since = {found->record.since_ns},
    };
    return adopt_mapping(r->nat, &record, r->now);
}

/* Forwards are the configuration's; a mapping whose end a crash cut short rests with the others. */
static bool is_mapping(const struct found *found)
{
    return found->word != 0 && found->record.state != PORT_FORWARD && found->record.state != PORT_RESTING;
}

static void adopt_mappings(const struct recovery *r)
{
    for (unsigned port = 1; port < POOL_PORTS; port++) {
        struct found found = look_at(r, port);
        if (is_mapping(&found))
            r->counts->results[adopt_found(r, port, &found)]++;
    }
}

/* ---- rests ---- */

static int by_age(const void *a, const void *b)
{
    uint64_t x = ((const struct rest *)a)->since_ns, y = ((const struct rest *)b)->since_ns;
    return (x > y) - (x < y);
}

static void rest_again(const struct recovery *r, const struct rest *rest)
{
    struct found found = look_at(r, rest->port);
    struct owner owner = {found.record.host, found.record.inside_port};
    bool counts = found.record.counts == 1;
    if (adopt_rest(r->nat, r->slot, rest->port, owner, counts, (struct qw_time){rest->since_ns}))
        r->counts->rests++;
}

static void rest_in_order(const struct recovery *r)
{
    size_t count = 0;
    for (unsigned port = 1; port < POOL_PORTS; port++) {
        struct found found = look_at(r, port);
        if (found.record.state == PORT_RESTING && found.record.since_ns <= r->now.ns)
            r->rests[count++] = (struct rest){found.record.since_ns, (uint16_t)port};
    }
    qsort(r->rests, count, sizeof *r->rests, by_age);
    for (size_t i = 0; i < count; i++)
        rest_again(r, &r->rests[i]);
}

/* What had a mapping, or nobody knows what, and is free now: somebody may still send there. */
static void rest_unclear(const struct recovery *r)
{
    for (unsigned port = 1; port < POOL_PORTS; port++) {
        struct found found = look_at(r, port);
        bool clear = found.word == 0 && found.record.state <= PORT_RESERVED;
        if (clear || r->nat->pools[r->slot].ports[port].state != PORT_FREE)
            continue;
        adopt_rest(r->nat, r->slot, (uint16_t)port, (struct owner){0, 0}, false, r->now);
        r->counts->unclear++;
    }
}

/* ---- addresses ---- */

/* What no configuration has: "this" network, loopback, groups and beyond (RFC 6890). */
static bool possible_address(uint32_t ipv4)
{
    return ipv4 >> 24 != 0 && ipv4 >> 24 != 127 && ipv4 >> 24 < 224;
}

static bool waits_for_address(const struct nat *nat, unsigned slot)
{
    return slot < nat->slot_count && nat->pools[slot].usable && nat->slots[slot].last_address == 0;
}

static bool has_mapping(const struct recovery *r)
{
    for (unsigned port = 1; port < POOL_PORTS; port++) {
        struct found found = look_at(r, port);
        if (is_mapping(&found) && halves_agree(r, &found))
            return true;
    }
    return false;
}

/* "auto" has no address yet when a process starts: the one before is as good as any until it is known. One
 * that was away is away still, and its ports rest on. */
static unsigned slot_for(const struct recovery *r, unsigned old)
{
    struct address_place place;
    uint32_t ipv4 = r->was.ipv4 ? r->was.ipv4 : r->was.last_address;
    if (ipv4 == 0)
        return ADDRESSES_NONE;
    unsigned slot = addresses_find(&r->nat->addresses, ipv4, &place);
    if (slot != ADDRESSES_NONE)
        return slot;
    if (!waits_for_address(r->nat, old))
        return possible_address(r->was.ipv4) && has_mapping(r) ? nat_keep_left(r->nat, ipv4) : ADDRESSES_NONE;
    if (r->was.ipv4 != 0)
        nat_place(r->nat, old, ipv4);
    else
        r->nat->slots[old].last_address = ipv4;
    return old;
}

static void recover_slot(struct recovery *r, const struct nat_memory *memory, unsigned old)
{
    r->words = (const _Atomic uint64_t *)memory->words.records + (size_t)old * POOL_PORTS;
    r->ports = (const struct port *)memory->ports.records + (size_t)old * POOL_PORTS;
    r->was = ((const struct kept_slot *)memory->addresses.records)[old];
    pthread_mutex_lock(&r->nat->lock);
    r->slot = slot_for(r, old);
    adopt_mappings(r);
    if (r->slot != ADDRESSES_NONE) {
        rest_in_order(r);
        rest_unclear(r);
    }
    pthread_mutex_unlock(&r->nat->lock);
}

/* Mappings on what is not of the pool any more. */
static uint64_t count_left(const struct nat *nat, const struct nat_memory *memory, unsigned old)
{
    const _Atomic uint64_t *words =
        (const _Atomic uint64_t *)memory->words.records + (size_t)old * POOL_PORTS;
    uint32_t ipv4 = ((const struct kept_slot *)memory->addresses.records)[old].ipv4;
    struct address_place place;
    bool known =
        addresses_find(&nat->addresses, ipv4, &place) != ADDRESSES_NONE || waits_for_address(nat, old);
    uint64_t left = 0;
    for (unsigned port = 1; port < POOL_PORTS; port++)
        left += atomic_load_explicit(&words[port], memory_order_relaxed) != 0 &&
                !(known && qw_ports_has(nat->usable, (uint16_t)port));
    return left;
}

static bool make_room(struct nat *nat, const struct nat_memory *memory)
{
    uint64_t ports = nat->stats.ports;
    pthread_mutex_lock(&nat->lock);
    for (unsigned old = 0; old < memory->addresses.count; old++)
        ports += count_left(nat, memory, old);
    bool made = nat_make_room(nat, ports);
    pthread_mutex_unlock(&nat->lock);
    return made;
}

enum qw_error nat_recover(struct nat *nat, const struct nat_memory *memory, struct qw_time now,
                          struct nat_recovery *counts)
{
    uint64_t count = memory->addresses.count;
    struct recovery recovery = {.nat = nat, .counts = counts, .now = now};
    if (count > NAT_ADDRESSES_MAX || !nat_memory_fits(memory, count))
        return QW_ERR_INVALID;
    recovery.rests = malloc(POOL_PORTS * sizeof *recovery.rests);
    if (!recovery.rests)
        return QW_ERR_NO_MEMORY;
    enum qw_error error = make_room(nat, memory) ? QW_OK : QW_ERR_NO_MEMORY;
    for (unsigned old = 0; old < count && error == QW_OK; old++)
        recover_slot(&recovery, memory, old);
    free(recovery.rests);
    return error;
}

unsigned nat_memory_addresses(const struct nat_memory *memory, struct qw_addr out[static NAT_ADDRESSES_MAX])
{
    const struct kept_slot *slots = memory->addresses.records;
    unsigned count = 0;
    for (uint64_t i = 0; i < memory->addresses.count && count < NAT_ADDRESSES_MAX; i++)
        if (slots[i].ipv4 != 0)
            out[count++] = addr_of(slots[i].ipv4);
    return count;
}

size_t nat_memory_forwards(const struct nat_memory *memory, struct nat_forward *out, size_t max)
{
    const _Atomic uint64_t *words = memory->words.records;
    const struct port *ports = memory->ports.records;
    uint64_t addresses =
        memory->addresses.count < NAT_ADDRESSES_MAX ? memory->addresses.count : NAT_ADDRESSES_MAX;
    size_t count = 0;
    if (!nat_memory_fits(memory, addresses))
        return 0;
    for (size_t i = 0; i < addresses * POOL_PORTS; i++) {
        uint64_t word = atomic_load_explicit(&words[i], memory_order_relaxed);
        if (word == 0 || ports[i].state != PORT_FORWARD)
            continue;
        if (count < max)
            out[count] = (struct nat_forward){(unsigned)(i / POOL_PORTS), (uint16_t)(i % POOL_PORTS),
                                              word_inside(word)};
        count++;
    }
    return count;
}
