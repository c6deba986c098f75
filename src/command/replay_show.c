#include "replay_show.h"
#include <inttypes.h>
#include <quicward/command.h>
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

static bool read_whole(const struct replay_capture *capture)
{
    const struct io_capture_counts *counts = capture->counts;
    return !capture->damaged &&
           counts->not_ip + counts->other_links + counts->cut_headers + counts->cut_payload == 0;
}

/* Names of link types are plain words. */
static void capture_json(const struct replay_capture *capture)
{
    const struct io_capture_counts *counts = capture->counts;
    printf("{\"capture\":{\"frames\":%" PRIu64 ",\"not_ip\":%" PRIu64 ",\"other_links\":%" PRIu64,
           counts->frames, counts->not_ip, counts->other_links);
    if (counts->other_link)
        printf(",\"other_link\":\"%s\"", counts->other_link);
    printf(",\"cut_headers\":%" PRIu64 ",\"cut_payload\":%" PRIu64 ",\"damaged\":%s}}\n", counts->cut_headers,
           counts->cut_payload, capture->damaged ? "true" : "false");
}

static void count_text(const char *what, uint64_t count, const char *why, const char *name)
{
    if (count)
        printf("%-26s%" PRIu64 "%s%s\n", what, count, why, name);
}

static void capture_text(const struct replay_capture *capture)
{
    const struct io_capture_counts *counts = capture->counts;
    count_text("frames without IP", counts->not_ip, "", "");
    count_text("frames of other links", counts->other_links, ", not read: link type ",
               counts->other_link ? counts->other_link : "");
    count_text("frames with cut headers", counts->cut_headers, ", not read: the snap length is too short",
               "");
    count_text("packets cut", counts->cut_payload, ", read as far as they were captured", "");
    if (capture->damaged)
        puts("the file is damaged: the rest of it was not read");
}

bool replay_show_json(const struct replay_flows *flows, const struct engine_stats *stats,
                      struct engine *engine, const struct replay_capture *capture)
{
    struct control_tenth tenths[CONTROL_TENTHS];
    for (size_t i = 0; i < flows->count; i++)
        if (!write_flow(&flows->list[i], stdout))
            return false;
    if (count_tenths(flows, tenths) && !control_tenths_json(tenths, stdout))
        return false;
    if (!control_stats_json(stats, engine, NULL, 0, NULL, NULL, 0, stdout))
        return false;
    if (!read_whole(capture))
        capture_json(capture);
    return true;
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
        control_table_print(table, command_width(), stdout);
    control_table_free(table);
    return whole;
}

static bool show_stats(const struct engine_stats *stats, struct engine *engine)
{
    char *line = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&line, &len);
    bool written = out && control_stats_json(stats, engine, NULL, 0, NULL, NULL, 0, out);
    bool shown = out && fclose(out) == 0 && written && control_stats_text(line, false, stdout);
    free(line);
    return shown;
}

bool replay_show_text(const struct replay_flows *flows, const struct engine_stats *stats,
                      struct engine *engine, const struct replay_capture *capture)
{
    struct control_tenth tenths[CONTROL_TENTHS];
    if (!show_table(flows))
        return false;
    putchar('\n');
    if (count_tenths(flows, tenths)) {
        control_tenths_text(tenths, stdout);
        putchar('\n');
    }
    capture_text(capture);
    return show_stats(stats, engine);
}
