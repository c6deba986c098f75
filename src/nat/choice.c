/* RFC 6056 3.3: obfuscated ports. NAT_RANDOM is algorithm 1 (3.3.1): a random one of those that are free.
 * NAT_KEYED is of the family of algorithm 3 (3.3.3), a keyed hash of who asks: without the secret nobody can
 * tell the port. Two things differ. The hash has the inside endpoint alone and no counter, for the mapping is
 * the same towards everybody (RFC 4787 REQ-1) and should be the same after everything was lost. And what is
 * in use is passed over by hashing again instead of by taking the next port, so that ports in use do not pile
 * up, and one port tells nothing of another. */
#include "choice.h"
#include <endian.h>
#include <stdlib.h>

/* The first is free with a pool used to 30 % in 7 of 10 cases; at 90 % one endpoint in 30 finds none of so
 * many, and is content with a random one. A full pool costs every refused packet so many hashes, which is
 * less than a microsecond. */
#define CHOICE_STEPS 32

bool choice_init(struct choice *choice, enum nat_choice how, struct qw_hash_key sequence,
                 struct qw_hash_key random, const uint64_t usable[static QW_PORT_WORDS])
{
    *choice = (struct choice){.how = how, .sequence = sequence, .random = random};
    choice->ports = calloc(POOL_PORTS, sizeof *choice->ports);
    if (!choice->ports)
        return false;
    uint32_t count = 0;
    for (unsigned kind = 0; kind < POOL_KINDS; kind++) {
        choice->first[kind] = count;
        for (unsigned port = 1; port < POOL_PORTS; port++)
            if (qw_ports_has(usable, (uint16_t)port) && pool_kind_of((uint16_t)port) == kind)
                choice->ports[count++] = (uint16_t)port;
    }
    choice->first[POOL_KINDS] = count;
    return true;
}

void choice_free(struct choice *choice)
{
    free(choice->ports);
}

/* The same on every machine: two routers may share the secret. */
static uint16_t port_of_step(const struct choice *choice, unsigned kind, struct owner owner, unsigned step)
{
    uint64_t what = htole64((uint64_t)owner.host << 32 | (uint64_t)owner.port << 16 | kind << 8 | step);
    uint32_t hash = (uint32_t)(qw_hash24(choice->sequence, &what, sizeof what) >> 32);
    uint32_t first = choice->first[kind], count = choice->first[kind + 1] - first;
    return choice->ports[first + (uint32_t)((uint64_t)hash * count >> 32)];
}

static uint16_t first_open(const struct choice *choice, const struct pool *pool, unsigned kind,
                           struct owner owner, struct qw_time now)
{
    for (unsigned step = 0; step < CHOICE_STEPS; step++) {
        uint16_t port = port_of_step(choice, kind, owner, step);
        if (pool_open_to(pool, port, owner, now))
            return port;
    }
    return 0;
}

static uint64_t next_random(struct choice *choice)
{
    uint64_t number = choice->chosen++;
    return qw_hash24(choice->random, &number, sizeof number);
}

/* The pool of an address has no port of a kind of which `ports` has none. */
uint16_t choose_port(struct choice *choice, struct pool *pool, struct owner owner, struct qw_time now)
{
    unsigned kind = pool_kind_for(pool, owner.port);
    bool any = pool_prepare(pool, kind, now);
    uint16_t port = 0;
    if (choice->how == NAT_KEYED && pool->kinds[kind].configured > 0)
        port = first_open(choice, pool, kind, owner, now);
    return port != 0 || !any ? port : pool_pick(pool, kind, next_random(choice));
}
