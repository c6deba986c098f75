#include "rule_keys.h"
#include "addresses.h"
#include "interface.h"
#include <string.h>

static void read_name(struct check *check, const struct item *item, void *target)
{
    struct config_rule *rule = target;
    if (!values_string(check, item, VALUES_NAME_ALLOWED))
        return;
    const char *text = config_setting_get_string(item->setting);
    if (!values_is_name(text))
        report_value(&check->report, item, "is no name; allowed: %s", VALUES_NAME_ALLOWED);
    else if (strcmp(text, "default") == 0)
        report_value(&check->report, item,
                     "is reserved for flows that no rule decided; allowed: other names");
    else
        rule->name = values_text(check, text);
}

static void read_direction(struct check *check, const struct item *item, void *target)
{
    struct config_rule *rule = target;
    unsigned value;
    if (check_one_of(check, SCHEMA_DIRECTIONS, item, &value))
        rule->direction = (enum config_direction)value;
}

static void read_action(struct check *check, const struct item *item, void *target)
{
    struct config_rule *rule = target;
    unsigned value;
    if (check_one_of(check, SCHEMA_ACTIONS, item, &value))
        rule->action = (enum config_action)value;
}

static void read_from_interface(struct check *check, const struct item *item, void *target)
{
    struct config_rule *rule = target;
    interface_read(check, item, rule->from_interface);
}

static void read_to_interface(struct check *check, const struct item *item, void *target)
{
    struct config_rule *rule = target;
    interface_read(check, item, rule->to_interface);
}

static void read_from(struct check *check, const struct item *item, void *target)
{
    struct config_rule *rule = target;
    values_each(check, item, CONFIG_PREFIXES_MAX, ADDRESSES_ALLOWED, addresses_read, &rule->from);
}

static void read_to(struct check *check, const struct item *item, void *target)
{
    struct config_rule *rule = target;
    values_each(check, item, CONFIG_PREFIXES_MAX, ADDRESSES_ALLOWED, addresses_read, &rule->to);
}

static void read_from_port(struct check *check, const struct item *item, void *target)
{
    struct config_rule *rule = target;
    values_each(check, item, CONFIG_LIST_MAX, VALUES_PORT_ALLOWED, values_port, &rule->from_port);
}

static void read_to_port(struct check *check, const struct item *item, void *target)
{
    struct config_rule *rule = target;
    values_each(check, item, CONFIG_LIST_MAX, VALUES_PORT_ALLOWED, values_port, &rule->to_port);
}

static void read_match(struct check *check, const struct item *item, enum config_match *out)
{
    if (config_setting_type(item->setting) == CONFIG_TYPE_BOOL)
        *out = config_setting_get_bool(item->setting) ? CONFIG_YES : CONFIG_NO;
    else
        check_type_is(check, item, "true or false");
}

static void read_quic(struct check *check, const struct item *item, void *target)
{
    struct config_rule *rule = target;
    read_match(check, item, &rule->quic);
}

static void read_ech(struct check *check, const struct item *item, void *target)
{
    struct config_rule *rule = target;
    read_match(check, item, &rule->ech);
}

static void read_readable(struct check *check, const struct item *item, void *target)
{
    struct config_rule *rule = target;
    read_match(check, item, &rule->readable);
}

static void read_fast(struct check *check, const struct item *item, void *target)
{
    struct config_rule *rule = target;
    read_match(check, item, &rule->fast);
}

static void read_misshapen(struct check *check, const struct item *item, void *target)
{
    struct config_rule *rule = target;
    read_match(check, item, &rule->misshapen);
}

static void read_version(struct check *check, const struct item *item, void *target)
{
    struct config_rule *rule = target;
    values_each(check, item, CONFIG_LIST_MAX, VALUES_VERSION_ALLOWED, values_version, &rule->version);
}

static void read_sni(struct check *check, const struct item *item, void *target)
{
    struct config_rule *rule = target;
    values_each(check, item, CONFIG_LIST_MAX, VALUES_SNI_ALLOWED, values_sni, &rule->sni);
}

static void read_sni_list(struct check *check, const struct item *item, void *target)
{
    struct config_rule *rule = target;
    values_each(check, item, CONFIG_LIST_MAX, VALUES_LIST_ALLOWED, values_sni_list, &rule->sni_list);
}

static void read_alpn(struct check *check, const struct item *item, void *target)
{
    struct config_rule *rule = target;
    values_each(check, item, CONFIG_LIST_MAX, VALUES_ALPN_ALLOWED, values_alpn, &rule->alpn);
}

const struct entry_key RULE_KEYS[] = {
    {"name", read_name, true, VALUES_NAME_ALLOWED, NULL},
    {"direction", read_direction, false, NULL, NULL},
    {"from_interface", read_from_interface, false, NULL, NULL},
    {"to_interface", read_to_interface, false, NULL, NULL},
    {"from", read_from, false, NULL, NULL},
    {"to", read_to, false, NULL, NULL},
    {"from_port", read_from_port, false, NULL, NULL},
    {"to_port", read_to_port, false, NULL, NULL},
    {"quic", read_quic, false, NULL, NULL},
    {"misshapen", read_misshapen, false, NULL, NULL},
    {"version", read_version, false, NULL, NULL},
    {"sni", read_sni, false, NULL, NULL},
    {"sni_list", read_sni_list, false, NULL, NULL},
    {"alpn", read_alpn, false, NULL, NULL},
    {"ech", read_ech, false, NULL, NULL},
    {"readable", read_readable, false, NULL, NULL},
    {"fast", read_fast, false, NULL, NULL},
    {"action", read_action, true, NULL, SCHEMA_ACTIONS},
};
const size_t RULE_KEY_COUNT = sizeof(RULE_KEYS) / sizeof(RULE_KEYS[0]);
