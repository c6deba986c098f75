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
    unsigned prefixes; /* of all groups and rules */
    bool no_memory;    /* nothing that was reported is to be trusted */
};

/* Stores the value in its field when the key allows it; else reports every reason why not. */
void check_value(struct check *check, const struct key *key, const struct item *item);

/* check_value for KEY_INTERFACES. */
void check_interfaces(struct check *check, const struct key *key, const struct item *list);

/* check_value for the keys that rules are made of. Groups before rules, interfaces before both. */
void check_groups(struct check *check, const struct key *key, const struct item *groups);
void check_sni_lists(struct check *check, const struct key *key, const struct item *lists);
void check_rules(struct check *check, const struct key *key, const struct item *rules);

/* check_value for the keys of `nat`, of throttling and of packet sizes; lists of groups come after all
 * others. */
void check_external(struct check *check, const struct key *key, const struct item *item);
void check_ports(struct check *check, const struct key *key, const struct item *item);
void check_forwards(struct check *check, const struct key *key, const struct item *forwards);
void check_throttles(struct check *check, const struct key *key, const struct item *throttles);
void check_secret(struct check *check, const struct key *key, const struct item *item);
void check_size_limits(struct check *check, const struct key *key, const struct item *limits);

/* What must hold between keys; with the mode. */
void check_pairs(struct check *check);
void check_nat_pairs(struct check *check);

/* Where a setting stands. */
struct place check_place(const struct check *check, const config_setting_t *setting);

/* Reports a value of a wrong type, and what the key takes instead. */
void check_wrong_type(struct check *check, const struct key *key, const struct item *item);
void check_type_is(struct check *check, const struct item *item, const char *allowed);

/* Stores a whole number within the key's bounds in *out and gives true; else reports why not. */
bool check_whole(struct check *check, const struct key *key, const struct item *item, int64_t *out);

/* Stores the value of the word in *out and gives true; else reports the words there are. */
bool check_one_of(struct check *check, const struct word *words, const struct item *item, unsigned *out);

#endif
