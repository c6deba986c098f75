#include "nat_state.h"

/* Ports looked at before new flows get their turn at the lock. */
#define REPORT_AT_ONCE 4096

static size_t copy_some(const struct nat *nat, uint64_t *cursor, uint64_t end, struct nat_mapping *out,
                        size_t max)
{
    size_t got = 0;
    for (unsigned looked = 0; looked < REPORT_AT_ONCE && *cursor < end && got < max; looked++, ++*cursor) {
        unsigned slot = (unsigned)(*cursor / POOL_PORTS);
        uint16_t port = (uint16_t)*cursor;
        if (word_load(nat, slot, port) != 0)
            out[got++] = mapping_describe(nat, slot, port);
    }
    return got;
}

size_t nat_mappings(struct nat *nat, uint64_t *cursor, struct nat_mapping *out, size_t max)
{
    uint64_t end = (uint64_t)nat->slot_count * POOL_PORTS;
    size_t got = 0;
    while (*cursor < end && got < max) {
        pthread_mutex_lock(&nat->lock);
        got += copy_some(nat, cursor, end, out + got, max - got);
        pthread_mutex_unlock(&nat->lock);
    }
    return got;
}

void nat_stats(struct nat *nat, struct nat_stats *out)
{
    pthread_mutex_lock(&nat->lock);
    *out = nat->stats;
    out->ports = 0;
    for (unsigned slot = 0; slot < nat->slot_count; slot++) {
        struct nat_ports ports = pool_ports(&nat->pools[slot]);
        out->resting += ports.resting;
        out->ports += ports.usable;
    }
    pthread_mutex_unlock(&nat->lock);
}

struct nat_ports nat_ports_of(struct nat *nat, unsigned address)
{
    pthread_mutex_lock(&nat->lock);
    struct nat_ports ports = pool_ports(&nat->pools[address]);
    pthread_mutex_unlock(&nat->lock);
    return ports;
}
