#include "schema.h"
#include <string.h>

static bool same_group(const struct key *a, const struct key *b)
{
    size_t len = schema_group_length(a);
    return len == schema_group_length(b) && memcmp(a->path, b->path, len) == 0;
}

void config_print(const struct config *config, FILE *out)
{
    for (unsigned i = 0; i < SCHEMA_COUNT; i++) {
        const struct key *key = &SCHEMA[i];
        if (schema_of_nat(key) && config->mode != CONFIG_NAT)
            continue;
        size_t group = schema_group_length(key);
        if (group && (i == 0 || !same_group(key, key - 1)))
            fprintf(out, "%.*s = {\n", (int)group, key->path);
        fprintf(out, "%s%s = ", group ? "    " : "", key->path + (group ? group + 1 : 0));
        key->kind->print(config, key, out);
        fputs(";\n", out);
        if (group && (i + 1 == SCHEMA_COUNT || !same_group(key, key + 1)))
            fputs("};\n", out);
    }
}
