/* One rule: from a group of the file to a struct config_rule. */
#ifndef CONFIG_RULE_H
#define CONFIG_RULE_H

#include "list_entry.h"

extern const struct entry_key RULE_KEYS[];
extern const size_t RULE_KEY_COUNT;

/* Reports keys of the rule that cannot hold together. */
void rule_check_pairs(const struct entry *entry);

#endif
