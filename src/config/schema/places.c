#include "places.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool places_note(struct config *config, const struct key *key, struct place place)
{
    if (!config->places)
        config->places = calloc(SCHEMA_COUNT, sizeof(*config->places));
    if (!config->places)
        return false;
    char **text = &config->places[key - SCHEMA];
    free(*text);
    if (asprintf(text, "%s:%u", place.file, place.line) < 0)
        *text = NULL;
    return *text;
}

const char *places_of(const struct config *config, unsigned index)
{
    return config->places ? config->places[index] : NULL;
}

void places_copy(struct own_copying *copying, struct config *copy)
{
    char **before = copy->places;
    unsigned count = before ? SCHEMA_COUNT : 0;
    copy->places = before ? calloc(count, sizeof(*before)) : NULL;
    copying->failed |= before && !copy->places;
    for (unsigned i = 0; copy->places && i < count; i++)
        copy->places[i] = before[i] ? own_text(copying, before[i]) : NULL;
}

void places_free(struct config *config)
{
    for (unsigned i = 0; config->places && i < SCHEMA_COUNT; i++)
        free(config->places[i]);
    free(config->places);
    config->places = NULL;
}
