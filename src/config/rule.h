/* One rule: from a group of the file to a struct config_rule. */
#ifndef CONFIG_RULE_H
#define CONFIG_RULE_H

#include "check.h"

#define RULE_LABEL_SIZE (CONFIG_NAME_MAX + sizeof("rule \"\""))

struct rule_reading {
    struct check *check;
    struct config_rule *rule;
    const config_setting_t *setting;
    struct place place;
    char label[RULE_LABEL_SIZE]; /* `rule "NAME"`, or `rule 3` while the name isn't known */
};

/* Reads every key of the rule into `rule`, reporting what is wrong with each. */
void rule_read_keys(struct rule_reading *reading);

/* Reports keys of the rule that cannot hold together. */
void rule_check_pairs(const struct rule_reading *reading);

#endif
