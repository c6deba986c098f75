#include "series.h"
#include <stdlib.h>
#include <string.h>

#define EVERY_NS (50 * QW_NS_PER_MS)
#define LOOKS 2000 /* of a long capture; more of them would show nothing more */
#define CHUNK 64
#define FIRST_ROOM 8

static int compare(const void *key, const void *element)
{
    uint64_t id = *(const uint64_t *)key, other = ((const struct series *)element)->id;
    return (id > other) - (id < other);
}

static struct series *find(const struct series_book *book, uint64_t id)
{
    return book->count ? bsearch(&id, book->list, book->count, sizeof *book->list, compare) : NULL;
}

const struct series *series_find(const struct series_book *book, uint64_t id)
{
    return find(book, id);
}

static bool grow(struct series_book *book)
{
    unsigned room = book->room ? 2 * book->room : FIRST_ROOM;
    struct series *list = reallocarray(book->list, room, sizeof *list);
    if (!list)
        return false;
    book->list = list;
    book->room = room;
    return true;
}

/* Ids rise, but a flow may show its first figure after a younger one. */
static struct series *add(struct series_book *book, uint64_t id)
{
    if (book->count == book->room && !grow(book)) {
        book->failed = true;
        return NULL;
    }
    unsigned at = book->count;
    while (at > 0 && book->list[at - 1].id > id)
        at--;
    memmove(&book->list[at + 1], &book->list[at], (book->count - at) * sizeof *book->list);
    book->count++;
    book->list[at] = (struct series){.id = id, .stride = 1};
    return &book->list[at];
}

static void thin(struct series *series)
{
    for (unsigned i = 0; i < SERIES_POINTS / 2; i++)
        series->points[i] = series->points[2 * i];
    series->count = SERIES_POINTS / 2;
    series->stride *= 2;
}

static void note(struct series *series, const struct series_point *point)
{
    if (++series->skipped < series->stride)
        return;
    series->skipped = 0;
    if (series->count == SERIES_POINTS)
        thin(series);
    series->points[series->count++] = *point;
}

static void look_at(struct series_book *book, const struct engine_flow *flow, double seconds)
{
    const struct measure_report *rtt = &flow->rtt;
    const struct series_point point = {seconds, rtt->client.rtt_us, rtt->server.rtt_us, rtt->spin.rtt_us,
                                       rtt->spin.confidence};
    if (!point.client_us && !point.server_us)
        return;
    struct series *series = find(book, flow->id);
    if (!series && book->count < SERIES_MAX)
        series = add(book, flow->id);
    if (series)
        note(series, &point);
    else
        book->left_out++;
}

static void look(struct series_book *book, struct engine *engine, struct qw_time now)
{
    struct engine_flow chunk[CHUNK];
    uint64_t cursor = 0;
    double seconds = (double)qw_time_since(now, book->began) / QW_NS_PER_SECOND;
    size_t count;
    book->looked = now;
    book->left_out = 0;
    while ((count = engine_flows(engine, &cursor, now, chunk, CHUNK)) > 0)
        for (size_t i = 0; i < count; i++)
            look_at(book, &chunk[i], seconds);
}

void series_go_on(struct series_book *book, struct engine *engine, struct qw_time now)
{
    if (!book->runs)
        book->began = book->looked = now;
    book->runs = true;
    uint64_t every = qw_time_since(now, book->began) / LOOKS;
    if (qw_time_since(now, book->looked) >= (every > EVERY_NS ? every : EVERY_NS))
        look(book, engine, now);
}

void series_free(struct series_book *book)
{
    free(book->list);
}
