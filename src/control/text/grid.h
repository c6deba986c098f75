/* Rows of text in columns. */
#ifndef CONTROL_GRID_H
#define CONTROL_GRID_H

#include <quicward/base/addr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define GRID_COLUMNS_MAX 17
/* An endpoint fits, and the name of a rule. Longer text is cut here, not in JSON. */
#define GRID_CELL_MAX 80

struct grid_column {
    const char *heading;
    bool right;    /* numbers: aligned to the right */
    bool optional; /* left out where all its cells are empty */
    bool tail; /* cut from the left where there is no room: the end of a name says more than its beginning */
    unsigned spare; /* 0: always there; else it makes room in the order of these numbers: cut down to its
                       heading, then left out */
};

struct grid_row {
    char cells[GRID_COLUMNS_MAX][GRID_CELL_MAX]; /* an empty one is shown as "-" */
};

/* Rows are kept packed: a table may have hundreds of thousands. */
struct grid {
    const struct grid_column *columns; /* borrowed */
    unsigned column_count;             /* 1..GRID_COLUMNS_MAX */
    size_t count;
    char *text; /* owned, grid_clear: the cells of all rows, each behind its length */
    size_t len, room;
    uint8_t longest[GRID_COLUMNS_MAX]; /* cell of a column; 0: all are empty */
};

/* Adds a copy of `row`. False, and nothing changed, when memory is short. */
bool grid_add(struct grid *grid, const struct grid_row *row);

/* Prints the headings and the rows, in lines of at most `width` characters where columns may be cut or left
 * out for that; 0: as wide as they are. */
void grid_print(const struct grid *grid, unsigned width, FILE *out);

/* Puts `text` into a cell, its end if it does not fit. */
void grid_put_tail(char cell[static GRID_CELL_MAX], const char *text);
void grid_clear(struct grid *grid);

#endif
