#include "rows.h"
#include "text.h"

static void put_text(char cell[GRID_CELL_MAX], const char *text)
{
    snprintf(cell, GRID_CELL_MAX, "%s", text ? text : "");
    control_make_printable(cell);
}

static void put_count(char cell[GRID_CELL_MAX], json_int_t count)
{
    snprintf(cell, GRID_CELL_MAX, "%" JSON_INTEGER_FORMAT, count);
}

static void put_seconds(char cell[GRID_CELL_MAX], json_int_t ms)
{
    snprintf(cell, GRID_CELL_MAX, "%.1fs", (double)ms / 1000);
}

/* ---- flows ---- */

enum { STATE, VERSION, CLIENT, SERVER, EXTERNAL, NAME, UP, DOWN, IDLE, EXPIRES, THROTTLED, FLOW_COLUMNS };

static const struct grid_column FLOW[FLOW_COLUMNS] = {
    [STATE] = {.heading = "STATE"},
    [VERSION] = {.heading = "VERSION"},
    [CLIENT] = {.heading = "CLIENT"},
    [SERVER] = {.heading = "SERVER"},
    [EXTERNAL] = {.heading = "EXTERNAL", .optional = true},
    [NAME] = {.heading = "NAME"},
    [UP] = {.heading = "UP packets/bytes", .right = true},
    [DOWN] = {.heading = "DOWN packets/bytes", .right = true},
    [IDLE] = {.heading = "IDLE", .right = true},
    [EXPIRES] = {.heading = "EXPIRES", .right = true},
    [THROTTLED] = {.heading = "THROTTLED from", .right = true, .optional = true},
};

static bool put_traffic(char cell[GRID_CELL_MAX], json_t *direction)
{
    json_int_t packets, bytes;
    if (json_unpack(direction, "{s:I,s:I}", "packets", &packets, "bytes", &bytes) < 0)
        return false;
    snprintf(cell, GRID_CELL_MAX, "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT, packets, bytes);
    return true;
}

static void put_percent(char cell[GRID_CELL_MAX], json_t *share)
{
    if (json_is_number(share))
        snprintf(cell, GRID_CELL_MAX, "%.2f%%", 100 * json_number_value(share));
}

static bool read_flow(json_t *flow, struct grid_row *row)
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
    put_text(row->cells[EXTERNAL], json_string_value(json_object_get(flow, "external")));
    put_text(row->cells[NAME], json_string_value(sni));
    put_seconds(row->cells[IDLE], idle);
    put_seconds(row->cells[EXPIRES], expires);
    put_percent(row->cells[THROTTLED], json_object_get(flow, "throttled_from"));
    if (ended)
        put_text(row->cells[EXPIRES], ended);
    return put_traffic(row->cells[UP], up) && put_traffic(row->cells[DOWN], down);
}

/* ---- mappings ---- */

enum { OUTER, INNER, KIND, SESSIONS, AGE, MAPPING_COLUMNS };

static const struct grid_column MAPPING[MAPPING_COLUMNS] = {
    [OUTER] = {.heading = "EXTERNAL"},
    [INNER] = {.heading = "INSIDE"},
    [KIND] = {.heading = "KIND"},
    [SESSIONS] = {.heading = "SESSIONS", .right = true},
    [AGE] = {.heading = "AGE", .right = true},
};

static bool read_mapping(json_t *mapping, struct grid_row *row)
{
    const char *inside, *external;
    int forward;
    json_int_t sessions, age;
    if (json_unpack(mapping, "{s:s,s:s,s:I,s:b,s:I}", "inside", &inside, "external", &external, "sessions",
                    &sessions, "forward", &forward, "age_ms", &age) < 0)
        return false;
    put_text(row->cells[OUTER], external);
    put_text(row->cells[INNER], inside);
    put_text(row->cells[KIND], forward ? "forward" : "mapping");
    put_count(row->cells[SESSIONS], sessions);
    put_seconds(row->cells[AGE], age);
    return true;
}

const struct rows *rows_of(enum control_rows rows)
{
    static const struct rows ROWS[] = {
        [CONTROL_FLOWS] = {"no flows", FLOW, FLOW_COLUMNS, read_flow},
        [CONTROL_MAPPINGS] = {"no mappings", MAPPING, MAPPING_COLUMNS, read_mapping},
    };
    return &ROWS[rows];
}
