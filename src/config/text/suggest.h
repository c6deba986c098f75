#ifndef CONFIG_SUGGEST_H
#define CONFIG_SUGGEST_H

#define SUGGEST_SIZE 64

/* The candidate that is nearest to a word, if any is near enough to be meant. */
struct suggestion {
    const char *word;
    unsigned distance; /* a candidate has to be nearer than this */
    char name[SUGGEST_SIZE];
};

struct suggestion suggest_for(const char *word);
void suggest_consider(struct suggestion *suggestion, const char *candidate);

/* NULL when nothing is near enough. */
const char *suggest_found(const struct suggestion *suggestion);

/* The path of the key or group that the unknown `path` most likely means, or NULL. A key of another group
 * counts, so that a setting outside of its group is named. Copied into `out`. */
const char *suggest(const char *path, char out[static SUGGEST_SIZE]);

#endif
