/* The addresses that hosts inside have. */
#include "addresses.h"
#include "key_check.h"
#include "print_list.h"
#include <stdlib.h>
#include <string.h>

#define INSIDE_ALLOWED "\"auto\" or \"any\" alone, " ADDRESSES_ALLOWED

static void check_inside(struct check *check, const struct key *key, const struct item *item)
{
    (void)key;
    struct config *config = check->config;
    const char *text = config_setting_get_string(item->setting);
    config->inside_how = CONFIG_INSIDE_LIST;
    if (text && strcmp(text, "auto") == 0)
        config->inside_how = CONFIG_INSIDE_AUTO;
    else if (text && strcmp(text, "any") == 0)
        config->inside_how = CONFIG_INSIDE_ANY;
    else
        values_each(check, item, CONFIG_PREFIXES_MAX, INSIDE_ALLOWED, addresses_read,
                    &config->inside_prefixes);
}

static void print(const struct config *config, const struct key *key, FILE *out)
{
    (void)key;
    if (config->inside_how == CONFIG_INSIDE_LIST)
        print_list(config->inside_prefixes.list, config->inside_prefixes.count, print_prefix, out);
    else
        fputs(config->inside_how == CONFIG_INSIDE_AUTO ? "\"auto\"" : "\"any\"", out);
}

static void copy(struct own_copying *copying, struct config *config, const struct key *key)
{
    (void)key;
    struct config_prefixes *prefixes = &config->inside_prefixes;
    prefixes->list = own_copy(copying, prefixes->list, &prefixes->count, sizeof(*prefixes->list));
}

static void release(struct config *config, const struct key *key)
{
    (void)key;
    free(config->inside_prefixes.list);
}

const struct key_kind INSIDE_PREFIXES_KIND = {.form = INSIDE_ALLOWED,
                                              .late = true,
                                              .check = check_inside,
                                              .print = print,
                                              .copy = copy,
                                              .release = release};
