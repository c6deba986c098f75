/* Writes the page of `quicward replay --report html` for flows that a hostile network might make, to standard
 * output; tests/command/page.sh looks at it. */
#include "page.h"
#include <string.h>

#define FLOWS 3

static const char *const NAMES[FLOWS] = {
    "</td><script>document.title='broken'</script>",
    "\"onmouseover=\"x' <img src=x onerror=alert(1)>&lt;b&gt;",
    "\x01\xff\xfe-->]]>\x7f",
};

static void make_flow(struct replay_flow *flow, unsigned i)
{
    struct engine_hello *hello = &flow->flow.hello;
    *flow =
        (struct replay_flow){.flow = {.id = i + 1, .family = QW_IPV4, .state = FLOW_CONFIRMED, .version = 1}};
    flow->flow.client = (struct qw_endpoint){.port = 5000};
    flow->flow.server = (struct qw_endpoint){.port = 443};
    flow->flow.rtt = (struct measure_report){.client_us = 1000, .server_us = 20000, .handshake_us = 21000};
    hello->known = true;
    hello->sni_len = (uint8_t)strlen(NAMES[i]);
    memcpy(hello->sni, NAMES[i], hello->sni_len);
}

/* The first flow has one point, the second as many as there may be. */
static void make_series(struct series *series, unsigned i)
{
    *series = (struct series){.id = i + 1, .count = i == 0 ? 1 : SERIES_POINTS};
    for (unsigned n = 0; n < series->count; n++)
        series->points[n] = (struct series_point){n * 0.1, 10000 + n, 20000, 30000 + n, MEASURE_HIGH};
}

int main(void)
{
    static struct series list[2];
    static struct replay_flow flows[FLOWS];
    static struct engine_stats stats;
    struct io_capture_counts counts = {0};
    for (unsigned i = 0; i < FLOWS; i++)
        make_flow(&flows[i], i);
    for (unsigned i = 0; i < 2; i++)
        make_series(&list[i], i);
    stats.reasons[QW_REASON_RULE] = 7;
    struct replay_flows all = {.count = FLOWS, .list = flows};
    struct series_book book = {.count = 2, .list = list};
    struct replay_capture capture = {&counts, true};
    struct page page = {"</title><script>document.title='broken'</script>\xff", &all, &stats, &book,
                        &capture};
    return page_write(&page, stdout) ? 0 : 1;
}
