#include "link_rules.h"

#include <quicward/base/time.h>
#include <random.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_MS 1000
#define MS_MAX 10000

struct link_rules link_rules_none(void)
{
    return (struct link_rules){.late_us = 10 * US_PER_MS};
}

static bool number(const char **text, unsigned long max, unsigned long *out)
{
    char *end;
    if (**text < '0' || **text > '9')
        return false;
    *out = strtoul(*text, &end, 10);
    *text = end;
    return *out <= max;
}

static bool whole(const char *text, unsigned long max, unsigned long *out)
{
    return number(&text, max, out) && *text == '\0';
}

/* "3" or "2-7". */
static bool range(const char **text, uint64_t *numbers)
{
    unsigned long first, last;
    if (!number(text, LINK_NUMBERS_MAX, &first) || first == 0)
        return false;
    last = first;
    if (**text == '-') {
        ++*text;
        if (!number(text, LINK_NUMBERS_MAX, &last))
            return false;
    }
    for (unsigned long n = first; n <= last; n++)
        *numbers |= 1ull << (n - 1);
    return last >= first;
}

static bool choice(const char *text, struct link_choice *out)
{
    const char *at = text;
    unsigned long percent;
    if (number(&at, 100, &percent) && strcmp(at, "%") == 0) {
        out->percent = (unsigned)percent;
        return true;
    }
    while (range(&text, &out->numbers)) {
        if (*text == '\0')
            return true;
        if (*text++ != ',')
            return false;
    }
    return false;
}

static bool rebinds(const char *text, struct link_rules *rules)
{
    unsigned long at;
    while (rules->rebinds < LINK_REBINDS_MAX && number(&text, UINT32_MAX, &at)) {
        rules->rebind[rules->rebinds++] = (uint32_t)at;
        if (*text == '\0')
            return true;
        if (*text++ != ',')
            return false;
    }
    return false;
}

static bool read_choice(struct link_rules *rules, const char *text, const char *value)
{
    const struct {
        const char *key;
        struct link_choice *choice;
    } known[] = {
        {"drop-client=", &rules->drop[LINK_CLIENT]},       {"drop-server=", &rules->drop[LINK_SERVER]},
        {"corrupt-client=", &rules->corrupt[LINK_CLIENT]}, {"corrupt-server=", &rules->corrupt[LINK_SERVER]},
        {"late-client=", &rules->late[LINK_CLIENT]},       {"late-server=", &rules->late[LINK_SERVER]}};
    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strncmp(text, known[i].key, strlen(known[i].key)) == 0)
            return choice(value, known[i].choice);
    return false;
}

bool link_rules_read(struct link_rules *rules, const char *text)
{
    const char *value = strchr(text, '=');
    unsigned long n;
    if (!value++)
        return false;
    if (strncmp(text, "rebind=", 7) == 0)
        return rebinds(value, rules);
    if (read_choice(rules, text, value))
        return true;
    if (strncmp(text, "burst=", 6) == 0 && whole(value, LINK_NUMBERS_MAX, &n))
        rules->burst = (unsigned)n;
    else if (strncmp(text, "delay=", 6) == 0 && whole(value, MS_MAX, &n))
        rules->delay_us = n * US_PER_MS;
    else if (strncmp(text, "late=", 5) == 0 && whole(value, MS_MAX, &n))
        rules->late_us = n * US_PER_MS;
    else if (strncmp(text, "pace=", 5) == 0 && whole(value, MS_MAX, &n))
        rules->pace_us = n * US_PER_MS;
    else if (strncmp(text, "seed=", 5) == 0 && whole(value, UINT32_MAX, &n))
        rules->seed = n;
    else
        return false;
    return true;
}

uint32_t link_random(uint64_t seed, unsigned kind, uint32_t flow, enum link_side side, uint32_t number)
{
    const uint64_t parts[] = {kind, flow, side, number};
    uint64_t state = seed + 1;
    uint32_t random = test_random(&state);
    for (unsigned i = 0; i < 4; i++) {
        state = state * 31 + parts[i] + random;
        random = test_random(&state);
    }
    return test_random(&state);
}

bool link_chosen(const struct link_rules *rules, const struct link_choice *choice, unsigned kind,
                 uint32_t flow, enum link_side side, uint32_t number)
{
    if (number <= LINK_NUMBERS_MAX && choice->numbers >> (number - 1) & 1)
        return true;
    return link_random(rules->seed, kind, flow, side, number) % 100 < choice->percent;
}
