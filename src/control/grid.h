/* Rows of text in columns. */
#ifndef CONTROL_GRID_H
#define CONTROL_GRID_H

#include <quicward/base/addr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define GRID_COLUMNS_MAX 11
#define GRID_CELL_MAX QW_ENDPOINT_TEXT_MAX /* an IPv6 endpoint; longer names are cut here, not in JSON */

struct grid_column {
    const char *heading;
    bool right;    /* numbers: aligned to the right */
    bool optional; /* left out where all its cells are empty */
};

struct grid_row {
    char cells[GRID_COLUMNS_MAX][GRID_CELL_MAX]; /* an empty one is shown as "-" */
};

struct grid {
    const struct grid_column *columns; /* borrowed */
    unsigned column_count;             /* 1..GRID_COLUMNS_MAX */
    size_t count, room;
    struct grid_row *rows; /* owned, grid_clear */
};

/* The row after the last, all of it empty and not yet counted. NULL when memory is short. */
struct grid_row *grid_next(struct grid *grid);

/* Prints the headings and the rows. */
void grid_print(const struct grid *grid, FILE *out);
void grid_clear(struct grid *grid);

#endif
