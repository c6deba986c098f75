#include "addresses.h"
#include "suggest.h"
#include <stdlib.h>
#include <string.h>

/* The prefix of `bits` that holds `addr`. */
static struct qw_prefix around(struct qw_addr addr, enum qw_family family, unsigned bits)
{
    unsigned keep = bits + (family == QW_IPV4 ? 96 : 0);
    for (unsigned i = 0; i < sizeof(addr.bytes); i++)
        if (keep < 8 * i + 8)
            addr.bytes[i] &= (uint8_t)(keep <= 8 * i ? 0 : 0xff00u >> (keep - 8 * i));
    return (struct qw_prefix){addr, family, (uint8_t)bits};
}

/* The number behind the slash, or -1 when it is no plain decimal of at most three digits. */
static int prefix_length(const char *text)
{
    size_t len = strlen(text);
    return len >= 1 && len <= 3 && strspn(text, "0123456789") == len ? atoi(text) : -1;
}

static void report_bad(struct check *check, const struct item *item, const char *text)
{
    char part[QW_ADDR_TEXT_MAX] = "", meant[QW_PREFIX_TEXT_MAX];
    const char *slash = strchr(text, '/');
    struct qw_addr addr;
    enum qw_family family;
    if (slash && (size_t)(slash - text) < sizeof(part))
        memcpy(part, text, (size_t)(slash - text));
    int bits = slash ? prefix_length(slash + 1) : -1;
    if (bits < 0 || !qw_addr_parse(part, &addr, &family)) {
        report_value(&check->report, item, "is no address; allowed: %s", ADDRESSES_ALLOWED);
        return;
    }
    int most = family == QW_IPV4 ? 32 : 128;
    struct qw_prefix prefix = around(addr, family, (unsigned)(bits < most ? bits : most));
    if (bits > most)
        report_value(&check->report, item, "has a prefix length beyond %d", most);
    else
        report_value(&check->report, item, "has bits beyond its length; did you mean \"%s\"?",
                     qw_prefix_text(&prefix, meant));
}

static void add(struct check *check, const struct item *item, const struct qw_prefix *prefix,
                struct config_prefixes *out)
{
    if (check->prefixes == CONFIG_PREFIXES_TOTAL)
        report_value(&check->report, item, "is one too many: at most %u addresses in all rules and groups",
                     CONFIG_PREFIXES_TOTAL);
    if (++check->prefixes > CONFIG_PREFIXES_TOTAL)
        return;
    struct qw_prefix *list = values_room(check, out->list, out->count, sizeof(*list));
    if (!list)
        return;
    out->list = list;
    list[out->count++] = *prefix;
}

void addresses_add(struct check *check, const struct item *item, struct config_prefixes *out)
{
    const char *text = config_setting_get_string(item->setting);
    struct qw_prefix prefix;
    if (!qw_prefix_parse(text, &prefix))
        report_bad(check, item, text);
    else if (out->count == CONFIG_PREFIXES_MAX)
        report_value(&check->report, item, "is one too many: at most %d addresses", CONFIG_PREFIXES_MAX);
    else
        add(check, item, &prefix, out);
}

void addresses_add_all(struct check *check, const struct item *item, const struct config_prefixes *group,
                       struct config_prefixes *out)
{
    if (out->count + group->count > CONFIG_PREFIXES_MAX) {
        report_value(&check->report, item, "makes this %u addresses: at most %d", out->count + group->count,
                     CONFIG_PREFIXES_MAX);
        return;
    }
    for (unsigned i = 0; i < group->count; i++)
        add(check, item, &group->list[i], out);
}

struct config_group *addresses_group(struct check *check, const char *text)
{
    for (unsigned i = 0; *text == '@' && i < check->config->group_count; i++)
        if (strcmp(check->config->groups[i].name, text + 1) == 0) {
            check->group_used[i] = true;
            return &check->config->groups[i];
        }
    return NULL;
}

void addresses_unknown(struct check *check, const struct item *item)
{
    struct suggestion near = suggest_for(config_setting_get_string(item->setting) + 1);
    for (unsigned i = 0; i < check->config->group_count; i++)
        suggest_consider(&near, check->config->groups[i].name);
    if (suggest_found(&near))
        report_value(&check->report, item, "names no group; did you mean \"@%s\"?", suggest_found(&near));
    else
        report_value(&check->report, item, "names no group; allowed: \"@\" and the name of one of groups");
}

void addresses_read(struct check *check, const struct item *item, void *target)
{
    if (!values_string(check, item, ADDRESSES_ALLOWED))
        return;
    const char *text = config_setting_get_string(item->setting);
    const struct config_group *group = addresses_group(check, text);
    if (group)
        addresses_add_all(check, item, &group->prefixes, target);
    else if (*text == '@')
        addresses_unknown(check, item);
    else
        addresses_add(check, item, target);
}

const char *addresses_not_unicast(const struct qw_addr *addr)
{
    uint8_t first = addr->bytes[12];
    if (first == 0)
        return "in 0.0.0.0/8";
    if (first == 127)
        return "a loopback address";
    if (first >= 240)
        return "in 240.0.0.0/4";
    return first >= 224 ? "a multicast address" : NULL;
}
