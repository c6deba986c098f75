#include "replay_report.h"
#include <errno.h>
#include <string.h>

#define TICK_NS (100 * QW_NS_PER_MS) /* as workers tick when nothing comes */
#define VIEW_NS (200 * QW_NS_PER_MS)
#define GAP_NS (600 * QW_NS_PER_SECOND) /* of a longer pause in the capture only the end is gone through */

#define UNLIMITED 1000000000000u /* the largest capacity there is */

void replay_report_begin(struct replay_report *report, struct config *config, struct config_throttle *limit)
{
    if (config->throttle_count == 0) {
        *limit =
            (struct config_throttle){.interface = "capture", .direction = CONFIG_OUT, .capacity = UNLIMITED};
        config->throttles = limit;
        config->throttle_count = 1;
    }
    memcpy(report->interface, config->throttles[0].interface, sizeof report->interface - 1);
}

static void view(struct replay_report *report, struct engine *engine)
{
    struct engine_stats stats;
    double seconds = (double)qw_time_since(report->ticked, report->began) / QW_NS_PER_SECOND;
    engine_stats(engine, &stats);
    report->count = 0;
    for (unsigned i = 0; i < stats.throttle_count && report->count < REPORT_FIGURES; i++)
        if (strcmp(stats.throttles[i].limit.interface, report->interface) == 0)
            figure_add(&report->figures[report->count++], seconds, &stats.throttles[i]);
    report->viewed = report->ticked;
}

void replay_report_go_on(struct replay_report *report, struct engine *engine, struct engine_worker *worker,
                         struct qw_time now)
{
    if (!report->path)
        return;
    if (!report->runs)
        report->began = report->ticked = report->viewed = now;
    report->runs = true;
    if (qw_time_since(now, report->ticked) > GAP_NS)
        report->ticked.ns = now.ns - GAP_NS;
    while (qw_time_since(now, report->ticked) >= TICK_NS) {
        report->ticked = qw_time_add(report->ticked, TICK_NS);
        engine_tick(worker, report->ticked, 0);
        if (qw_time_since(report->ticked, report->viewed) >= VIEW_NS)
            view(report, engine);
    }
}

bool replay_report_write(const struct replay_report *report)
{
    if (!report->path)
        return true;
    FILE *out = fopen(report->path, "w");
    bool written = out != NULL;
    if (out) {
        figure_write(report->figures, report->count, out);
        written = !ferror(out);
        written = fclose(out) == 0 && written;
    }
    if (!written)
        fprintf(stderr, "quicward: %s: %s\n", report->path, strerror(errno));
    return written;
}
