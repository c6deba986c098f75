#include "addresses.h"
#include "rule.h"
#include "suggest.h"
#include <string.h>

struct rule_key {
    const char *name;
    void (*read)(const struct rule_reading *reading, const struct item *item);
};

static void read_name(const struct rule_reading *reading, const struct item *item)
{
    struct check *check = reading->check;
    if (!values_string(check, item, VALUES_NAME_ALLOWED))
        return;
    const char *text = config_setting_get_string(item->setting);
    if (!values_is_name(text))
        report_value(&check->report, item, "is no name; allowed: %s", VALUES_NAME_ALLOWED);
    else if (strcmp(text, "default") == 0)
        report_value(&check->report, item, "is what reports call flows without a rule; allowed: other names");
    else
        reading->rule->name = values_text(check, text);
}

static void read_direction(const struct rule_reading *reading, const struct item *item)
{
    unsigned value;
    if (check_one_of(reading->check, SCHEMA_DIRECTIONS, item, &value))
        reading->rule->direction = (enum config_direction)value;
}

static void read_action(const struct rule_reading *reading, const struct item *item)
{
    unsigned value;
    if (check_one_of(reading->check, SCHEMA_ACTIONS, item, &value))
        reading->rule->action = (enum config_action)value;
}

static bool named_in(const struct config_interfaces *interfaces, const char *name, struct suggestion *near)
{
    for (unsigned i = 0; i < interfaces->count; i++) {
        if (strcmp(interfaces->names[i], name) == 0)
            return true;
        suggest_consider(near, interfaces->names[i]);
    }
    return false;
}

#define INTERFACE_ALLOWED "one of the interfaces of inside and outside"

static void read_interface(struct check *check, const struct item *item,
                           char out[static CONFIG_INTERFACE_NAME_MAX])
{
    if (!values_string(check, item, INTERFACE_ALLOWED))
        return;
    const char *name = config_setting_get_string(item->setting);
    struct suggestion near = suggest_for(name);
    if (named_in(&check->config->inside, name, &near) || named_in(&check->config->outside, name, &near))
        memcpy(out, name, strlen(name));
    else if (suggest_found(&near))
        report_value(&check->report, item, "is not in inside or outside; did you mean \"%s\"?",
                     suggest_found(&near));
    else
        report_value(&check->report, item, "is not in inside or outside; allowed: %s", INTERFACE_ALLOWED);
}

static void read_from_interface(const struct rule_reading *reading, const struct item *item)
{
    read_interface(reading->check, item, reading->rule->from_interface);
}

static void read_to_interface(const struct rule_reading *reading, const struct item *item)
{
    read_interface(reading->check, item, reading->rule->to_interface);
}

static void read_address(struct check *check, const struct item *item, void *target)
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

static void read_from(const struct rule_reading *reading, const struct item *item)
{
    values_each(reading->check, item, CONFIG_PREFIXES_MAX, ADDRESSES_ALLOWED, read_address,
                &reading->rule->from);
}

static void read_to(const struct rule_reading *reading, const struct item *item)
{
    values_each(reading->check, item, CONFIG_PREFIXES_MAX, ADDRESSES_ALLOWED, read_address,
                &reading->rule->to);
}

static void read_from_port(const struct rule_reading *reading, const struct item *item)
{
    values_each(reading->check, item, CONFIG_LIST_MAX, VALUES_PORT_ALLOWED, values_port,
                &reading->rule->from_port);
}

static void read_to_port(const struct rule_reading *reading, const struct item *item)
{
    values_each(reading->check, item, CONFIG_LIST_MAX, VALUES_PORT_ALLOWED, values_port,
                &reading->rule->to_port);
}

static void read_match(struct check *check, const struct item *item, enum config_match *out)
{
    if (config_setting_type(item->setting) == CONFIG_TYPE_BOOL)
        *out = config_setting_get_bool(item->setting) ? CONFIG_YES : CONFIG_NO;
    else
        check_type_is(check, item, "true or false");
}

static void read_quic(const struct rule_reading *reading, const struct item *item)
{
    read_match(reading->check, item, &reading->rule->quic);
}

static void read_ech(const struct rule_reading *reading, const struct item *item)
{
    read_match(reading->check, item, &reading->rule->ech);
}

static void read_misshapen(const struct rule_reading *reading, const struct item *item)
{
    read_match(reading->check, item, &reading->rule->misshapen);
}

static void read_version(const struct rule_reading *reading, const struct item *item)
{
    values_each(reading->check, item, CONFIG_LIST_MAX, VALUES_VERSION_ALLOWED, values_version,
                &reading->rule->version);
}

static void read_sni(const struct rule_reading *reading, const struct item *item)
{
    values_each(reading->check, item, CONFIG_LIST_MAX, VALUES_SNI_ALLOWED, values_sni, &reading->rule->sni);
}

static void read_sni_list(const struct rule_reading *reading, const struct item *item)
{
    values_each(reading->check, item, CONFIG_LIST_MAX, VALUES_LIST_ALLOWED, values_sni_list,
                &reading->rule->sni_list);
}

static void read_alpn(const struct rule_reading *reading, const struct item *item)
{
    values_each(reading->check, item, CONFIG_LIST_MAX, VALUES_ALPN_ALLOWED, values_alpn,
                &reading->rule->alpn);
}

static const struct rule_key KEYS[] = {
    {"name", read_name},
    {"direction", read_direction},
    {"from_interface", read_from_interface},
    {"to_interface", read_to_interface},
    {"from", read_from},
    {"to", read_to},
    {"from_port", read_from_port},
    {"to_port", read_to_port},
    {"quic", read_quic},
    {"misshapen", read_misshapen},
    {"version", read_version},
    {"sni", read_sni},
    {"sni_list", read_sni_list},
    {"alpn", read_alpn},
    {"ech", read_ech},
    {"action", read_action},
};
#define KEY_COUNT (sizeof(KEYS) / sizeof(KEYS[0]))

static void report_unknown(const struct rule_reading *reading, const config_setting_t *setting)
{
    struct check *check = reading->check;
    const char *name = config_setting_name(setting);
    struct suggestion near = suggest_for(name);
    char names[SCHEMA_TEXT_SIZE] = "";
    for (size_t i = 0, used = 0; i < KEY_COUNT; i++) {
        suggest_consider(&near, KEYS[i].name);
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s\"%s\"", i ? ", " : "", KEYS[i].name);
    }
    if (suggest_found(&near))
        report_at(&check->report, check_place(check, setting),
                  "%s: unknown key \"%.64s\"; did you mean \"%s\"?", reading->label, name,
                  suggest_found(&near));
    else
        report_at(&check->report, check_place(check, setting), "%s: unknown key \"%.64s\"; allowed: %s",
                  reading->label, name, names);
}

static void read_key(const struct rule_reading *reading, const config_setting_t *setting)
{
    char path[RULE_LABEL_SIZE + sizeof(": from_interface")];
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (strcmp(KEYS[i].name, config_setting_name(setting)) == 0) {
            snprintf(path, sizeof(path), "%s: %s", reading->label, KEYS[i].name);
            struct item item = {setting, check_place(reading->check, setting), path, false};
            KEYS[i].read(reading, &item);
            return;
        }
    report_unknown(reading, setting);
}

static void check_missing(const struct rule_reading *reading)
{
    char allowed[SCHEMA_TEXT_SIZE];
    struct report *report = &reading->check->report;
    if (!config_setting_get_member(reading->setting, "name"))
        report_at(report, reading->place, "%s: \"name\" is missing; allowed: %s", reading->label,
                  VALUES_NAME_ALLOWED);
    if (!config_setting_get_member(reading->setting, "action"))
        report_at(report, reading->place, "%s: \"action\" is missing; allowed: %s", reading->label,
                  schema_words(SCHEMA_ACTIONS, allowed));
}

void rule_read_keys(struct rule_reading *reading)
{
    const char *name = NULL;
    if (config_setting_lookup_string(reading->setting, "name", &name) && values_is_name(name))
        snprintf(reading->label, sizeof(reading->label), "rule \"%s\"", name);
    for (int i = 0; i < config_setting_length(reading->setting) && !reading->check->no_memory; i++)
        read_key(reading, config_setting_get_elem(reading->setting, (unsigned)i));
    check_missing(reading);
}
