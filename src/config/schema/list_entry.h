/* Lists of groups: rules, nat.forwards, throttles, size_limits. */
#ifndef CONFIG_ENTRY_H
#define CONFIG_ENTRY_H

#include "values.h"

#define ENTRY_LABEL_SIZE (CONFIG_NAME_MAX + sizeof("rule \"\""))

/* One group of a list. */
struct entry {
    struct check *check;
    const config_setting_t *setting;
    struct place place;
    void *target;                 /* the element of the struct that it becomes */
    char label[ENTRY_LABEL_SIZE]; /* `rule "NAME"` where it has one, else `throttle 3` */
};

struct entry_key {
    const char *name;
    value_reader *read;       /* into `target` of the entry */
    bool required;            /* what is allowed is then told by */
    const char *allowed;      /* this, */
    const struct word *words; /* or these */
};

struct entry_kind {
    const char *one, *many; /* "rule", "rules" */
    unsigned max;
    const char *example; /* "a group such as { ... }" */
    const struct entry_key *keys;
    size_t key_count;
    size_t line;                                    /* where an element keeps the line that it begins in */
    void (*check_pairs)(const struct entry *entry); /* once all keys are read; may be NULL */
    bool plain; /* elements own nothing: one with errors in it is emptied */
};

/* Adds an element to the list of the key's kind for each group of the file's list, reads its keys, and
 * reports what is wrong. False when the list as a whole is wrong or memory is short. */
bool entries_read(struct check *check, const struct key *key, const struct item *list,
                  const struct entry_kind *kind);

/* What no two elements of a list may share. */
struct entry_twins {
    struct own_list list;                       /* with one element for each group of the file's */
    bool (*has)(const void *element);           /* was what is compared read? */
    int (*order)(const void *a, const void *b); /* 0: they share it */
    void (*tell)(const struct entry_twins *twins, struct check *check, struct place place,
                 const void *element, struct place before);
    /* Of elements that share more than their beginning; `b` comes after `a` in that order. NULL, NULL: those
     * share that are equal in it. */
    bool (*meets)(const void *a, const void *b);  /* does `b` share with `a`? */
    bool (*passes)(const void *a, const void *b); /* could another one share with `b` and not with `a`? */
};

/* Calls `tell` for every element that shares with one before it. */
void entries_find_twins(struct check *check, const struct item *list, const struct entry_twins *twins);

/* The number of an element as labels have it. */
unsigned entries_number(const struct entry_twins *twins, const struct config *config, const void *element);

/* Writes one element, without a newline at its end. */
typedef void entry_printer(const struct config *config, const void *element, FILE *out);

/* Prints the list of the key's kind, each element from a line of its own on. `end` goes before the last
 * parenthesis where there are elements. */
void entries_print(const struct config *config, const struct key *key, entry_printer *one, const char *end,
                   FILE *out);

#endif
