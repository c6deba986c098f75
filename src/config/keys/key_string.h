/* Keys whose field is a char array. */
#ifndef CONFIG_KEY_STRING_H
#define CONFIG_KEY_STRING_H

#include "key_check.h"

/* `text` is shorter than the field. */
void string_set(struct config *config, const struct key *key, const char *text);

/* Functions of struct key_kind. */
void string_preset(struct config *config, const struct key *key);
void string_print(const struct config *config, const struct key *key, FILE *out);
bool string_equal(const struct config *a, const struct config *b, const struct key *key);

#endif
