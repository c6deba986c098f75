/* The records of another router's store, as they were read last. A record that was found good stays so until
 * its bytes or the terms change: when a takeover comes, most of them need not be judged again. */
#ifndef PEER_COPY_H
#define PEER_COPY_H

#include "record.h"

struct copy {
    uint8_t *records; /* owned; NULL: there is no copy */
    uint64_t *proven; /* owned; a bit a slot: its record is a flow that the terms allow */
    uint64_t slots;
};

/* For `slots` records, all of them empty. False when memory is short: there is no copy then. */
bool copy_make(struct copy *copy, uint64_t slots);
void copy_free(struct copy *copy);

/* What was read of `count` slots from `first` on, which exist: `len` bytes, of which those beyond the last
 * slot are left out. What is missing was never written, and is zero. */
void copy_put(struct copy *copy, uint64_t first, uint64_t count, const void *bytes, size_t len);

/* Judges those of them that are not proven yet. */
void copy_prove(struct copy *copy, const struct record_terms *terms, uint64_t first, uint64_t count);

/* The terms are others from now on: nothing is proven. */
void copy_distrust(struct copy *copy);

/* As record_read of that slot. */
enum record_result copy_read(const struct copy *copy, const struct record_terms *terms, uint64_t slot,
                             struct engine_mirrored *out);

/* How many slots have a record. */
uint64_t copy_count(const struct copy *copy);

#endif
