#include "flow_rank.h"
#include "flow_line.h"
#include <stdlib.h>
#include <string.h>

struct ranked {
    uint8_t key[CONTROL_KEY_SIZE];
    char *line; /* owned */
};

/* A heap whose first element is the last of those that are kept. */
struct flow_rank {
    struct control_query query;
    size_t count;
    struct ranked kept[];
};

struct flow_rank *flow_rank_new(const struct control_query *query)
{
    struct flow_rank *rank = malloc(sizeof *rank + query->limit * sizeof rank->kept[0]);
    if (!rank)
        return NULL;
    rank->query = *query;
    rank->count = 0;
    return rank;
}

void flow_rank_free(struct flow_rank *rank)
{
    for (size_t i = 0; rank && i < rank->count; i++)
        free(rank->kept[i].line);
    free(rank);
}

static bool is_before(const struct ranked *a, const struct ranked *b)
{
    return memcmp(a->key, b->key, sizeof a->key) < 0;
}

static void swap(struct ranked *a, struct ranked *b)
{
    struct ranked kept = *a;
    *a = *b;
    *b = kept;
}

static void rise(struct flow_rank *rank, size_t at)
{
    for (; at > 0 && is_before(&rank->kept[(at - 1) / 2], &rank->kept[at]); at = (at - 1) / 2)
        swap(&rank->kept[(at - 1) / 2], &rank->kept[at]);
}

static void sink(struct flow_rank *rank, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < rank->count; at = child) {
        if (child + 1 < rank->count && is_before(&rank->kept[child], &rank->kept[child + 1]))
            child++;
        if (!is_before(&rank->kept[at], &rank->kept[child]))
            return;
        swap(&rank->kept[at], &rank->kept[child]);
    }
}

static char *make_line(const struct flow_rank *rank, const struct engine_flow *flow)
{
    struct json_line line;
    flow_line(&line, flow, NULL, rank->query.brief);
    return line.cut ? NULL : strndup(line.text, line.len);
}

bool flow_rank_add(struct flow_rank *rank, const struct engine_flow *flow)
{
    struct ranked ranked;
    control_query_key(&rank->query, flow, ranked.key);
    bool full = rank->count == rank->query.limit;
    if (full && !is_before(&ranked, &rank->kept[0]))
        return true;
    ranked.line = make_line(rank, flow);
    if (!ranked.line)
        return false;
    if (full) {
        free(rank->kept[0].line);
        rank->kept[0] = ranked;
        sink(rank, 0);
    } else {
        rank->kept[rank->count] = ranked;
        rise(rank, rank->count++);
    }
    return true;
}

static int compare(const void *a, const void *b)
{
    return memcmp(((const struct ranked *)a)->key, ((const struct ranked *)b)->key, CONTROL_KEY_SIZE);
}

bool flow_rank_write(struct flow_rank *rank, FILE *out)
{
    bool written = true;
    qsort(rank->kept, rank->count, sizeof rank->kept[0], compare);
    for (size_t i = 0; i < rank->count; i++)
        written = written && fputs(rank->kept[i].line, out) != EOF && fputc('\n', out) != EOF;
    return written;
}
