#include "text.h"
#include <quicward/control.h>
#include <stdlib.h>
#include <string.h>

enum column { STATE, VERSION, CLIENT, SERVER, NAME, UP, DOWN, IDLE, EXPIRES, COLUMNS };

#define CELL_MAX QW_ENDPOINT_TEXT_MAX /* an IPv6 endpoint; longer names are cut here, not in JSON */
#define FIRST_ROWS 64

struct row {
    char cells[COLUMNS][CELL_MAX];
};

struct control_table {
    size_t count, room;
    struct row *rows;
};

static const char *const HEADING[COLUMNS] = {
    "STATE", "VERSION", "CLIENT", "SERVER", "NAME", "UP packets/bytes", "DOWN packets/bytes",
    "IDLE",  "EXPIRES"};

struct control_table *control_table_new(void)
{
    return calloc(1, sizeof(struct control_table));
}

void control_table_free(struct control_table *table)
{
    if (table)
        free(table->rows);
    free(table);
}

/* The row after the last, not yet counted. NULL when memory is short. */
static struct row *next_row(struct control_table *table)
{
    if (table->count == table->room) {
        size_t room = table->room ? 2 * table->room : FIRST_ROWS;
        struct row *rows = reallocarray(table->rows, room, sizeof(*rows));
        if (!rows)
            return NULL;
        table->rows = rows;
        table->room = room;
    }
    return &table->rows[table->count];
}

static void put_text(char cell[CELL_MAX], const char *text)
{
    snprintf(cell, CELL_MAX, "%s", text ? text : "-");
    control_make_printable(cell);
}

static bool put_traffic(char cell[CELL_MAX], json_t *direction)
{
    json_int_t packets, bytes;
    if (json_unpack(direction, "{s:I,s:I}", "packets", &packets, "bytes", &bytes) < 0)
        return false;
    snprintf(cell, CELL_MAX, "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT, packets, bytes);
    return true;
}

static void put_seconds(char cell[CELL_MAX], json_int_t ms)
{
    snprintf(cell, CELL_MAX, "%.1fs", (double)ms / 1000);
}

static bool read_row(json_t *flow, struct row *row)
{
    const char *state, *client, *server, *ended = NULL;
    json_t *version, *sni, *up, *down;
    json_int_t idle, expires;
    if (json_unpack(flow, "{s:s,s:s,s:s,s:o,s:o,s:I,s:I,s:o,s:o,s?s}", "state", &state, "client", &client,
                    "server", &server, "version", &version, "sni", &sni, "idle_ms", &idle, "expires_ms",
                    &expires, "up", &up, "down", &down, "ended", &ended) < 0)
        return false;
    put_text(row->cells[STATE], state);
    put_text(row->cells[VERSION], json_string_value(version));
    put_text(row->cells[CLIENT], client);
    put_text(row->cells[SERVER], server);
    put_text(row->cells[NAME], json_string_value(sni));
    put_seconds(row->cells[IDLE], idle);
    put_seconds(row->cells[EXPIRES], expires);
    if (ended)
        put_text(row->cells[EXPIRES], ended);
    return put_traffic(row->cells[UP], up) && put_traffic(row->cells[DOWN], down);
}

bool control_table_add(struct control_table *table, const char *json_line)
{
    json_t *flow = json_loads(json_line, JSON_REJECT_DUPLICATES, NULL);
    struct row *row = flow ? next_row(table) : NULL;
    bool added = row && read_row(flow, row);
    if (added)
        table->count++;
    json_decref(flow);
    return added;
}

static void widen(int widths[COLUMNS], const struct row *row)
{
    for (int i = 0; i < COLUMNS; i++) {
        int width = (int)strlen(row->cells[i]);
        if (width > widths[i])
            widths[i] = width;
    }
}

/* Words to the left, numbers to the right. */
static void print_cell(const char *text, enum column column, int width, FILE *out)
{
    fprintf(out, "%s%*s", column == STATE ? "" : "  ", column < UP ? -width : width, text);
}

void control_table_print(const struct control_table *table, FILE *out)
{
    int widths[COLUMNS];
    if (table->count == 0) {
        fputs("no flows\n", out);
        return;
    }
    for (int i = 0; i < COLUMNS; i++)
        widths[i] = (int)strlen(HEADING[i]);
    for (size_t i = 0; i < table->count; i++)
        widen(widths, &table->rows[i]);
    for (int i = 0; i < COLUMNS; i++)
        print_cell(HEADING[i], (enum column)i, widths[i], out);
    fputc('\n', out);
    for (size_t row = 0; row < table->count; row++) {
        for (int i = 0; i < COLUMNS; i++)
            print_cell(table->rows[row].cells[i], (enum column)i, widths[i], out);
        fputc('\n', out);
    }
}
