/* The list of keys. Reading, checking, printing, comparing and suggesting all walk this one table. */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <quicward/config.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_type {
    KEY_NUMBER,      /* whole number: bool, uint16_t or uint32_t field */
    KEY_SWITCH,      /* true or false: bool field */
    KEY_WORD,        /* one of `words`: enum field */
    KEY_PATH,        /* absolute path of a file: char array field */
    KEY_INTERFACES,  /* list of strings: struct config_interfaces field */
    KEY_GROUPS,      /* named addresses: owned list */
    KEY_SNI_LISTS,   /* named files of host names, likewise */
    KEY_RULES,       /* likewise */
    KEY_EXTERNAL,    /* "auto" or IPv4 addresses: nat.external */
    KEY_PORTS,       /* ports and ranges: struct config_ports field */
    KEY_FORWARDS,    /* owned list */
    KEY_THROTTLES,   /* likewise */
    KEY_SIZE_LIMITS, /* likewise */
    KEY_SECRET,      /* "random" or 32 hexadecimal digits: throttle.key */
    KEY_TYPES
};

struct word {
    const char *text; /* NULL ends the table */
    unsigned value;
};

/* Word tables that are used elsewhere too. */
extern const struct word SCHEMA_MODES[], SCHEMA_ACTIONS[], SCHEMA_DIRECTIONS[], SCHEMA_TRAFFIC[];

struct key {
    const char *path; /* "mode" or "group.name" */
    enum key_type type;
    size_t offset, size; /* of the field in struct config */
    int64_t min, max;    /* KEY_NUMBER; `min` of KEY_PORTS: 1 when the list may not be empty */
    const char *unit;    /* KEY_NUMBER: "seconds", "bytes", or NULL for a plain count */
    const char *why_min; /* the source of `min`, or NULL */
    const struct word *words;
    int64_t number;      /* the default of a number, a switch or a word */
    const char *text;    /* the default of a path */
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

#define SCHEMA_TEXT_SIZE 512

/* What some keys take, for messages. */
#define SCHEMA_EXTERNAL_ALLOWED "\"auto\" alone, or unicast IPv4 addresses such as [\"198.51.100.7\"]"
#define SCHEMA_PORT_ALLOWED "a port from 1 to 65535, or a range such as \"1000-2000\""
#define SCHEMA_SECRET_ALLOWED "\"random\", or 32 hexadecimal digits"

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
