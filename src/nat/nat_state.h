/* What the files of this room share. A mapping has two halves: a word that packets load without a lock, and
 * the record of its port (pool.h), under the lock. The word is written last when a mapping begins and cleared
 * first when it ends: it says whether there is one. */
#ifndef NAT_STATE_H
#define NAT_STATE_H

#include "blocks.h"
#include "choice.h"
#include "hosts.h"
#include "nat_addresses.h"
#include "nat_table.h"
#include "pool.h"
#include "shown.h"
#include <pthread.h>
#include <quicward/nat.h>
#include <stdalign.h>
#include <stdatomic.h>

/* What a crash must not lose of an external address. */
struct kept_slot {
    uint32_t ipv4, generation; /* as in `addresses` */
    uint32_t last_address;     /* that the slot has or had; 0: it never had one */
    uint32_t spare;
};

struct nat {
    /* for every packet; written only under the lock */
    unsigned slot_count; /* places for addresses, in use or not */
    struct addresses addresses;
    _Atomic uint64_t *words[NAT_ADDRESSES_MAX]; /* by slot and port, in memory handed in; 0: no mapping */
    _Atomic uint64_t routers[QW_PORT_WORDS];    /* the same ports as in `router` */
    _Atomic uint8_t uplinks[NAT_ADDRESSES_MAX]; /* that the address of a slot is for; 0: any */
    _Atomic uint64_t own_uplinks;               /* bit u: uplink u has addresses of the pool */

    /* under the lock */
    alignas(64) pthread_mutex_t lock;
    struct pool pools[NAT_ADDRESSES_MAX];
    uint64_t usable[QW_PORT_WORDS];     /* of all addresses of the pool */
    uint8_t in_pool[NAT_ADDRESSES_MAX]; /* the slots of the pool's addresses, in order */
    bool any_uplink;                    /* some of them are for any uplink */
    unsigned uplink_max;                /* no address ever was for a higher one */
    unsigned in_pool_count;
    struct kept_slot *slots;        /* in memory handed in */
    struct store *own;              /* owned; NULL: the memory was handed in */
    struct qw_port_map *shown;      /* borrowed, one a slot; NULL: nobody looks */
    struct nat_table by_inside;     /* inside endpoint -> handle of any generation */
    struct nat_table hosts;         /* inside address -> what counts as its mappings */
    struct nat_table peers;         /* mapping and remote address -> sessions */
    const struct qw_owners *owners; /* borrowed; NULL: the address of a host follows from: */
    struct qw_hash_key pairing;
    struct choice choice;
    struct blocks blocks;
    uint64_t router[QW_PORT_WORDS];
    enum nat_filtering filtering;
    uint32_t per_host, sessions_max, sessions;
    nat_changed *changed;
    void *context;
    uint32_t forwards;
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

static inline struct owner owner_of(const struct qw_endpoint *inside)
{
    return (struct owner){ipv4_of(&inside->addr), inside->port};
}

static inline struct qw_endpoint word_inside(uint64_t word)
{
    return (struct qw_endpoint){.addr = addr_of((uint32_t)(word >> 32)), .port = (uint16_t)(word >> 16)};
}

static inline uint64_t word_load(const struct nat *nat, unsigned slot, uint16_t port)
{
    return atomic_load_explicit(&nat->words[slot][port], memory_order_acquire);
}

/* Who is shown the ports never misses a mapping: a port is used a moment earlier, and longer. */
static inline void word_store(struct nat *nat, unsigned slot, uint16_t port, uint64_t word)
{
    if (nat->shown && word != 0)
        shown_set(&nat->shown[slot], port, true);
    atomic_store_explicit(&nat->words[slot][port], word, memory_order_release);
    if (nat->shown && word == 0)
        shown_set(&nat->shown[slot], port, false);
}

/* Are the regions of this program's form, for so many addresses? (nat.c) */
bool nat_memory_fits(const struct nat_memory *memory, uint64_t address_count);

/* How many sessions there may be, and so mappings; and mappings besides, of so many forwards. (nat.c) */
uint32_t nat_mappings_max(const struct nat *nat, uint64_t ports, uint32_t forwards);

/* Makes room in the tables for mappings on `ports` ports, beside forwards; does nothing when there is. False
 * when memory is short. With the lock held; packets of new flows wait meanwhile. (change_pool.c) */
bool nat_make_room(struct nat *nat, uint64_t ports);

/* An address that is not of the pool, for mappings of an earlier process: its slot, or ADDRESSES_NONE. With
 * the lock held. (change_pool.c) */
unsigned nat_keep_left(struct nat *nat, uint32_t ipv4);

/* An address that left the pool, and has no mapping any more, is none from now on. With the lock held.
 * (change_pool.c) */
void nat_retire_left(struct nat *nat, unsigned slot);

/* Which uplinks the addresses of the pool are for, when they have changed. (nat.c) */
void nat_take_uplinks(struct nat *nat);

/* Sets a slot's address, 0 for none, and the next generation. (nat.c) */
void nat_place(struct nat *nat, unsigned slot, uint32_t ipv4);

/* With the lock held, as nat_adopt says; and a port rests, false when it is neither free nor the router's.
 * (nat_adopt.c) */
enum nat_adopted adopt_mapping(struct nat *nat, const struct nat_mapping *record, struct qw_time now);
bool adopt_rest(struct nat *nat, unsigned slot, uint16_t port, struct owner owner, bool counts,
                struct qw_time since);

/* Its two halves, with the lock held: may the mapping come, apart from what its inside endpoint has; with
 * `wakes` also on a port that rests; *slot is that of its address with NAT_ADOPTED. And it comes: the inside
 * endpoint has none on the slot's uplink. (nat_adopt.c) */
struct adopt_hashes {
    uint32_t inside, host; /* of the keys in by_inside, on the slot's uplink, and in `hosts` */
};
enum nat_adopted adopt_judge(const struct nat *nat, const struct nat_mapping *record, bool wakes,
                             struct qw_time now, unsigned *slot);
nat_external adopt_take(struct nat *nat, const struct nat_mapping *record, unsigned slot,
                        const struct adopt_hashes *hashes);

/* ---- nat_mapping.c, with the lock held ---- */

/* Has the mapping not ended? */
bool mapping_live(const struct nat *nat, nat_external mapping);

/* Its port's record, and what counts its sessions. */
static inline const struct port *mapping_port(const struct nat *nat, nat_external mapping)
{
    return &nat->pools[handle_slot(mapping)].ports[handle_port(mapping)];
}

static inline uint32_t *mapping_sessions(const struct nat *nat, nat_external mapping)
{
    return &nat->pools[handle_slot(mapping)].links[handle_port(mapping)].sessions;
}

/* The handle of today for one in `by_inside`, which may be of another generation. */
nat_external mapping_now(const struct nat *nat, nat_external entered);

/* The mapping of `inside` on addresses of that uplink, or that are for any (0); also one whose forward has no
 * address now; 0 for none. */
nat_external mapping_find(const struct nat *nat, const struct qw_endpoint *inside, unsigned uplink);

/* A mapping of `inside` on whatever uplink. 0 for none. */
nat_external mapping_any(const struct nat *nat, const struct qw_endpoint *inside);

/* Makes a mapping for `inside`, which has none there. */
enum nat_answer mapping_make(struct nat *nat, const struct qw_endpoint *inside, unsigned uplink,
                             struct qw_time now, nat_external *out);

/* The address of a slot is for another uplink from now on, with all that stands on it. */
void mapping_change_uplink(struct nat *nat, unsigned slot, unsigned uplink);
void mapping_forward(struct nat *nat, unsigned slot, const struct nat_forward *forward, struct qw_time now);

/* Enters a mapping whose port is written already: its handle. `hash`: of its key in by_inside. */
nat_external mapping_set_up(struct nat *nat, const struct qw_endpoint *inside, unsigned slot, uint16_t port);
nat_external mapping_set_up_at(struct nat *nat, const struct qw_endpoint *inside, unsigned slot,
                               uint16_t port, uint32_t hash);

/* Ends a mapping that is no forward; its port rests. `counts`: as one of its host's mappings meanwhile. */
void mapping_end(struct nat *nat, unsigned slot, uint16_t port, bool counts, struct qw_time now);

/* Tells that the mapping on a port was made, or ends. */
void mapping_tell(const struct nat *nat, unsigned slot, uint16_t port, bool created, struct qw_time now);

/* Takes the mapping on a port out of the tables: its handle is nobody's, and its host has one less unless it
 * `counts`. The port is the caller's. */
void mapping_take_down(struct nat *nat, unsigned slot, uint16_t port, bool counts);

/* The mapping on a port that has one. */
struct nat_mapping mapping_describe(const struct nat *nat, unsigned slot, uint16_t port);

/* Counts a session on a mapping that is live; `hash`: of its key `peer` in `peers`. (sessions.c) */
void session_hold(struct nat *nat, nat_external mapping, const struct qw_addr *remote);
void session_hold_at(struct nat *nat, nat_external mapping, uint64_t peer, uint32_t hash);

static inline unsigned slot_uplink(const struct nat *nat, unsigned slot)
{
    return atomic_load_explicit(&nat->uplinks[slot], memory_order_relaxed);
}

/* What an uplink counts as: one without addresses of its own is like any other. */
static inline unsigned uplink_counts_as(const struct nat *nat, unsigned uplink)
{
    uint64_t own = atomic_load_explicit(&nat->own_uplinks, memory_order_relaxed);
    return uplink <= NAT_UPLINKS_MAX && own >> uplink & 1 ? uplink : 0;
}

/* The key in `by_inside`. */
static inline uint64_t inside_key(const struct qw_endpoint *inside, unsigned uplink)
{
    return word_of(inside, uplink);
}

/* That of the same endpoint on another uplink than "any", of which `key` is. */
static inline uint64_t inside_key_on(uint64_t key, unsigned uplink)
{
    return key | uplink;
}

/* The key in `peers`. Those of one slot are neighbours. */
static inline uint64_t peer_key(unsigned slot, uint16_t port, uint32_t remote)
{
    return (uint64_t)slot << 48 | (uint64_t)port << 32 | remote;
}

#endif
