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

struct best {
    unsigned distance;
    char *name;
};

static void consider(struct best *best, const char *path, const char *candidate)
{
    unsigned whole = distance(path, candidate), moved = distance(leaf(path), leaf(candidate)) + 1;
    unsigned found = min(whole, moved);
    if (found >= best->distance)
        return;
    best->distance = found;
    snprintf(best->name, SUGGEST_SIZE, "%s", candidate);
}

const char *suggest(const char *path, char out[static SUGGEST_SIZE])
{
    /* One slip in three letters: more than that is another word. */
    struct best best = {(unsigned)min((unsigned)(strlen(leaf(path)) + 2) / 3, SUGGEST_SIZE / 3) + 1, out};
    out[0] = '\0';
    for (unsigned i = 0; i < SCHEMA_COUNT; i++) {
        char group[SUGGEST_SIZE];
        snprintf(group, sizeof(group), "%.*s", (int)schema_group_length(&SCHEMA[i]), SCHEMA[i].path);
        if (group[0])
            consider(&best, path, group);
        consider(&best, path, SCHEMA[i].path);
    }
    return out[0] ? out : NULL;
}
