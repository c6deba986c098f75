#include "rows.h"
#include <stdlib.h>

struct control_table {
    const struct rows *rows;
    struct grid grid;
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
    json_t *object = json_loads(json_line, JSON_REJECT_DUPLICATES, NULL);
    struct grid_row *row = object ? grid_next(&table->grid) : NULL;
    bool added = row && table->rows->read(object, row);
    if (added)
        table->grid.count++;
    json_decref(object);
    return added;
}

void control_table_print(const struct control_table *table, FILE *out)
{
    if (table->grid.count == 0)
        fprintf(out, "%s\n", table->rows->none);
    else
        grid_print(&table->grid, out);
}
