#include "places.h"
#include "schema.h"
#include <stdlib.h>
#include <string.h>

void config_defaults(struct config *out)
{
    memset(out, 0, sizeof(*out));
    for (unsigned i = 0; i < SCHEMA_COUNT; i++)
        if (!SCHEMA[i].required && SCHEMA[i].kind->preset)
            SCHEMA[i].kind->preset(out, &SCHEMA[i]);
}

void config_free(struct config *config)
{
    for (unsigned i = 0; config && i < SCHEMA_COUNT; i++) {
        const struct key_kind *kind = SCHEMA[i].kind;
        if (kind->release)
            kind->release(config, &SCHEMA[i]);
        if (kind->list.size)
            own_free(config, &kind->list);
    }
    if (config)
        places_free(config);
    free(config);
}

struct config *config_copy(const struct config *config)
{
    struct own_copying copying = {false};
    struct config *copy = malloc(sizeof(*copy));
    if (!copy)
        return NULL;
    memcpy(copy, config, sizeof(*copy));
    places_copy(&copying, copy);
    for (unsigned i = 0; i < SCHEMA_COUNT; i++) {
        const struct key_kind *kind = SCHEMA[i].kind;
        if (kind->list.size)
            own_copy_list(&copying, copy, &kind->list);
        if (kind->copy)
            kind->copy(&copying, copy, &SCHEMA[i]);
    }
    if (!copying.failed)
        return copy;
    config_free(copy);
    return NULL;
}

/* A key that the file has no longer differs by its default, and stands nowhere. */
static void tell_fixed(const struct config *config, unsigned index, const char *path, FILE *errors)
{
    const char *place = places_of(config, index);
    fprintf(errors, "%s: %s cannot change while running%s; restart quicward\n", place ? place : path,
            SCHEMA[index].path, place ? "" : " (it is missing in the file, so it would get its default)");
}

unsigned config_fixed_differences(const struct config *a, const struct config *b, const char *path,
                                  FILE *errors)
{
    unsigned count = 0;
    for (unsigned i = 0; i < SCHEMA_COUNT; i++) {
        if (!SCHEMA[i].fixed || SCHEMA[i].kind->equal(a, b, &SCHEMA[i]))
            continue;
        count++;
        if (errors)
            tell_fixed(b, i, path, errors);
    }
    return count;
}

/* An eighth of a small table is no number of flows that anybody can work with. */
#define PER_HOST_MIN 64

uint32_t config_flows_per_host(const struct config *config)
{
    uint32_t eighth = config->flows_max / 8;
    if (config->flows_per_host > 0)
        return config->flows_per_host;
    return eighth > PER_HOST_MIN ? eighth : PER_HOST_MIN;
}
