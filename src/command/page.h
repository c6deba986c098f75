/* What a replay saw, as one HTML page that needs nothing else: no script, no other file. */
#ifndef COMMAND_PAGE_H
#define COMMAND_PAGE_H

#include "replay_flows.h"
#include "replay_show.h"
#include "series.h"

struct page {
    const char *title; /* of the capture: any bytes */
    const struct replay_flows *flows;
    const struct engine_stats *stats;
    const struct series_book *series;
    const struct replay_capture *capture;
};

/* Whatever names and titles hold, they are text of the page and nothing else. False when `out` failed. */
bool page_write(const struct page *page, FILE *out);

#endif
