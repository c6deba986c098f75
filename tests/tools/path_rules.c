#include "path_rules.h"

#include <stdlib.h>
#include <string.h>

#define US_PER_MS 1000
#define SNAP 100 /* Ethernet, IPv6, UDP, and what a long header begins with */

enum kind { KIND_LOSS, KIND_REORDER, KIND_LATE, KIND_JITTER, KINDS };

struct path_rules path_rules_none(void)
{
    return (struct path_rules){.late_us = 5 * US_PER_MS, .snap = SNAP};
}

/* A decimal number of at most `max`, in parts of 1/scale. */
static bool decimal(const char **text, double max, double scale, uint64_t *out)
{
    char *end;
    if (**text < '0' || **text > '9')
        return false;
    double value = strtod(*text, &end);
    *text = end;
    *out = (uint64_t)(value * scale + 0.5);
    return value <= max;
}

static bool whole(const char *text, double max, double scale, uint64_t *out)
{
    return decimal(&text, max, scale, out) && *text == '\0';
}

static bool chance(const char *text, uint32_t *out)
{
    uint64_t parts;
    if (!decimal(&text, 100, PATH_PARTS / 100.0, &parts) || strcmp(text, "%") != 0)
        return false;
    *out = (uint32_t)parts;
    return true;
}

/* "SECONDS:CLIENT-MS:SERVER-MS" */
static bool step(const char *text, struct path_rules *rules)
{
    return decimal(&text, 1000, 1e6, &rules->step_us) && *text++ == ':' &&
           decimal(&text, 10000, US_PER_MS, &rules->later_us[LINK_CLIENT]) && *text++ == ':' &&
           whole(text, 10000, US_PER_MS, &rules->later_us[LINK_SERVER]);
}

bool path_rules_read(struct path_rules *rules, const char *text)
{
    const struct {
        const char *key;
        uint64_t *out;
    } times[] = {{"client=", &rules->half_us[LINK_CLIENT]},
                 {"server=", &rules->half_us[LINK_SERVER]},
                 {"late=", &rules->late_us},
                 {"jitter=", &rules->jitter_us}};
    for (unsigned i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        if (strncmp(text, times[i].key, strlen(times[i].key)) == 0)
            return whole(text + strlen(times[i].key), 10000, US_PER_MS, times[i].out);
    uint64_t n;
    if (strncmp(text, "loss=", 5) == 0)
        return chance(text + 5, &rules->loss);
    if (strncmp(text, "reorder=", 8) == 0)
        return chance(text + 8, &rules->reorder);
    if (strncmp(text, "step=", 5) == 0)
        return step(text + 5, rules);
    if (strncmp(text, "seed=", 5) == 0)
        return whole(text + 5, UINT32_MAX, 1, &rules->seed);
    if (strncmp(text, "snap=", 5) != 0 || !whole(text + 5, UINT16_MAX, 1, &n))
        return false;
    rules->snap = (unsigned)n;
    return true;
}

struct path_trip path_trip(const struct path_rules *rules, enum link_side from, enum link_side side,
                           uint32_t number, bool stepped)
{
    uint32_t dice[KINDS];
    for (unsigned kind = 0; kind < KINDS; kind++)
        dice[kind] = link_random(rules->seed, kind, side, from, number) % PATH_PARTS;
    struct path_trip trip = {.lost = dice[KIND_LOSS] < rules->loss,
                             .late = dice[KIND_REORDER] < rules->reorder};
    trip.delay_us = (stepped ? rules->later_us : rules->half_us)[side] / 2;
    trip.delay_us += rules->jitter_us * dice[KIND_JITTER] / PATH_PARTS;
    if (trip.late)
        trip.delay_us += rules->late_us * dice[KIND_LATE] / PATH_PARTS;
    return trip;
}
