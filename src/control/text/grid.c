#include "grid.h"
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 4096
#define HIDDEN (-1)

#define ROW_MAX (GRID_COLUMNS_MAX * GRID_CELL_MAX) /* each cell with its length */

static bool make_room(struct grid *grid)
{
    size_t room = grid->room ? 2 * grid->room : FIRST_ROOM;
    if (grid->room - grid->len >= ROW_MAX)
        return true;
    char *text = realloc(grid->text, room);
    if (!text)
        return false;
    grid->text = text;
    grid->room = room;
    return true;
}

bool grid_add(struct grid *grid, const struct grid_row *row)
{
    if (!make_room(grid))
        return false;
    for (unsigned i = 0; i < grid->column_count; i++) {
        uint8_t len = (uint8_t)strlen(row->cells[i]);
        grid->text[grid->len++] = (char)len;
        memcpy(grid->text + grid->len, row->cells[i], len);
        grid->len += len;
        if (len > grid->longest[i])
            grid->longest[i] = len;
    }
    grid->count++;
    return true;
}

/* Unpacks the row that begins at `at`; returns where the next one does. */
static size_t unpack(const struct grid *grid, size_t at, struct grid_row *row)
{
    for (unsigned i = 0; i < grid->column_count; i++) {
        size_t len = (unsigned char)grid->text[at++];
        memcpy(row->cells[i], grid->text + at, len);
        row->cells[i][len] = '\0';
        at += len;
    }
    return at;
}

static const char *shown(const char *cell)
{
    return *cell ? cell : "-";
}

static int width_of(const struct grid *grid, unsigned column)
{
    int heading = (int)strlen(grid->columns[column].heading), longest = grid->longest[column];
    if (longest == 0 && grid->columns[column].optional)
        return HIDDEN;
    return longest > heading ? longest : heading;
}

#define CUT "..."
#define CUT_LEN 3

void grid_put_tail(char cell[static GRID_CELL_MAX], const char *text)
{
    size_t len = strlen(text), room = GRID_CELL_MAX - 1;
    if (len <= room)
        memcpy(cell, text, len + 1);
    else
        snprintf(cell, GRID_CELL_MAX, CUT "%s", text + len - (room - CUT_LEN));
}

/* A line is put together before it is written. */
struct grid_line {
    size_t len;
    char text[GRID_COLUMNS_MAX * (GRID_CELL_MAX + 2) + 1];
};

static void put(struct grid_line *line, const char *text, size_t len)
{
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static void pad(struct grid_line *line, size_t count)
{
    memset(line->text + line->len, ' ', count);
    line->len += count;
}

/* A text longer than the column loses its beginning or its end. */
static void put_cell(struct grid_line *line, const char *text, const struct grid_column *column, size_t width)
{
    size_t len = strlen(text);
    if (len > width) {
        put(line, CUT, column->tail ? CUT_LEN : 0);
        put(line, column->tail ? text + len - (width - CUT_LEN) : text, width - CUT_LEN);
        put(line, CUT, column->tail ? 0 : CUT_LEN);
    } else {
        pad(line, column->right ? width - len : 0);
        put(line, text, len);
        pad(line, column->right ? 0 : width - len);
    }
}

/* `row` NULL: the headings. */
static void print_row(const struct grid *grid, const int *widths, const struct grid_row *row, FILE *out)
{
    struct grid_line line;
    line.len = 0;
    for (unsigned i = 0; i < grid->column_count; i++) {
        if (widths[i] == HIDDEN)
            continue;
        pad(&line, i > 0 ? 2 : 0);
        put_cell(&line, row ? shown(row->cells[i]) : grid->columns[i].heading, &grid->columns[i],
                 (size_t)widths[i]);
    }
    put(&line, "\n", 1);
    fwrite(line.text, 1, line.len, out);
}

static unsigned sum_of(const struct grid *grid, const int *widths)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < grid->column_count; i++)
        if (widths[i] != HIDDEN)
            sum += (unsigned)widths[i] + (sum > 0 ? 2 : 0);
    return sum;
}

/* What a column that may be cut keeps at least. */
#define CUT_MIN 12

static void cut_column(int *width, unsigned too_wide)
{
    int least = *width < CUT_MIN ? *width : CUT_MIN;
    *width = *width - (int)too_wide > least ? *width - (int)too_wide : least;
}

/* Texts are cut first, in the order in which columns are to spare; only then do columns go. */
static void fit(const struct grid *grid, unsigned width, int *widths)
{
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned spare = 1; spare <= grid->column_count; spare++)
            for (unsigned i = 0; i < grid->column_count && sum_of(grid, widths) > width; i++) {
                const struct grid_column *column = &grid->columns[i];
                if (column->spare != spare || widths[i] == HIDDEN)
                    continue;
                if (pass == 0 && !column->right)
                    cut_column(&widths[i], sum_of(grid, widths) - width);
                else if (pass == 1 && !column->tail)
                    widths[i] = HIDDEN;
            }
}

void grid_print(const struct grid *grid, unsigned width, FILE *out)
{
    int widths[GRID_COLUMNS_MAX];
    for (unsigned i = 0; i < grid->column_count; i++)
        widths[i] = width_of(grid, i);
    if (width > 0)
        fit(grid, width, widths);
    print_row(grid, widths, NULL, out);
    struct grid_row row;
    for (size_t i = 0, at = 0; i < grid->count; i++) {
        at = unpack(grid, at, &row);
        print_row(grid, widths, &row, out);
    }
}

void grid_clear(struct grid *grid)
{
    free(grid->text);
    *grid = (struct grid){0};
}
