/* What the files of this room share. A mapping has two halves: a word that packets load without a lock, and
 * the record of its port (pool.h), under the lock. */
#ifndef NAT_STATE_H
#define NAT_STATE_H

#include "addresses.h"
#include "pool.h"
#include "table.h"
#include <pthread.h>
#include <quicward/nat.h>
#include <stdalign.h>
#include <stdatomic.h>

struct nat {
    /* for every packet; written only under the lock */
    unsigned address_count;
    struct addresses addresses;
    _Atomic uint64_t *words[NAT_ADDRESSES_MAX]; /* owned, by slot and port; 0: no mapping */

    /* under the lock */
    alignas(64) pthread_mutex_t lock;
    struct pool pools[NAT_ADDRESSES_MAX];
    uint32_t last_address[NAT_ADDRESSES_MAX]; /* that the slot has or had; 0: it never had one */
    struct nat_table by_inside;               /* inside endpoint -> handle of any generation */
    struct nat_table hosts;                   /* inside address -> what counts as its mappings */
    struct nat_table peers;                   /* mapping and remote address -> sessions */
    struct qw_hash_key pairing, choosing;
    uint64_t chosen; /* ports: each choice hashes another number */
    uint64_t router[NAT_PORT_WORDS];
    enum nat_filtering filtering;
    uint32_t per_host, sessions_max, sessions;
    nat_changed *changed;
    void *context;
    struct nat_stats stats; /* but for `resting` */
};

/* ---- names ---- */

static inline nat_external handle_of(uint32_t generation, unsigned slot, uint16_t port)
{
    return generation << 22 | slot << 16 | port;
}

static inline uint32_t handle_generation(nat_external mapping)
{
    return mapping >> 22;
}

static inline unsigned handle_slot(nat_external mapping)
{
    return mapping >> 16 & (NAT_ADDRESSES_MAX - 1);
}

static inline uint16_t handle_port(nat_external mapping)
{
    return (uint16_t)mapping;
}

/* ---- addresses ---- */

static inline uint32_t ipv4_of(const struct qw_addr *addr)
{
    const uint8_t *b = addr->bytes + 12;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static inline struct qw_addr addr_of(uint32_t ipv4)
{
    return qw_addr_v4((const uint8_t[4]){(uint8_t)(ipv4 >> 24), (uint8_t)(ipv4 >> 16), (uint8_t)(ipv4 >> 8),
                                         (uint8_t)ipv4});
}

/* ---- words: IPv4 address << 32 | port << 16 | WORD_MAPPED | generation ---- */

#define WORD_MAPPED 0x8000u

static inline uint64_t word_of(const struct qw_endpoint *inside, uint32_t generation)
{
    return (uint64_t)ipv4_of(&inside->addr) << 32 | (uint32_t)inside->port << 16 | WORD_MAPPED | generation;
}

static inline uint32_t word_generation(uint64_t word)
{
    return (uint32_t)word & ((1u << GENERATION_BITS) - 1);
}

static inline struct qw_endpoint word_inside(uint64_t word)
{
    return (struct qw_endpoint){.addr = addr_of((uint32_t)(word >> 32)), .port = (uint16_t)(word >> 16)};
}

static inline uint64_t word_load(const struct nat *nat, unsigned slot, uint16_t port)
{
    return atomic_load_explicit(&nat->words[slot][port], memory_order_acquire);
}

static inline void word_store(struct nat *nat, unsigned slot, uint16_t port, uint64_t word)
{
    atomic_store_explicit(&nat->words[slot][port], word, memory_order_release);
}

/* ---- mapping.c, with the lock held ---- */

/* The port's record of a mapping that has not ended, or NULL. */
struct port *mapping_live(const struct nat *nat, nat_external mapping);

/* The mapping of `inside`, also one whose forward has no address now; 0 for none. */
nat_external mapping_find(const struct nat *nat, const struct qw_endpoint *inside);

/* Makes a mapping for `inside`, which has none. */
enum nat_answer mapping_make(struct nat *nat, const struct qw_endpoint *inside, struct qw_time now,
                             nat_external *out);
void mapping_forward(struct nat *nat, const struct nat_forward *forward, struct qw_time now);

/* Ends a mapping that is no forward; its port rests. `counts`: as one of its host's mappings meanwhile. */
void mapping_end(struct nat *nat, unsigned slot, uint16_t port, bool counts, struct qw_time now);

/* The mapping on a port that has one. */
struct nat_mapping mapping_describe(const struct nat *nat, unsigned slot, uint16_t port);

/* The key in `peers`. Those of one slot are neighbours. */
static inline uint64_t peer_key(unsigned slot, uint16_t port, uint32_t remote)
{
    return (uint64_t)slot << 48 | (uint64_t)port << 32 | remote;
}

#endif
