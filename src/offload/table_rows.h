/* Rows of the table that are free, and lines in which keys stand: sums alone, the kernel is not asked. */
#ifndef OFFLOAD_TABLE_ROWS_H
#define OFFLOAD_TABLE_ROWS_H

#include "fast_table.h"

/* A row that was freed comes last, so that it rests for as long as can be. */
struct table_rows {
    uint32_t *numbers; /* a ring; owned */
    uint32_t size, first, count;
};

/* Room for so many: then rows_free never fails. False: no memory. */
bool rows_reserve(struct table_rows *rows, uint32_t size);
void rows_free(struct table_rows *rows, uint32_t number);

/* The one that rested for longest; 0: none. */
uint32_t rows_next(struct table_rows *rows);

/* The rows of a chunk that begins `begin` bytes beyond a line of the cache: calls `each` with every number.
 */
typedef void rows_each(void *context, uint32_t number);
void rows_of_chunk(bool ipv6, uint32_t chunk, uint32_t begin, rows_each *each, void *context);
uint32_t rows_in_chunk(bool ipv6, uint32_t begin);

/* Where a key may be put. */
struct table_place {
    struct fast_line *line, *first; /* `first`: the key's first line */
    unsigned at;
    uint16_t tag;
};

/* False: both lines are full, or have that tag already. */
bool lines_find_place(struct fast_line *lines, const struct fast_spot *spot, struct table_place *out);
bool lines_find_second(struct fast_line *lines, const struct fast_spot *spot, struct table_place *out);

/* From now on the program finds it. */
void lines_put(const struct table_place *place, uint32_t number);

#endif
