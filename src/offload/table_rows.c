#include "table_rows.h"
#include <stdlib.h>
#include <string.h>

/* ---- rows ---- */

bool rows_reserve(struct table_rows *rows, uint32_t size)
{
    if (size <= rows->size)
        return true;
    uint32_t *numbers = calloc(size, sizeof *numbers);
    if (!numbers)
        return false;
    for (uint32_t i = 0; i < rows->count; i++)
        numbers[i] = rows->numbers[(rows->first + i) % rows->size];
    free(rows->numbers);
    *rows = (struct table_rows){numbers, size, 0, rows->count};
    return true;
}

void rows_free(struct table_rows *rows, uint32_t number)
{
    rows->numbers[(rows->first + rows->count) % rows->size] = number;
    rows->count++;
}

uint32_t rows_next(struct table_rows *rows)
{
    if (rows->count == 0)
        return 0;
    rows->count--;
#ifdef TABLE_REUSE_AT_ONCE /* for a test alone */
    return rows->numbers[(rows->first + rows->count) % rows->size];
#else
    uint32_t number = rows->numbers[rows->first];
    rows->first = (rows->first + 1) % rows->size;
    return number;
#endif
}

/* 0 is no row: the first one of chunk 0 stands behind a line at least. */
static uint32_t first_at(uint32_t begin)
{
    return FAST_ROW_LINE - begin % FAST_ROW_LINE;
}

uint32_t rows_in_chunk(bool ipv6, uint32_t begin)
{
    return (FAST_CHUNK - (uint32_t)sizeof(struct fast_row6) - first_at(begin)) / fast_row_size(ipv6) + 1;
}

void rows_of_chunk(bool ipv6, uint32_t chunk, uint32_t begin, rows_each *each, void *context)
{
    for (uint32_t i = 0; i < rows_in_chunk(ipv6, begin); i++)
        each(context, fast_row_number(ipv6, chunk, first_at(begin) + i * fast_row_size(ipv6)));
}

/* ---- lines ---- */

/* FAST_LINE_PLACES: none. */
static unsigned free_place(const struct fast_line *line, uint16_t tag)
{
    unsigned place = FAST_LINE_PLACES;
    for (unsigned i = 0; i < FAST_LINE_PLACES; i++) {
        if (line->tags[i] == tag)
            return FAST_LINE_PLACES;
        if (line->tags[i] == 0)
            place = i;
    }
    return place;
}

static bool find_in(struct fast_line *lines, const struct fast_spot *spot, unsigned which,
                    struct table_place *out)
{
    struct fast_line *line = &lines[spot->lines[which]];
    *out = (struct table_place){line, &lines[spot->lines[0]], free_place(line, spot->tag), spot->tag};
    return out->at < FAST_LINE_PLACES;
}

bool lines_find_place(struct fast_line *lines, const struct fast_spot *spot, struct table_place *out)
{
    return find_in(lines, spot, 0, out) || lines_find_second(lines, spot, out);
}

bool lines_find_second(struct fast_line *lines, const struct fast_spot *spot, struct table_place *out)
{
    return spot->lines[0] != spot->lines[1] && find_in(lines, spot, 1, out);
}

/* Whoever finds the tag finds the number, and what was written to the row before. */
void lines_put(const struct table_place *place, uint32_t number)
{
    if (place->line != place->first)
        __atomic_fetch_add(&place->first->away, 1, __ATOMIC_RELEASE);
    __atomic_store_n(&place->line->numbers[place->at], number, __ATOMIC_RELEASE);
    __atomic_store_n(&place->line->tags[place->at], place->tag, __ATOMIC_RELEASE);
}
