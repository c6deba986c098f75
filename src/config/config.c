#include "field.h"
#include "own.h"
#include <stdlib.h>
#include <string.h>

void config_defaults(struct config *out)
{
    memset(out, 0, sizeof(*out));
    for (unsigned i = 0; i < SCHEMA_COUNT; i++) {
        const struct key *key = &SCHEMA[i];
        if (key->required)
            continue;
        if (key->type == KEY_PATH)
            field_set_text(out, key, key->text);
        else if (field_is_number(key))
            field_set_number(out, key, key->number);
    }
}

void config_free(struct config *config)
{
    if (config)
        own_free(config);
    free(config);
}

const char *config_fixed_difference(const struct config *a, const struct config *b)
{
    for (unsigned i = 0; i < SCHEMA_COUNT; i++)
        if (SCHEMA[i].fixed && !field_equal(a, b, &SCHEMA[i]))
            return SCHEMA[i].path;
    return NULL;
}
