/* From one setting of the file to one field of the struct. */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "report.h"
#include "schema.h"
#include "syntax.h"

struct check {
    struct report report;
    bool warns; /* look for what cannot be meant, too */
    struct report warnings;
    bool group_used[CONFIG_GROUPS_MAX];
    struct source source;
    struct syntax_lost lost; /* settings that were left out of the file, and reported */
    config_t file;
    struct config *config;
    unsigned prefixes;                            /* of all groups and rules */
    bool external_known;                          /* nat.external was read without a mistake */
    bool no_memory;                               /* nothing that was reported is to be trusted */
    bool knows_mode, knows_inside, knows_outside; /* the file says them without a mistake */
};

/* What must hold between keys; with the mode. */
void check_pairs(struct check *check);
void check_nat_pairs(struct check *check);
void check_cluster_pairs(struct check *check);

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
