#include "suggest.h"
#include "schema.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static unsigned min(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours that turn
 * `a` into `b`, case ignored. Texts of SUGGEST_SIZE and more are far from everything. */
static unsigned distance(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);
    if (a_len >= SUGGEST_SIZE || b_len >= SUGGEST_SIZE)
        return SUGGEST_SIZE;
    unsigned rows[3][SUGGEST_SIZE + 1];
    unsigned *before = rows[0], *above = rows[1], *row = rows[2];
    for (unsigned j = 0; j <= b_len; j++)
        before[j] = row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *oldest = before;
        before = above, above = row, row = oldest;
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            row[j] = min(min(above[j], row[j - 1]) + 1, above[j - 1] + !same(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                row[j] = min(row[j], before[j - 2] + 1);
        }
    }
    return row[b_len];
}

static const char *leaf(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

/* One slip in three letters: more than that is another word, and so is a slip in the only letter. */
static unsigned too_far(const char *word)
{
    size_t len = strlen(leaf(word));
    return len < 2 ? 1 : min((unsigned)(len + 2) / 3, SUGGEST_SIZE / 3) + 1;
}

struct suggestion suggest_for(const char *word)
{
    return (struct suggestion){.word = word, .distance = too_far(word)};
}

static void take_nearer(struct suggestion *suggestion, unsigned distance, const char *candidate)
{
    if (distance >= suggestion->distance)
        return;
    suggestion->distance = distance;
    snprintf(suggestion->name, sizeof(suggestion->name), "%s", candidate);
}

void suggest_consider(struct suggestion *suggestion, const char *candidate)
{
    size_t a = strlen(suggestion->word), b = strlen(candidate);
    if ((a > b ? a - b : b - a) < suggestion->distance)
        take_nearer(suggestion, distance(suggestion->word, candidate), candidate);
}

const char *suggest_found(const struct suggestion *suggestion)
{
    return suggestion->name[0] ? suggestion->name : NULL;
}

static void consider_key(struct suggestion *suggestion, const char *candidate)
{
    unsigned whole = distance(suggestion->word, candidate);
    unsigned moved = distance(leaf(suggestion->word), leaf(candidate)) + 1;
    take_nearer(suggestion, min(whole, moved), candidate);
}

const char *suggest(const char *path, char out[static SUGGEST_SIZE])
{
    struct suggestion suggestion = suggest_for(path);
    for (unsigned i = 0; i < SCHEMA_COUNT; i++) {
        char group[SUGGEST_SIZE];
        snprintf(group, sizeof(group), "%.*s", (int)schema_group_length(&SCHEMA[i]), SCHEMA[i].path);
        if (group[0])
            consider_key(&suggestion, group);
        consider_key(&suggestion, SCHEMA[i].path);
    }
    memcpy(out, suggestion.name, SUGGEST_SIZE);
    return out[0] ? out : NULL;
}
