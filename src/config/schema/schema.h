/* The list of keys. Reading, checking, printing, comparing and suggesting all walk this one table. */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include "own.h"
#include <stdbool.h>
#include <stdint.h>

struct check;
struct item;
struct key;

/* What a key takes, and all that is done with a value of it: one for each file of src/config/keys that has
 * values. */
struct key_kind {
    const char *form;     /* for messages; NULL: made of the key's bounds, or of its words */
    bool late;            /* its values may name others that stand further down in the file */
    struct own_list list; /* what a list of groups is kept in; size 0: none */
    /* Stores the default in its field; NULL: the field of nothing is zero. */
    void (*preset)(struct config *config, const struct key *key);
    /* Stores the value in its field when the key allows it; else reports every reason why not. */
    void (*check)(struct check *check, const struct key *key, const struct item *item);
    void (*print)(const struct config *config, const struct key *key, FILE *out);
    /* NULL: the key is not fixed, so nobody asks. */
    bool (*equal)(const struct config *a, const struct config *b, const struct key *key);
    /* What its value owns, in a copy that still shares it; `list` is copied before. NULL: nothing more. */
    void (*copy)(struct own_copying *copying, struct config *copy, const struct key *key);
    /* Frees what `copy` would copy. */
    void (*release)(struct config *config, const struct key *key);
};

extern const struct key_kind NUMBER_KIND, SWITCH_KIND, WORD_KIND, NAME_KIND, PATH_KIND, FOLDER_KIND,
    INTERFACES_KIND, GROUPS_KIND, EXCEPT_KIND, SNI_LISTS_KIND, RULES_KIND, EXTERNAL_KIND, PORTS_KIND,
    FORWARDS_KIND, THROTTLES_KIND, SIZE_LIMITS_KIND, SECRET_KIND, INSIDE_PREFIXES_KIND, ACCOUNT_KIND,
    MODE_KIND, LISTEN_KIND, COLLECTOR_KIND, ADDRESS_KIND, PEERS_KIND, OWNERS_KIND;

struct word {
    const char *text; /* NULL ends the table */
    unsigned value;
};

/* Word tables that are used elsewhere too. */
extern const struct word SCHEMA_MODES[], SCHEMA_ACTIONS[], SCHEMA_DIRECTIONS[], SCHEMA_TRAFFIC[];

struct key {
    const char *path; /* "mode" or "group.name" */
    const struct key_kind *kind;
    size_t offset, size; /* of the field in struct config */
    int64_t min, max;    /* of a number; `min` of ports: 1 when the list may not be empty */
    const char *unit;    /* of a number: "seconds", "bytes", or NULL for a plain count */
    const char *why_min; /* the source of `min`, or NULL */
    const struct word *words;
    int64_t number;      /* the default of a number, a switch or a word */
    const char *text;    /* the default of a path or a name */
    const char *off;     /* the word that stands for no path, or NULL */
    bool required;       /* has no default; of nat: in mode "nat" only */
    bool fixed;          /* a running daemon cannot change it */
    const char *meaning; /* completes "KEY is missing: " */
};

extern const struct key SCHEMA[];
extern const unsigned SCHEMA_COUNT;

/* The key of exactly this path, or NULL. */
const struct key *schema_find(const char *path);

/* Length of the group's name in the key's path; 0 for a key outside of groups. */
size_t schema_group_length(const struct key *key);

/* Is it one of `nat`, which only mode "nat" has? */
bool schema_of_nat(const struct key *key);

/* Whether some key lies in a group of this name. */
bool schema_is_group(const char *name);

#define SCHEMA_TEXT_SIZE 1024

/* What ports take, for messages. */
#define SCHEMA_PORT_ALLOWED "a port from 1 to 65535, or a range such as \"1000-2000\""

/* What the key takes, for a message: "a whole number from 0 to 65535". Returns `out`. */
char *schema_allowed(const struct key *key, char out[static SCHEMA_TEXT_SIZE]);

/* The words of a table, for a message: "accept", "drop". Returns `out`. */
char *schema_words(const struct word *words, char out[static SCHEMA_TEXT_SIZE]);

/* The entry of that text, or NULL. The text for a value, or NULL. */
const struct word *schema_word_find(const struct word *words, const char *text);
const char *schema_word_text(const struct word *words, unsigned value);

/* The names that may stand in `group` (NULL: at the top), for a message: "first", "workers", ... Returns
 * `out`. */
char *schema_names(const char *group, char out[static SCHEMA_TEXT_SIZE]);

#endif
