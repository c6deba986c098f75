/* Which port a new mapping gets, of those that the pool has. */
#ifndef NAT_CHOICE_H
#define NAT_CHOICE_H

#include "pool.h"

struct choice {
    enum nat_choice how;
    struct qw_hash_key sequence; /* of NAT_KEYED: kept */
    struct qw_hash_key random;   /* of this run */
    uint64_t chosen;             /* random numbers so far: each hashes another one */
    uint16_t *ports;             /* owned: all that may be handed out, by kind, in order */
    uint32_t first[POOL_KINDS + 1];
};

/* `usable`: the ports of all addresses, those of forwards among them, so that a forward more or less leaves
 * the sequences as they are. False when memory is short: choice_free all the same. */
bool choice_init(struct choice *choice, enum nat_choice how, struct qw_hash_key sequence,
                 struct qw_hash_key random, const uint64_t usable[static QW_PORT_WORDS]);
void choice_free(struct choice *choice);

/* A port for a mapping of `owner` that pool_take may take; 0 when there is none. Bounded: CHOICE_STEPS looks.
 */
uint16_t choose_port(struct choice *choice, struct pool *pool, struct owner owner, struct qw_time now);

#endif
