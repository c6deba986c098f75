#include "rule.h"
#include <string.h>

/* A rule that can never match is a mistake, and it is told where it is made. */

static const config_setting_t *member(const struct rule_reading *reading, const char *key)
{
    return config_setting_get_member(reading->setting, key);
}

static struct place place_of(const struct rule_reading *reading, const char *key)
{
    const config_setting_t *setting = member(reading, key);
    return setting ? check_place(reading->check, setting) : reading->place;
}

static const char *const HELLO_KEYS[] = {"sni", "sni_list", "alpn", "ech"};
#define HELLO_KEY_COUNT (sizeof(HELLO_KEYS) / sizeof(HELLO_KEYS[0]))

static void check_not_quic(const struct rule_reading *reading)
{
    struct report *report = &reading->check->report;
    if (reading->rule->quic != CONFIG_NO)
        return;
    if (member(reading, "version"))
        report_at(report, place_of(reading, "version"), "%s: version and quic = false never match together",
                  reading->label);
    for (size_t i = 0; i < HELLO_KEY_COUNT; i++)
        if (member(reading, HELLO_KEYS[i]))
            report_at(report, place_of(reading, HELLO_KEYS[i]),
                      "%s: %s and quic = false never match together", reading->label, HELLO_KEYS[i]);
}

static bool readable_version(const struct config_versions *versions)
{
    for (unsigned i = 0; i < versions->count; i++)
        if (versions->list[i] == CONFIG_VERSION_1 || versions->list[i] == CONFIG_VERSION_2)
            return true;
    return versions->count == 0;
}

static void check_unreadable(const struct rule_reading *reading)
{
    for (size_t i = 0; i < HELLO_KEY_COUNT && !readable_version(&reading->rule->version); i++)
        if (member(reading, HELLO_KEYS[i]))
            report_at(&reading->check->report, place_of(reading, HELLO_KEYS[i]),
                      "%s: %s can be read in versions \"v1\" and \"v2\" only, and version allows neither",
                      reading->label, HELLO_KEYS[i]);
}

static bool contains(const struct config_interfaces *interfaces, const char *name)
{
    for (unsigned i = 0; i < interfaces->count; i++)
        if (strcmp(interfaces->names[i], name) == 0)
            return true;
    return false;
}

/* Where flows with these interfaces begin: CONFIG_ANY when that is open, or on neither side. */
static enum config_direction way_from(const struct config *config, const char *name, bool other_end)
{
    bool inside = contains(&config->inside, name), outside = contains(&config->outside, name);
    if (inside == outside)
        return CONFIG_ANY;
    return inside != other_end ? CONFIG_OUT : CONFIG_IN;
}

static void check_interface(const struct rule_reading *reading, const char *key, const char *name,
                            enum config_direction way)
{
    enum config_direction direction = reading->rule->direction;
    if (way != CONFIG_ANY && direction != CONFIG_ANY && way != direction)
        report_at(&reading->check->report, place_of(reading, key),
                  "%s: %s = \"%s\" and direction = \"%s\" never match together", reading->label, key, name,
                  config_direction_text(direction));
}

static void check_sides(const struct rule_reading *reading)
{
    const struct config *config = reading->check->config;
    const struct config_rule *rule = reading->rule;
    enum config_direction from = way_from(config, rule->from_interface, false);
    enum config_direction to = way_from(config, rule->to_interface, true);
    check_interface(reading, "from_interface", rule->from_interface, from);
    check_interface(reading, "to_interface", rule->to_interface, to);
    if (from != CONFIG_ANY && to != CONFIG_ANY && from != to)
        report_at(&reading->check->report, place_of(reading, "to_interface"),
                  "%s: from_interface = \"%s\" and to_interface = \"%s\" are on one side; allowed: one of "
                  "inside and one of outside",
                  reading->label, rule->from_interface, rule->to_interface);
}

static bool has_family(const struct config_prefixes *prefixes, enum qw_family family)
{
    for (unsigned i = 0; i < prefixes->count; i++)
        if (prefixes->list[i].family == family)
            return true;
    return prefixes->count == 0;
}

static void check_families(const struct rule_reading *reading)
{
    const struct config_rule *rule = reading->rule;
    bool v4 = has_family(&rule->from, QW_IPV4) && has_family(&rule->to, QW_IPV4);
    bool v6 = has_family(&rule->from, QW_IPV6) && has_family(&rule->to, QW_IPV6);
    if (!v4 && !v6)
        report_at(&reading->check->report, place_of(reading, "to"),
                  "%s: from is IPv%d and to is IPv%d, which never match together", reading->label,
                  has_family(&rule->from, QW_IPV4) ? 4 : 6, has_family(&rule->to, QW_IPV4) ? 4 : 6);
}

void rule_check_pairs(const struct rule_reading *reading)
{
    check_not_quic(reading);
    check_unreadable(reading);
    check_sides(reading);
    check_families(reading);
}
