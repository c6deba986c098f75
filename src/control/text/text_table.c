#include "rows.h"
#include <stdlib.h>

struct control_table {
    const struct rows *rows;
    struct grid grid;
    struct flat line; /* the one that is read */
};

struct control_table *control_table_new(enum control_rows rows)
{
    struct control_table *table = calloc(1, sizeof(*table));
    if (!table)
        return NULL;
    table->rows = rows_of(rows);
    table->grid.columns = table->rows->columns;
    table->grid.column_count = table->rows->column_count;
    return table;
}

void control_table_free(struct control_table *table)
{
    if (table)
        grid_clear(&table->grid);
    free(table);
}

bool control_table_add(struct control_table *table, const char *json_line)
{
    struct grid_row row;
    for (unsigned i = 0; i < GRID_COLUMNS_MAX; i++)
        row.cells[i][0] = '\0';
    return flat_read(&table->line, json_line) && table->rows->read(&table->line, &row) &&
           grid_add(&table->grid, &row);
}

void control_table_print(const struct control_table *table, unsigned width, FILE *out)
{
    if (table->grid.count == 0)
        fprintf(out, "%s\n", table->rows->none);
    else
        grid_print(&table->grid, width, out);
}
