/* What a state file holds, for those who look after a crash. Nothing is changed. */
#include "options.h"
#include "state_engine.h"
#include <jansson.h>
#include <quicward/control.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 64
#define REPORT_MAX 1024

/* ---- show ---- */

typedef bool write_row(const void *row, struct qw_time now, FILE *out);

static bool write_flow(const void *row, struct qw_time now, FILE *out)
{
    (void)now;
    return control_flow_json(row, out);
}

static bool write_mapping(const void *row, struct qw_time now, FILE *out)
{
    return control_mapping_json(row, now, out);
}

/* As a line of JSON, or as a row of `table`. */
static bool add_row(struct control_table *table, write_row *write, const void *row, struct qw_time now)
{
    char *line = NULL;
    size_t len = 0;
    if (!table)
        return write(row, now, stdout);
    FILE *out = open_memstream(&line, &len);
    bool written = out && write(row, now, out);
    written &= out && fclose(out) == 0;
    written = written && control_table_add(table, line);
    free(line);
    return written;
}

static bool add_flows(const struct state_engine *made, struct control_table *table)
{
    struct engine_flow flows[PIECE];
    uint64_t cursor = 0;
    size_t count;
    while ((count = engine_flows(made->engine, &cursor, made->now, flows, PIECE)) > 0)
        for (size_t i = 0; i < count; i++)
            if (!add_row(table, write_flow, &flows[i], made->now))
                return false;
    return true;
}

static bool add_mappings(const struct state_engine *made, struct control_table *table)
{
    struct nat_mapping mappings[PIECE];
    uint64_t cursor = 0;
    size_t count;
    while ((count = engine_mappings(made->engine, &cursor, mappings, PIECE)) > 0)
        for (size_t i = 0; i < count; i++)
            if (!add_row(table, write_mapping, &mappings[i], made->now))
                return false;
    return true;
}

static bool show_rows(const struct state_engine *made, bool json, enum control_rows kind)
{
    struct control_table *table = json ? NULL : control_table_new(kind);
    bool shown = json || table;
    shown = shown && (kind == CONTROL_FLOWS ? add_flows(made, table) : add_mappings(made, table));
    if (shown && table)
        control_table_print(table, command_width(), stdout);
    control_table_free(table);
    return shown;
}

static bool has_nat(const struct state_engine *made)
{
    struct engine_stats stats;
    engine_stats(made->engine, &stats);
    return stats.mode == CONFIG_NAT;
}

static enum command_status show(const char *path, const struct state_engine *made, bool json)
{
    bool shown = show_rows(made, json, CONTROL_FLOWS);
    if (has_nat(made)) {
        if (!json)
            putchar('\n');
        shown &= show_rows(made, json, CONTROL_MAPPINGS);
    }
    if (!shown)
        fprintf(stderr, "quicward: part of %s could not be shown\n", path);
    enum command_status written = command_finish_output();
    return shown ? written : COMMAND_FAILED;
}

/* ---- check ---- */

static void put(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *flow_results(const struct engine_recovery *counts)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < FLOW_ADOPT_RESULTS; i++)
        put(object, flow_adopted_word((enum flow_adopted)i), counts->flows.results[i]);
    put(object, "refused", counts->flows.refused);
    return object;
}

static json_t *mapping_results(const struct engine_recovery *counts)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < NAT_ADOPT_RESULTS; i++)
        put(object, nat_adopted_word((enum nat_adopted)i), counts->nat.results[i]);
    put(object, "unheld", counts->unheld);
    put(object, "resting", counts->nat.rests);
    put(object, "unclear", counts->nat.unclear);
    return object;
}

static enum command_status check_json(const char *path, const struct state_engine *made, bool sound)
{
    json_t *answer = json_pack("{s:{s:s,s:i,s:b,s:b,s:o,s:o}}", "state", "file", path, "layout",
                               (int)made->layout, "this_boot", made->this_boot, "sound", sound, "flows",
                               flow_results(&made->counts), "mappings", mapping_results(&made->counts));
    char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
    bool written = text && puts(text) != EOF;
    free(text);
    json_decref(answer);
    enum command_status status = command_finish_output();
    return sound && written ? status : COMMAND_FAILED;
}

static enum command_status check(const char *path, const struct state_engine *made, bool json)
{
    char text[REPORT_MAX];
    bool sound = !io_state_report(&made->counts, path, 0, text, sizeof(text));
    if (json)
        return check_json(path, made, sound);
    const char *counts = strstr(text, "took over ");
    printf("%s: %s, layout %u, of %s boot\n", path, sound ? "sound" : "not sound", made->layout,
           made->this_boot ? "this" : "another");
    printf("a start %s\n",
           made->this_boot && counts ? counts : "would not use it: it is from before the last reboot");
    enum command_status status = command_finish_output();
    return sound ? status : COMMAND_FAILED;
}

/* ---- both ---- */

static enum command_status look(const char *verb, const char *path, bool json)
{
    struct store *store;
    struct store_error error;
    struct state_engine made;
    enum qw_error code = store_look(path, &store, &error);
    if (code != QW_OK) {
        fprintf(stderr, "quicward: %s\n", error.text);
        return COMMAND_FAILED;
    }
    code = state_engine_make(store, &made);
    enum command_status status = COMMAND_FAILED;
    if (code == QW_ERR_INVALID)
        fprintf(stderr, "quicward: %s: it holds no flows of this program\n", path);
    else if (code != QW_OK)
        fprintf(stderr, "quicward: %s: %s\n", path, qw_error_text(code));
    else
        status = strcmp(verb, "show") == 0 ? show(path, &made, json) : check(path, &made, json);
    state_engine_free(&made);
    store_free(store);
    return status;
}

enum command_status command_state(const struct command *self, int argc, char **argv)
{
    struct options options;
    const char *verb = argc > 1 ? argv[1] : "";
    bool known = strcmp(verb, "show") == 0 || strcmp(verb, "check") == 0;
    bool help = strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0;
    if (!known && !help) {
        fprintf(stderr, "quicward state: show or check is missing: '%s'\n", verb);
        command_usage(self, stderr);
        return COMMAND_USAGE;
    }
    enum options_result result =
        options_read(self, help ? argc : argc - 1, help ? argv : argv + 1, "FILE", &options);
    if (result != OPTIONS_OK)
        return options_status(result);
    return look(verb, options.operand, options.json);
}
