/* Key hash -> slot: open addressing with linear probing, at most half full, so that a lookup is one cache
 * line before the record itself. An entry holds 32 bits of the keyed hash; the record's key decides. Entries
 * are atomic because flow_fetch looks at them without the lock that all else is called under. */
#ifndef FLOW_INDEX_H
#define FLOW_INDEX_H

#include <quicward/flow.h>

struct index {
    _Atomic uint64_t *entries; /* owned; tag << 32 | slot, INDEX_FREE without */
    uint32_t mask;
};

#define INDEX_FREE UINT64_MAX

/* Room for `capacity` entries. False when memory is short. */
bool index_init(struct index *index, uint32_t capacity);
void index_free(struct index *index);

void index_add(struct index *index, uint64_t hash, uint32_t slot);

/* The slot must be there under `hash`. */
void index_remove(struct index *index, uint64_t hash, uint32_t slot);

/* The slot among `flows` whose record has `key`, or FLOW_NONE. */
uint32_t index_find(const struct index *index, const struct flow *flows, const struct flow_key *key,
                    uint64_t hash);

/* A slot that probably is the one, or FLOW_NONE; needs no lock, touches no record. */
uint32_t index_guess(const struct index *index, uint64_t hash);

#endif
