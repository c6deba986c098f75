/* Users, groups, and the permissions of files. */
#include "key_string.h"
#include "values.h"
#include <stdlib.h>
#include <string.h>

#define ALLOWED "a name of up to 32 letters, digits, \".\", \"_\" and \"-\", or \"\""
#define MODE_ALLOWED "four octal digits in double quotes, from \"0600\" to \"0777\""

/* Whether somebody has it is known on the machine alone, at the start. */
static void check_account(struct check *check, const struct key *key, const struct item *item)
{
    const char *text = config_setting_get_string(item->setting);
    size_t len = text ? strlen(text) : 0;
    if (!text)
        check_wrong_type(check, key, item);
    else if (len >= key->size || !values_is_account(text))
        report_value(&check->report, item, "is no name; allowed: %s", ALLOWED);
    else
        string_set(check->config, key, text);
}

const struct key_kind ACCOUNT_KIND = {.form = ALLOWED,
                                      .preset = string_preset,
                                      .check = check_account,
                                      .print = string_print,
                                      .equal = string_equal};

static uint16_t *mode_of(struct config *config, const struct key *key)
{
    return (uint16_t *)(void *)((char *)config + key->offset);
}

static uint16_t get_mode(const struct config *config, const struct key *key)
{
    return *(const uint16_t *)(const void *)((const char *)config + key->offset);
}

static void preset_mode(struct config *config, const struct key *key)
{
    *mode_of(config, key) = (uint16_t)key->number;
}

/* The daemon's own user must be able to ask it. */
static void check_mode(struct check *check, const struct key *key, const struct item *item)
{
    const char *text = config_setting_get_string(item->setting);
    unsigned long mode = text ? strtoul(text, NULL, 8) : 0;
    if (!text)
        check_wrong_type(check, key, item);
    else if (strlen(text) != 4 || strspn(text, "01234567") != 4 || mode > 0777 || (mode & 0600) != 0600)
        report_value(&check->report, item, "is no mode of a socket; allowed: %s", MODE_ALLOWED);
    else
        *mode_of(check->config, key) = (uint16_t)mode;
}

static void print_mode(const struct config *config, const struct key *key, FILE *out)
{
    fprintf(out, "\"%04o\"", get_mode(config, key));
}

static bool equal_mode(const struct config *a, const struct config *b, const struct key *key)
{
    return get_mode(a, key) == get_mode(b, key);
}

const struct key_kind MODE_KIND = {.form = MODE_ALLOWED,
                                   .preset = preset_mode,
                                   .check = check_mode,
                                   .print = print_mode,
                                   .equal = equal_mode};
