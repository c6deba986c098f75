#include "own.h"
#include "rule.h"
#include "values.h"
#include <stdlib.h>
#include <string.h>

/* Rules that are read already, sorted by name: thousands of them are not compared each with each. */
static int by_name(const void *a, const void *b)
{
    const struct config_rule *const *x = a, *const *y = b;
    int order = strcmp((*x)->name, (*y)->name);
    return order ? order : (*x < *y ? -1 : *x > *y);
}

static struct place rule_place(struct check *check, const struct item *rules, const struct config_rule *rule)
{
    unsigned number = (unsigned)(rule - check->config->rules);
    return check_place(check, config_setting_get_elem(rules->setting, number));
}

static void check_names(struct check *check, const struct item *rules)
{
    const struct config *config = check->config;
    unsigned count = 0;
    const struct config_rule **named = malloc((config->rule_count + 1) * sizeof(*named));
    if (!named) {
        check->no_memory = true;
        return;
    }
    for (unsigned i = 0; i < config->rule_count; i++)
        if (config->rules[i].name)
            named[count++] = &config->rules[i];
    qsort(named, count, sizeof(*named), by_name);
    for (unsigned i = 1; i < count; i++) {
        if (strcmp(named[i - 1]->name, named[i]->name) != 0)
            continue;
        struct place before = rule_place(check, rules, named[i - 1]);
        report_at(&check->report, rule_place(check, rules, named[i]),
                  "rule \"%s\" has the name of another (%s:%u); allowed: each name once", named[i]->name,
                  before.file, before.line);
    }
    free(named);
}

static void read_rule(struct check *check, const struct item *rules, unsigned number)
{
    struct config *config = check->config;
    const config_setting_t *setting = config_setting_get_elem(rules->setting, number);
    struct rule_reading reading = {
        .check = check, .setting = setting, .place = check_place(check, setting), .label = ""};
    snprintf(reading.label, sizeof(reading.label), "rule %u", number + 1);
    struct config_rule *list = values_room(check, config->rules, config->rule_count, sizeof(*list));
    if (!list)
        return;
    config->rules = list;
    reading.rule = &list[config->rule_count++];
    memset(reading.rule, 0, sizeof(*reading.rule));
    reading.rule->line = reading.place.line;
    if (config_setting_is_group(setting)) {
        rule_read_keys(&reading);
        rule_check_pairs(&reading);
    } else {
        struct item item = {setting, reading.place, "rules", true};
        check_type_is(check, &item, "a group such as { name = \"web\"; action = \"accept\"; }");
    }
}

void check_rules(struct check *check, const struct key *key, const struct item *rules)
{
    unsigned count = (unsigned)config_setting_length(rules->setting);
    bool empty_array = config_setting_is_array(rules->setting) && count == 0;
    if (!config_setting_is_list(rules->setting) && !empty_array)
        check_wrong_type(check, key, rules);
    else if (count > CONFIG_RULES_MAX)
        report_value(&check->report, rules, "has %u rules: at most %d", count, CONFIG_RULES_MAX);
    else {
        for (unsigned i = 0; i < count && !check->no_memory; i++)
            read_rule(check, rules, i);
        check_names(check, rules);
    }
}
