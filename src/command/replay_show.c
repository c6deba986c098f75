#include "replay_show.h"
#include <inttypes.h>
#include <quicward/control.h>
#include <stdlib.h>
#include <string.h>

static bool write_flow(const struct replay_flow *flow, FILE *out)
{
    return flow->ended ? control_ended_json(&flow->flow, flow->why, out)
                       : control_flow_json(&flow->flow, out);
}

/* False when no flow has a place: no throttle is configured. */
static bool count_tenths(const struct replay_flows *flows, struct control_tenth tenths[static CONTROL_TENTHS])
{
    bool placed = false;
    memset(tenths, 0, CONTROL_TENTHS * sizeof(*tenths));
    for (size_t i = 0; i < flows->count; i++) {
        control_tenths_add(tenths, &flows->list[i].flow);
        placed |= flows->list[i].flow.placed;
    }
    return placed;
}

bool replay_show_json(const struct replay_flows *flows, const struct engine_stats *stats,
                      struct engine *engine)
{
    struct control_tenth tenths[CONTROL_TENTHS];
    for (size_t i = 0; i < flows->count; i++)
        if (!write_flow(&flows->list[i], stdout))
            return false;
    if (count_tenths(flows, tenths) && !control_tenths_json(tenths, stdout))
        return false;
    return control_stats_json(stats, engine, NULL, 0, stdout);
}

static bool add_row(struct control_table *table, const struct replay_flow *flow)
{
    char *line = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&line, &len);
    bool written = out && write_flow(flow, out);
    bool added = out && fclose(out) == 0 && written && control_table_add(table, line);
    free(line);
    return added;
}

static bool show_table(const struct replay_flows *flows)
{
    struct control_table *table = control_table_new(CONTROL_FLOWS);
    bool whole = table != NULL;
    for (size_t i = 0; whole && i < flows->count; i++)
        whole = add_row(table, &flows->list[i]);
    if (whole)
        control_table_print(table, stdout);
    control_table_free(table);
    return whole;
}

static bool show_stats(const struct engine_stats *stats, struct engine *engine)
{
    char *line = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&line, &len);
    bool written = out && control_stats_json(stats, engine, NULL, 0, out);
    bool shown = out && fclose(out) == 0 && written && control_stats_text(line, stdout);
    free(line);
    return shown;
}

bool replay_show_text(const struct replay_flows *flows, const struct engine_stats *stats,
                      struct engine *engine, uint64_t skipped)
{
    struct control_tenth tenths[CONTROL_TENTHS];
    if (!show_table(flows))
        return false;
    putchar('\n');
    if (count_tenths(flows, tenths)) {
        control_tenths_text(tenths, stdout);
        putchar('\n');
    }
    if (skipped)
        printf("%-26s%" PRIu64 "\n", "frames without IP", skipped);
    return show_stats(stats, engine);
}
