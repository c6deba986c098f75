/* From one setting of the file to one field of the struct. */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "report.h"
#include "schema.h"
#include "source.h"

struct check {
    struct report report;
    struct source source;
    config_t file;
    struct config *config;
};

/* Stores the value in its field when the key allows it; else reports every reason why not. */
void check_value(struct check *check, const struct key *key, const struct item *item);

/* check_value for KEY_INTERFACES. */
void check_interfaces(struct check *check, const struct key *key, const struct item *list);

/* What must hold between keys. */
void check_pairs(struct check *check);

/* Where a setting stands. */
struct place check_place(const struct check *check, const config_setting_t *setting);

/* Reports a value of a wrong type, and what the key takes instead. */
void check_wrong_type(struct check *check, const struct key *key, const struct item *item);

#endif
