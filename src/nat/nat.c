/* A room's life. */
#include "state.h"
#include <stdlib.h>
#include <string.h>

enum purpose { FOR_PAIRING, FOR_CHOOSING, FOR_INSIDE, FOR_HOSTS, FOR_PEERS };

/* Nobody learns from one use of the secret what another does. */
static struct qw_hash_key key_for(struct qw_hash_key secret, enum purpose purpose)
{
    const uint8_t low[2] = {(uint8_t)purpose, 0}, high[2] = {(uint8_t)purpose, 1};
    return (struct qw_hash_key){qw_hash24(secret, low, sizeof low), qw_hash24(secret, high, sizeof high)};
}

static void copy_options(struct nat *nat, const struct nat_options *options)
{
    nat->address_count = options->address_count;
    nat->filtering = options->filtering;
    nat->per_host = options->per_host;
    nat->sessions_max = options->sessions_max;
    nat->changed = options->changed;
    nat->context = options->context;
    nat->pairing = key_for(options->secret, FOR_PAIRING);
    nat->choosing = key_for(options->secret, FOR_CHOOSING);
}

static bool make_words(struct nat *nat, unsigned slot)
{
    nat->words[slot] = malloc(POOL_PORTS * sizeof *nat->words[slot]);
    if (!nat->words[slot])
        return false;
    for (unsigned port = 0; port < POOL_PORTS; port++)
        atomic_init(&nat->words[slot][port], 0);
    return true;
}

static bool make_slots(struct nat *nat, const struct nat_options *options)
{
    uint64_t usable[NAT_PORT_WORDS];
    for (unsigned slot = 0; slot < options->address_count; slot++) {
        ports_usable(options, slot, usable);
        if (!make_words(nat, slot) ||
            !pool_init(&nat->pools[slot], usable, options->hold_down_ns, nat->router, &nat->hosts))
            return false;
        nat->stats.ports += pool_configured(&nat->pools[slot]);
        nat->last_address[slot] = ipv4_of(&options->addresses[slot]);
        addresses_set(&nat->addresses, slot, nat->last_address[slot]);
    }
    return true;
}

/* Every mapping but a forward has a port of the pool and a session; what counts for a host has a port. */
static bool make_tables(struct nat *nat, const struct nat_options *options)
{
    uint32_t mappings = options->sessions_max < nat->stats.ports ? options->sessions_max : nat->stats.ports;
    uint32_t peers = options->filtering == NAT_ADDRESS_DEPENDENT ? options->sessions_max : 0;
    return nat_table_init(&nat->by_inside, mappings + options->forward_count,
                          key_for(options->secret, FOR_INSIDE)) &&
           nat_table_init(&nat->hosts, nat->stats.ports, key_for(options->secret, FOR_HOSTS)) &&
           nat_table_init(&nat->peers, peers, key_for(options->secret, FOR_PEERS));
}

struct nat *nat_new(const struct nat_options *options)
{
    struct nat *nat = aligned_alloc(alignof(struct nat), sizeof *nat);
    if (!nat)
        return NULL;
    memset(nat, 0, sizeof *nat);
    pthread_mutex_init(&nat->lock, NULL);
    copy_options(nat, options);
    if (!make_slots(nat, options) || !make_tables(nat, options)) {
        nat_free(nat);
        return NULL;
    }
    for (unsigned i = 0; i < options->forward_count; i++)
        mapping_forward(nat, &options->forwards[i], options->now);
    return nat;
}

void nat_free(struct nat *nat)
{
    if (!nat)
        return;
    for (unsigned slot = 0; slot < nat->address_count; slot++) {
        free(nat->words[slot]);
        pool_free(&nat->pools[slot]);
    }
    nat_table_free(&nat->by_inside);
    nat_table_free(&nat->hosts);
    nat_table_free(&nat->peers);
    pthread_mutex_destroy(&nat->lock);
    free(nat);
}
