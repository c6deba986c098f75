/* Addresses that are not translated. */
#include "addresses.h"
#include "key_check.h"
#include "print_list.h"
#include <stdlib.h>

#define EXCEPT_ALLOWED                                                                                       \
    "[], IPv4 addresses and prefixes such as \"192.0.2.0/24\", or names of groups such as \"@partners\""

/* Kernel rules are made of them, and the rest of the file has to say which addresses are external. */
static void check_prefix(struct check *check, const struct item *item, const struct qw_prefix *prefix)
{
    char text[QW_PREFIX_TEXT_MAX], address[QW_ADDR_TEXT_MAX];
    const struct config *config = check->config;
    qw_prefix_text(prefix, text);
    if (prefix->family != QW_IPV4)
        report_at(&check->report, item->place,
                  "nat.except has %s, which is IPv6 and never translated; allowed: %s", text, EXCEPT_ALLOWED);
    else if (prefix->bits == 0)
        report_at(&check->report, item->place, "nat.except has %s, which is every address; allowed: %s", text,
                  EXCEPT_ALLOWED);
    for (unsigned i = 0; i < config->external_count && !config->external_auto && check->external_known; i++)
        if (qw_prefix_contains(prefix, &config->external[i], QW_IPV4))
            report_at(&check->report, item->place,
                      "nat.except has %s, and nat.external has %s; allowed: others", text,
                      qw_addr_text(&config->external[i], QW_IPV4, address));
}

static void check_except(struct check *check, const struct key *key, const struct item *item)
{
    (void)key;
    struct config_prefixes *except = &check->config->nat_except;
    bool list = config_setting_is_array(item->setting) || config_setting_is_list(item->setting);
    if (list && config_setting_length(item->setting) == 0)
        return;
    values_each(check, item, CONFIG_PREFIXES_MAX, EXCEPT_ALLOWED, addresses_read, except);
    if (except->count > CONFIG_EXCEPT_MAX)
        report_value(&check->report, item, "has %u addresses: at most %d", except->count, CONFIG_EXCEPT_MAX);
    for (unsigned i = 0; i < except->count && i < CONFIG_EXCEPT_MAX; i++)
        check_prefix(check, item, &except->list[i]);
}

bool config_is_excepted(const struct config *config, const struct qw_addr *one, const struct qw_addr *other)
{
    for (unsigned i = 0; i < config->nat_except.count; i++)
        if (qw_prefix_contains(&config->nat_except.list[i], one, QW_IPV4) ||
            qw_prefix_contains(&config->nat_except.list[i], other, QW_IPV4))
            return true;
    return false;
}

static void print(const struct config *config, const struct key *key, FILE *out)
{
    (void)key;
    print_list(config->nat_except.list, config->nat_except.count, print_prefix, out);
}

static void copy(struct own_copying *copying, struct config *config, const struct key *key)
{
    (void)key;
    struct config_prefixes *except = &config->nat_except;
    except->list = own_copy(copying, except->list, &except->count, sizeof(*except->list));
}

static void release(struct config *config, const struct key *key)
{
    (void)key;
    free(config->nat_except.list);
}

const struct key_kind EXCEPT_KIND = {.form = EXCEPT_ALLOWED,
                                     .late = true,
                                     .check = check_except,
                                     .print = print,
                                     .copy = copy,
                                     .release = release};
