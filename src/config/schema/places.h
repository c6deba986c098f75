/* Where the keys of a file stand, for what is said of them later. */
#ifndef CONFIG_PLACES_H
#define CONFIG_PLACES_H

#include "report.h"
#include "schema.h"

/* Notes where `key` stands. False when memory is short: nothing is noted then. */
bool places_note(struct config *config, const struct key *key, struct place place);

/* "FILE:LINE" of the key at that index of the schema; NULL: the file does not have it. */
const char *places_of(const struct config *config, unsigned index);

/* The places of `copy`, which still shares them with its original, become its own. */
void places_copy(struct own_copying *copying, struct config *copy);
void places_free(struct config *config);

#endif
