/* What a file may say and nobody means. All errors were looked for before: there are none. */
#ifndef CONFIG_WARN_H
#define CONFIG_WARN_H

#include "key_check.h"

/* Writes "FILE:LINE: warning: ..." and counts it. */
void warn_at(struct check *check, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Rules that never match, whatever stands before them. */
void warn_useless_rules(struct check *check);
/* Rules that an earlier rule leaves nothing. */
void warn_shadowed_rules(struct check *check);
/* Groups and lists that no rule names. */
void warn_unused(struct check *check);
/* Limits of which one makes the other pointless. */
void warn_limits(struct check *check);

/* External addresses that do not follow the interface which packets leave by. */
void warn_uplinks(struct check *check);

/* Where rule `number` stands. */
struct place warn_rule_place(const struct check *check, unsigned number);

#endif
