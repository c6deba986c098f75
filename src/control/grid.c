#include "grid.h"
#include <stdlib.h>
#include <string.h>

#define FIRST_ROWS 64
#define HIDDEN (-1)

struct grid_row *grid_next(struct grid *grid)
{
    if (grid->count == grid->room) {
        size_t room = grid->room ? 2 * grid->room : FIRST_ROWS;
        struct grid_row *rows = reallocarray(grid->rows, room, sizeof(*rows));
        if (!rows)
            return NULL;
        grid->rows = rows;
        grid->room = room;
    }
    struct grid_row *row = &grid->rows[grid->count];
    *row = (struct grid_row){0};
    return row;
}

static const char *shown(const char *cell)
{
    return *cell ? cell : "-";
}

static int width_of(const struct grid *grid, unsigned column)
{
    size_t width = strlen(grid->columns[column].heading);
    bool empty = true;
    for (size_t i = 0; i < grid->count; i++) {
        const char *cell = grid->rows[i].cells[column];
        size_t len = strlen(shown(cell));
        empty &= !*cell;
        if (len > width)
            width = len;
    }
    return empty && grid->columns[column].optional ? HIDDEN : (int)width;
}

static void print_cell(const char *text, const struct grid_column *column, int width, FILE *out)
{
    fprintf(out, "%*s", column->right ? width : -width, text);
}

/* `row` NULL: the headings. */
static void print_row(const struct grid *grid, const int *widths, const struct grid_row *row, FILE *out)
{
    for (unsigned i = 0; i < grid->column_count; i++) {
        if (widths[i] == HIDDEN)
            continue;
        if (i > 0)
            fputs("  ", out);
        print_cell(row ? shown(row->cells[i]) : grid->columns[i].heading, &grid->columns[i], widths[i], out);
    }
    fputc('\n', out);
}

void grid_print(const struct grid *grid, FILE *out)
{
    int widths[GRID_COLUMNS_MAX];
    for (unsigned i = 0; i < grid->column_count; i++)
        widths[i] = width_of(grid, i);
    print_row(grid, widths, NULL, out);
    for (size_t i = 0; i < grid->count; i++)
        print_row(grid, widths, &grid->rows[i], out);
}

void grid_clear(struct grid *grid)
{
    free(grid->rows);
    *grid = (struct grid){0};
}
