/* Another pool while the room works. What the pool gets is there at once. What leaves it is handed out no
 * more, and lives on as long as sessions hold it: ports one by one, an address until its last mapping ends.
 */
#include "forwards.h"
#include "nat_state.h"
#include <stdlib.h>
#include <string.h>

struct pool_change {
    struct nat *nat;
    uint64_t usable[QW_PORT_WORDS];
    struct choice choice;              /* owned */
    struct nat_table by_inside, hosts; /* owned; without entries: the room's are large enough */
    uint64_t hold_down_ns;
    struct forwards forwards; /* owned */
    enum nat_filtering filtering;
    uint32_t per_host;
    bool follows;   /* addresses stay, whatever they are */
    unsigned count; /* of addresses */
    uint32_t ipv4[NAT_ADDRESSES_MAX];
    uint8_t uplinks[NAT_ADDRESSES_MAX];
    uint8_t slots[NAT_ADDRESSES_MAX]; /* where they are, or will be */
};

/* ---- slots ---- */

static bool is_free(const struct nat *nat, unsigned slot)
{
    return !nat->pools[slot].usable && addresses_at(&nat->addresses, slot).ipv4 == 0;
}

static unsigned free_slot(const struct nat *nat, uint64_t taken)
{
    for (unsigned slot = 0; slot < nat->slot_count; slot++)
        if (is_free(nat, slot) && !(taken >> slot & 1))
            return slot;
    return ADDRESSES_NONE;
}

/* One that left, and comes again before its last mapping ended, has its slot still. */
static bool find_slots(struct pool_change *change)
{
    struct address_place place;
    uint64_t taken = 0;
    for (unsigned i = 0; i < change->count; i++) {
        unsigned slot = addresses_find(&change->nat->addresses, change->ipv4[i], &place);
        if (change->follows)
            slot = change->nat->in_pool[i];
        if (slot == ADDRESSES_NONE)
            slot = free_slot(change->nat, taken);
        if (slot == ADDRESSES_NONE)
            return false;
        change->slots[i] = (uint8_t)slot;
        taken |= 1ull << slot;
    }
    return true;
}

void nat_retire_left(struct nat *nat, unsigned slot)
{
    if (nat->pools[slot].usable || nat->pools[slot].mapped > 0 ||
        addresses_at(&nat->addresses, slot).ipv4 == 0)
        return;
    blocks_end(nat, slot);
    nat_place(nat, slot, 0);
    nat->slots[slot].last_address = 0;
}

unsigned nat_keep_left(struct nat *nat, uint32_t ipv4)
{
    unsigned slot = free_slot(nat, 0);
    if (slot == ADDRESSES_NONE || (!nat->pools[slot].links && !pool_take_memory(&nat->pools[slot])))
        return ADDRESSES_NONE; /* its mappings are dropped */
    nat_place(nat, slot, ipv4);
    atomic_store_explicit(&nat->uplinks[slot], 0, memory_order_relaxed);
    return slot;
}

/* ---- memory ---- */

/* Every port that may have a mapping, or count for a host, from the change on: also those of forwards that
 * leave. */
static uint64_t ports_after(const struct pool_change *change)
{
    const struct nat *nat = change->nat;
    uint64_t ports = 0, stays = 0;
    for (unsigned word = 0; word < QW_PORT_WORDS; word++)
        ports += (unsigned)__builtin_popcountll(change->usable[word]);
    ports = ports * change->count + nat->forwards;
    for (unsigned i = 0; i < change->count; i++)
        stays |= 1ull << change->slots[i];
    for (unsigned slot = 0; slot < nat->slot_count; slot++)
        ports += pool_left(&nat->pools[slot], stays >> slot & 1 ? change->usable : NULL);
    return ports;
}

static bool make_larger(const struct nat_table *table, uint64_t keys, struct nat_table *out)
{
    nat_table_free(out);
    *out = (struct nat_table){0};
    return keys <= nat_table_room(table) || nat_table_init(out, (uint32_t)keys, table->secret);
}

static void take_larger(struct nat_table *table, struct nat_table *made)
{
    if (made->entries)
        nat_table_move(table, made);
    nat_table_free(made);
    *made = (struct nat_table){0};
}

static bool make_tables(struct pool_change *change, uint64_t ports)
{
    const struct nat *nat = change->nat;
    uint64_t mappings = nat_mappings_max(nat, ports, change->forwards.count);
    return make_larger(&nat->by_inside, mappings, &change->by_inside) &&
           make_larger(&nat->hosts, ports, &change->hosts);
}

bool nat_make_room(struct nat *nat, uint64_t ports)
{
    struct pool_change change = {.nat = nat, .forwards.count = nat->forwards};
    bool made = make_tables(&change, ports);
    if (made) {
        take_larger(&nat->by_inside, &change.by_inside);
        take_larger(&nat->hosts, &change.hosts);
    }
    nat_table_free(&change.by_inside);
    nat_table_free(&change.hosts);
    return made;
}

static bool has_room(const struct nat_table *table, const struct nat_table *made, uint64_t keys)
{
    return keys <= nat_table_room(made->entries ? made : table);
}

static bool tables_suffice(const struct pool_change *change, uint64_t ports)
{
    const struct nat *nat = change->nat;
    uint64_t mappings = nat_mappings_max(nat, ports, change->forwards.count);
    return has_room(&nat->by_inside, &change->by_inside, mappings) &&
           has_room(&nat->hosts, &change->hosts, ports);
}

/* Of slots that nobody had yet. No packet looks at them before they have an address. */
static bool make_pools(const struct pool_change *change)
{
    for (unsigned i = 0; i < change->count; i++) {
        struct pool *pool = &change->nat->pools[change->slots[i]];
        if (!pool->links && !pool_take_memory(pool))
            return false;
    }
    return true;
}

static enum qw_error prepare(struct pool_change *change, const struct nat_pool *wanted)
{
    const struct nat *nat = change->nat;
    qw_ports_usable(wanted->ports, wanted->port_count, wanted->excluded, wanted->excluded_count,
                    change->usable);
    change->hold_down_ns = wanted->hold_down_ns;
    change->filtering = wanted->filtering;
    change->per_host = wanted->per_host;
    change->count = wanted->address_count;
    for (unsigned i = 0; i < change->count; i++) {
        change->ipv4[i] = ipv4_of(&wanted->addresses[i]);
        change->uplinks[i] = wanted->uplinks ? wanted->uplinks[i] : 0;
    }
    bool made = forwards_take(&change->forwards, wanted->forwards, wanted->forward_count, wanted->now) &&
                choice_init(&change->choice, wanted->choice, nat->choice.sequence, nat->choice.random,
                            change->usable);
    return made ? QW_OK : QW_ERR_NO_MEMORY;
}

/* Packets go on while tables are made, and make mappings on ports that leave: so there is room for more of
 * them, and it is looked at again. The lock is held at the end, unless it fails. */
static enum qw_error find_room(struct pool_change *change)
{
    struct nat *nat = change->nat;
    for (;;) {
        pthread_mutex_lock(&nat->lock);
        enum qw_error error = !find_slots(change)  ? QW_ERR_FULL
                              : make_pools(change) ? QW_OK
                                                   : QW_ERR_NO_MEMORY;
        uint64_t ports = error == QW_OK ? ports_after(change) : 0;
        if (error == QW_OK && tables_suffice(change, ports))
            return QW_OK;
        pthread_mutex_unlock(&nat->lock);
        if (error != QW_OK)
            return error;
        if (!make_tables(change, ports + ports / 8))
            return QW_ERR_NO_MEMORY;
    }
}

/* ---- the change ---- */

static void take_ports(struct pool_change *change)
{
    struct nat *nat = change->nat;
    struct choice before = nat->choice;
    nat->filtering = change->filtering;
    nat->per_host = change->per_host;
    memcpy(nat->usable, change->usable, sizeof nat->usable);
    nat->choice = change->choice;
    nat->choice.chosen = before.chosen;
    change->choice = before;
    take_larger(&nat->by_inside, &change->by_inside);
    take_larger(&nat->hosts, &change->hosts);
    for (unsigned slot = 0; slot < nat->slot_count; slot++)
        nat->pools[slot].hold_down_ns = change->hold_down_ns;
}

/* What rested on the slot's address before is nothing to this one. */
static void take_address(struct pool_change *change, unsigned i)
{
    struct nat *nat = change->nat;
    struct pool *pool = &nat->pools[change->slots[i]];
    pool->usable = nat->usable;
    if (!change->follows && addresses_at(&nat->addresses, change->slots[i]).ipv4 != change->ipv4[i]) {
        pool_wake(pool);
        nat_place(nat, change->slots[i], change->ipv4[i]);
    }
    mapping_change_uplink(nat, change->slots[i], change->uplinks[i]);
    pool_change(pool);
    forwards_enter(nat, &change->forwards, i, change->slots[i]);
}

static bool stays(const struct nat *nat, unsigned slot)
{
    for (unsigned i = 0; i < nat->in_pool_count; i++)
        if (nat->in_pool[i] == slot)
            return true;
    return false;
}

static void choose_among(const struct pool_change *change)
{
    struct nat *nat = change->nat;
    memcpy(nat->in_pool, change->slots, sizeof nat->in_pool);
    nat->in_pool_count = change->count;
    nat_take_uplinks(nat);
    nat->stats.ports = 0;
    for (unsigned i = 0; i < change->count; i++)
        nat->stats.ports += pool_configured(&nat->pools[change->slots[i]]);
    for (unsigned slot = 0; slot < nat->slot_count; slot++)
        if (!stays(nat, slot))
            nat->pools[slot].usable = NULL;
}

static void leave_address(struct nat *nat, unsigned slot)
{
    if (nat->pools[slot].usable || !nat->pools[slot].links)
        return;
    pool_change(&nat->pools[slot]);
    nat_retire_left(nat, slot);
}

/* The lock is held at the beginning. It is let go after each address, so that no new flow waits for all. A
 * host is given an address only when its ports are there. */
static void commit(struct pool_change *change)
{
    struct nat *nat = change->nat;
    take_ports(change);
    forwards_leave(nat, &change->forwards, change->slots, change->count);
    nat->forwards = change->forwards.count;
    for (unsigned i = 0; i < change->count; i++) {
        take_address(change, i);
        pthread_mutex_unlock(&nat->lock);
        pthread_mutex_lock(&nat->lock);
    }
    choose_among(change);
    for (unsigned slot = 0; slot < nat->slot_count; slot++) {
        leave_address(nat, slot);
        pthread_mutex_unlock(&nat->lock);
        pthread_mutex_lock(&nat->lock);
    }
    pthread_mutex_unlock(&nat->lock);
}

/* An address that follows an interface stays, whatever it is now. */
static void keep_addresses(struct pool_change *change)
{
    struct nat *nat = change->nat;
    pthread_mutex_lock(&nat->lock);
    change->follows = true;
    change->count = nat->in_pool_count;
    for (unsigned i = 0; i < change->count; i++) {
        change->ipv4[i] = addresses_at(&nat->addresses, nat->in_pool[i]).ipv4;
        change->uplinks[i] = (uint8_t)slot_uplink(nat, nat->in_pool[i]);
    }
    pthread_mutex_unlock(&nat->lock);
}

static bool same(const struct pool_change *change)
{
    struct nat *nat = change->nat;
    pthread_mutex_lock(&nat->lock);
    bool same = change->count == nat->in_pool_count && change->hold_down_ns == nat->pools[0].hold_down_ns &&
                change->choice.how == nat->choice.how && change->filtering == nat->filtering &&
                change->per_host == nat->per_host &&
                memcmp(change->usable, nat->usable, sizeof nat->usable) == 0;
    for (unsigned i = 0; i < change->count && same; i++)
        same = addresses_at(&nat->addresses, nat->in_pool[i]).ipv4 == change->ipv4[i] &&
               slot_uplink(nat, nat->in_pool[i]) == change->uplinks[i];
    same = same && forwards_stand(nat, &change->forwards, nat->in_pool);
    pthread_mutex_unlock(&nat->lock);
    return same;
}

enum qw_error nat_change(struct nat *nat, const struct nat_pool *wanted, bool *cut)
{
    struct pool_change *change = calloc(1, sizeof *change);
    *cut = false;
    if (!change)
        return QW_ERR_NO_MEMORY;
    change->nat = nat;
    enum qw_error error = prepare(change, wanted);
    if (wanted->address_count == 0)
        keep_addresses(change);
    if (error == QW_OK && !same(change)) {
        error = find_room(change);
        if (error == QW_OK)
            commit(change);
        *cut = change->forwards.cut;
    }
    forwards_free(&change->forwards);
    choice_free(&change->choice);
    nat_table_free(&change->by_inside);
    nat_table_free(&change->hosts);
    free(change);
    return error;
}

unsigned nat_slots_free(struct nat *nat)
{
    unsigned count = 0;
    pthread_mutex_lock(&nat->lock);
    for (unsigned slot = 0; slot < nat->slot_count; slot++)
        count += is_free(nat, slot);
    pthread_mutex_unlock(&nat->lock);
    return count;
}

/* ---- which ---- */

unsigned nat_listed(struct nat *nat, struct nat_listed out[static NAT_ADDRESSES_MAX])
{
    unsigned count = 0;
    pthread_mutex_lock(&nat->lock);
    for (unsigned i = 0; i < nat->in_pool_count; i++)
        out[count++] = (struct nat_listed){nat->in_pool[i], false};
    for (unsigned slot = 0; slot < nat->slot_count; slot++)
        if (!nat->pools[slot].usable && addresses_at(&nat->addresses, slot).ipv4 != 0)
            out[count++] = (struct nat_listed){(uint8_t)slot, true};
    pthread_mutex_unlock(&nat->lock);
    return count;
}
