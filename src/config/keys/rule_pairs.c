#include "interface.h"
#include "rule_keys.h"
#include <string.h>

/* A rule that can never match is a mistake, and it is told where it is made. */

static const struct config_rule *rule_of(const struct entry *entry)
{
    return entry->target;
}

static const config_setting_t *member(const struct entry *entry, const char *key)
{
    return config_setting_get_member(entry->setting, key);
}

static struct place place_of(const struct entry *entry, const char *key)
{
    const config_setting_t *setting = member(entry, key);
    return setting ? check_place(entry->check, setting) : entry->place;
}

static const char *const HELLO_KEYS[] = {"sni", "sni_list", "alpn", "ech", "readable"};
#define HELLO_KEY_COUNT (sizeof(HELLO_KEYS) / sizeof(HELLO_KEYS[0]))

static void check_not_quic(const struct entry *entry)
{
    struct report *report = &entry->check->report;
    if (rule_of(entry)->quic != CONFIG_NO)
        return;
    if (member(entry, "version"))
        report_at(report, place_of(entry, "version"), "%s: version and quic = false never match together",
                  entry->label);
    for (size_t i = 0; i < HELLO_KEY_COUNT; i++)
        if (member(entry, HELLO_KEYS[i]))
            report_at(report, place_of(entry, HELLO_KEYS[i]), "%s: %s and quic = false never match together",
                      entry->label, HELLO_KEYS[i]);
}

static bool readable_version(const struct config_versions *versions)
{
    for (unsigned i = 0; i < versions->count; i++)
        if (versions->list[i] == CONFIG_VERSION_1 || versions->list[i] == CONFIG_VERSION_2)
            return true;
    return versions->count == 0;
}

static void check_unreadable(const struct entry *entry)
{
    struct report *report = &entry->check->report;
    if (readable_version(&rule_of(entry)->version))
        return;
    for (size_t i = 0; i < HELLO_KEY_COUNT; i++)
        if (member(entry, HELLO_KEYS[i]) && strcmp(HELLO_KEYS[i], "readable") != 0)
            report_at(report, place_of(entry, HELLO_KEYS[i]),
                      "%s: %s can be read in versions \"v1\" and \"v2\" only, and version allows neither",
                      entry->label, HELLO_KEYS[i]);
    if (rule_of(entry)->readable == CONFIG_YES)
        report_at(report, place_of(entry, "readable"),
                  "%s: readable = true needs version \"v1\" or \"v2\", and version allows neither",
                  entry->label);
}

static void check_nameless(const struct entry *entry)
{
    static const char *const NAME_KEYS[] = {"sni", "sni_list"};
    for (size_t i = 0; i < 2 && rule_of(entry)->readable == CONFIG_NO; i++)
        if (member(entry, NAME_KEYS[i]))
            report_at(&entry->check->report, place_of(entry, NAME_KEYS[i]),
                      "%s: %s and readable = false never match together", entry->label, NAME_KEYS[i]);
}

/* Where flows with these interfaces begin: CONFIG_ANY when that is open, or on neither side. */
static enum config_direction way_from(const struct config *config, const char *name, bool other_end)
{
    bool inside = interface_in(&config->inside, name), outside = interface_in(&config->outside, name);
    if (inside == outside)
        return CONFIG_ANY;
    return inside != other_end ? CONFIG_OUT : CONFIG_IN;
}

static void check_interface(const struct entry *entry, const char *key, const char *name,
                            enum config_direction way)
{
    enum config_direction direction = rule_of(entry)->direction;
    if (way != CONFIG_ANY && direction != CONFIG_ANY && way != direction)
        report_at(&entry->check->report, place_of(entry, key),
                  "%s: %s = \"%s\" and direction = \"%s\" never match together", entry->label, key, name,
                  config_direction_text(direction));
}

static void check_sides(const struct entry *entry)
{
    const struct config *config = entry->check->config;
    const struct config_rule *rule = rule_of(entry);
    enum config_direction from = way_from(config, rule->from_interface, false);
    enum config_direction to = way_from(config, rule->to_interface, true);
    check_interface(entry, "from_interface", rule->from_interface, from);
    check_interface(entry, "to_interface", rule->to_interface, to);
    if (from != CONFIG_ANY && to != CONFIG_ANY && from != to)
        report_at(&entry->check->report, place_of(entry, "to_interface"),
                  "%s: from_interface = \"%s\" and to_interface = \"%s\" are on one side; allowed: one of "
                  "inside and one of outside",
                  entry->label, rule->from_interface, rule->to_interface);
}

static bool has_family(const struct config_prefixes *prefixes, enum qw_family family)
{
    for (unsigned i = 0; i < prefixes->count; i++)
        if (prefixes->list[i].family == family)
            return true;
    return prefixes->count == 0;
}

static void check_families(const struct entry *entry)
{
    const struct config_rule *rule = rule_of(entry);
    bool v4 = has_family(&rule->from, QW_IPV4) && has_family(&rule->to, QW_IPV4);
    bool v6 = has_family(&rule->from, QW_IPV6) && has_family(&rule->to, QW_IPV6);
    if (!v4 && !v6)
        report_at(&entry->check->report, place_of(entry, "to"),
                  "%s: from is IPv%d and to is IPv%d, which never match together", entry->label,
                  has_family(&rule->from, QW_IPV4) ? 4 : 6, has_family(&rule->to, QW_IPV4) ? 4 : 6);
}

void rule_check_pairs(const struct entry *entry)
{
    check_not_quic(entry);
    check_unreadable(entry);
    check_nameless(entry);
    check_sides(entry);
    check_families(entry);
}
