/* What stands in the rows of a table: flows or mappings, read from their JSON lines. */
#ifndef CONTROL_ROWS_H
#define CONTROL_ROWS_H

#include "flat.h"
#include "grid.h"
#include <quicward/control.h>

struct rows {
    const char *none; /* the table without any */
    const struct grid_column *columns;
    unsigned column_count;
    /* Fills an empty row. False when `object` is no such line; what stands in `row` does not matter then. */
    bool (*read)(const struct flat *object, struct grid_row *row);
};

const struct rows *rows_of(enum control_rows rows);

#endif
