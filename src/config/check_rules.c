#include "rule.h"
#include <string.h>

static void *add(struct check *check, unsigned line)
{
    struct config *config = check->config;
    struct config_rule *list = values_room(check, config->rules, config->rule_count, sizeof(*list));
    if (!list)
        return NULL;
    config->rules = list;
    list[config->rule_count] = (struct config_rule){.line = line};
    return &list[config->rule_count++];
}

static bool has_name(const void *element)
{
    return ((const struct config_rule *)element)->name != NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct config_rule *)a)->name, ((const struct config_rule *)b)->name);
}

static void tell_name(const struct entry_twins *twins, struct check *check, struct place place,
                      const void *element, struct place before)
{
    (void)twins;
    report_at(&check->report, place, "rule \"%s\" has the name of another (%s:%u); allowed: each name once",
              ((const struct config_rule *)element)->name, before.file, before.line);
}

void check_rules(struct check *check, const struct key *key, const struct item *rules)
{
    const struct entry_kind kind = {.one = "rule",
                                    .many = "rules",
                                    .max = CONFIG_RULES_MAX,
                                    .example = "a group such as { name = \"web\"; action = \"accept\"; }",
                                    .keys = RULE_KEYS,
                                    .key_count = RULE_KEY_COUNT,
                                    .add = add,
                                    .check_pairs = rule_check_pairs};
    if (!entries_read(check, key, rules, &kind))
        return;
    const struct config *config = check->config;
    entries_find_twins(check, rules,
                       &(struct entry_twins){config->rules, config->rule_count, sizeof(*config->rules),
                                             has_name, by_name, tell_name});
}
