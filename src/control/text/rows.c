#include "rows.h"
#include "text.h"
#include <inttypes.h>
#include <string.h>

static void put_text(char cell[GRID_CELL_MAX], const char *text)
{
    size_t len = text ? strnlen(text, GRID_CELL_MAX - 1) : 0;
    memcpy(cell, text ? text : "", len);
    cell[len] = '\0';
    control_make_printable(cell);
}

static void put_count(char cell[GRID_CELL_MAX], int64_t count)
{
    snprintf(cell, GRID_CELL_MAX, "%" PRId64, count);
}

/* "1.5s", "118.5s", "12m05s", "3h07m", "2d04h" */
static void put_seconds(char cell[GRID_CELL_MAX], int64_t ms)
{
    long long tenths = ((ms > 0 ? ms : 0) + 50) / 100, seconds = tenths / 10, minutes = seconds / 60,
              hours = minutes / 60;
    if (seconds < 600)
        snprintf(cell, GRID_CELL_MAX, "%lld.%llds", tenths / 10, tenths % 10);
    else if (hours < 1)
        snprintf(cell, GRID_CELL_MAX, "%lldm%02llds", minutes, seconds % 60);
    else if (hours < 48)
        snprintf(cell, GRID_CELL_MAX, "%lldh%02lldm", hours, minutes % 60);
    else
        snprintf(cell, GRID_CELL_MAX, "%lldd%02lldh", hours / 24, hours % 24);
}

/* ---- flows ---- */

enum {
    STATE,
    VERSION,
    CLIENT,
    SERVER,
    EXTERNAL,
    NAME,
    ALPN,
    RULE,
    UP,
    DOWN,
    HANDSHAKE,
    SPIN,
    CE,
    IDLE,
    EXPIRES,
    THROTTLED,
    FAST,
    FLOW_COLUMNS
};

static const struct grid_column FLOW[FLOW_COLUMNS] = {
    [STATE] = {.heading = "STATE"},
    [VERSION] = {.heading = "VERSION"},
    [CLIENT] = {.heading = "CLIENT"},
    [SERVER] = {.heading = "SERVER"},
    [EXTERNAL] = {.heading = "EXTERNAL", .optional = true, .spare = 8},
    [NAME] = {.heading = "NAME", .tail = true, .spare = 1},
    [ALPN] = {.heading = "ALPN", .optional = true, .spare = 4},
    [RULE] = {.heading = "RULE", .optional = true, .spare = 3},
    [UP] = {.heading = "UP packets/bytes", .right = true, .spare = 10},
    [DOWN] = {.heading = "DOWN packets/bytes", .right = true, .spare = 11},
    [HANDSHAKE] = {.heading = "RTT handshake", .right = true, .optional = true, .spare = 9},
    [SPIN] = {.heading = "RTT spin", .optional = true, .spare = 5},
    [CE] = {.heading = "CE up/down", .right = true, .optional = true, .spare = 2},
    [IDLE] = {.heading = "IDLE", .right = true, .spare = 6},
    [EXPIRES] = {.heading = "EXPIRES", .right = true, .spare = 7},
    [THROTTLED] = {.heading = "THROTTLED from", .right = true, .optional = true, .spare = 12},
    [FAST] = {.heading = "FAST", .optional = true, .spare = 2},
};

#define RTT "rtt_us"

/* Six digits at most: "7/3522", "12.3k/1.85G". */
static bool put_traffic(char cell[GRID_CELL_MAX], const struct flat *flow, const char *way)
{
    char first[CONTROL_AMOUNT_MAX], second[CONTROL_AMOUNT_MAX];
    int64_t packets, bytes;
    if (!flat_integer(flow, way, "packets", &packets) || !flat_integer(flow, way, "bytes", &bytes))
        return false;
    snprintf(cell, GRID_CELL_MAX, "%s/%s", control_amount(packets, first), control_amount(bytes, second));
    return true;
}

static void put_percent(char cell[GRID_CELL_MAX], const struct flat *flow, const char *key)
{
    const struct flat_value *share = flat_find(flow, "", key);
    if (share && (share->kind == FLAT_INTEGER || share->kind == FLAT_REAL))
        snprintf(cell, GRID_CELL_MAX, "%.2f%%", 100 * flat_number(flow, "", key));
}

static void put_handshake(char cell[GRID_CELL_MAX], const struct flat *flow)
{
    int64_t sum;
    const struct flat_value *exact = flat_find(flow, RTT, "handshake_exact");
    if (flat_integer(flow, RTT, "handshake", &sum))
        snprintf(cell, GRID_CELL_MAX, "%s%.1fms", exact && exact->kind == FLAT_FALSE ? "<=" : "",
                 (double)sum / 1000);
}

static void put_spin(char cell[GRID_CELL_MAX], const struct flat *flow)
{
    int64_t sum;
    const char *confidence = flat_text(flow, RTT, "spin_confidence");
    if (flat_integer(flow, RTT, "spin", &sum) && confidence)
        snprintf(cell, GRID_CELL_MAX, "%.1fms %.8s", (double)sum / 1000, confidence);
    control_make_printable(cell);
}

static void put_congestion(char cell[GRID_CELL_MAX], const struct flat *flow)
{
    int64_t up, down;
    flat_integer(flow, "up", "ce", &up);
    flat_integer(flow, "down", "ce", &down);
    if (up || down)
        snprintf(cell, GRID_CELL_MAX, "%.2f%%/%.2f%%", 100 * flat_number(flow, "up", "ce_share"),
                 100 * flat_number(flow, "down", "ce_share"));
}

/* A ClientHello that was given up shows in the place of its name. */
static void put_name(char cell[GRID_CELL_MAX], const struct flat *flow)
{
    const char *name = flat_text(flow, "", "sni"), *given_up = flat_text(flow, "", "hello");
    if (name || !given_up)
        grid_put_tail(cell, name ? name : "");
    else
        snprintf(cell, GRID_CELL_MAX, "(%s)", given_up);
    control_make_printable(cell);
}

/* "h3,doq" */
static void put_list(char cell[GRID_CELL_MAX], const struct flat *flow, const char *key)
{
    size_t used = 0;
    for (unsigned i = 0; i < flow->count && used < GRID_CELL_MAX - 1; i++) {
        const struct flat_value *value = &flow->values[i];
        if (value->listed && value->kind == FLAT_TEXT && strcmp(value->key, key) == 0)
            used += (size_t)snprintf(cell + used, GRID_CELL_MAX - used, "%s%s", used ? "," : "", value->text);
    }
    control_make_printable(cell);
}

/* Refused, and held until its ClientHello is whole: nothing of it has passed, whatever it sent. */
static const char *shown_state(const struct flat *flow, const char *state)
{
    if (flat_is(flow, "refused", FLAT_TRUE))
        return "refused";
    return flat_is(flow, "admitted", FLAT_FALSE) ? "held" : state;
}

static bool read_flow(const struct flat *flow, struct grid_row *row)
{
    const char *state = flat_text(flow, "", "state"), *ended = flat_text(flow, "", "ended");
    const char *client = flat_text(flow, "", "client"), *server = flat_text(flow, "", "server");
    int64_t idle, expires;
    if (!state || !client || !server || !flat_integer(flow, "", "idle_ms", &idle) ||
        !flat_integer(flow, "", "expires_ms", &expires))
        return false;
    put_text(row->cells[STATE], shown_state(flow, state));
    put_text(row->cells[VERSION], flat_text(flow, "", "version"));
    put_text(row->cells[CLIENT], client);
    put_text(row->cells[SERVER], server);
    put_text(row->cells[EXTERNAL], flat_text(flow, "", "external"));
    put_name(row->cells[NAME], flow);
    put_list(row->cells[ALPN], flow, "alpn");
    put_text(row->cells[RULE], flat_text(flow, "", "rule"));
    put_handshake(row->cells[HANDSHAKE], flow);
    put_spin(row->cells[SPIN], flow);
    put_congestion(row->cells[CE], flow);
    put_seconds(row->cells[IDLE], idle);
    put_seconds(row->cells[EXPIRES], expires);
    put_percent(row->cells[THROTTLED], flow, "throttled_from");
    if (flat_is(flow, "fast", FLAT_TRUE))
        put_text(row->cells[FAST], "yes");
    if (ended)
        put_text(row->cells[EXPIRES], ended);
    return put_traffic(row->cells[UP], flow, "up") && put_traffic(row->cells[DOWN], flow, "down");
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

static bool read_mapping(const struct flat *mapping, struct grid_row *row)
{
    const char *inside = flat_text(mapping, "", "inside"), *external = flat_text(mapping, "", "external");
    bool forward = flat_is(mapping, "forward", FLAT_TRUE);
    int64_t sessions, age;
    if (!inside || !external || !(forward || flat_is(mapping, "forward", FLAT_FALSE)) ||
        !flat_integer(mapping, "", "sessions", &sessions) || !flat_integer(mapping, "", "age_ms", &age))
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
