#include "capacity.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct unit {
    const char *text;
    uint64_t factor;
} UNITS[] = {{"G", 1000000000}, {"M", 1000000}, {"k", 1000}, {"", 1}};
#define UNIT_COUNT (sizeof(UNITS) / sizeof(UNITS[0]))

static uint64_t times(uint64_t value, uint64_t factor)
{
    return value > UINT64_MAX / factor ? UINT64_MAX : value * factor;
}

bool capacity_parse(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    const char *at = text;
    for (; isdigit((unsigned char)*at); at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        value = times(value, 10);
        value = value > UINT64_MAX - digit ? UINT64_MAX : value + digit;
    }
    if (at == text || (*text == '0' && at > text + 1))
        return false;
    for (unsigned i = 0; i < UNIT_COUNT; i++)
        if (strcmp(at, UNITS[i].text) == 0) {
            *out = times(value, UNITS[i].factor);
            return true;
        }
    return false;
}

char *capacity_text(uint64_t capacity, char out[static CAPACITY_TEXT_MAX])
{
    unsigned unit = 0;
    while (capacity % UNITS[unit].factor)
        unit++;
    snprintf(out, CAPACITY_TEXT_MAX, "%" PRIu64 "%s", capacity / UNITS[unit].factor, UNITS[unit].text);
    return out;
}
