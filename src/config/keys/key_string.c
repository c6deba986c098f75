#include "key_string.h"
#include "quote.h"
#include <string.h>

static const char *get(const struct config *config, const struct key *key)
{
    return (const char *)config + key->offset;
}

void string_set(struct config *config, const struct key *key, const char *text)
{
    char *field = (char *)config + key->offset;
    memset(field, 0, key->size);
    memcpy(field, text, strnlen(text, key->size - 1));
}

void string_preset(struct config *config, const struct key *key)
{
    string_set(config, key, key->text);
}

void string_print(const struct config *config, const struct key *key, FILE *out)
{
    quote_write(out, get(config, key), SIZE_MAX);
}

bool string_equal(const struct config *a, const struct config *b, const struct key *key)
{
    return strcmp(get(a, key), get(b, key)) == 0;
}
