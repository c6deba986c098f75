#include "page.h"
#include "plot.h"
#include <inttypes.h>
#include <quicward/control.h>
#include <string.h>

#define ROWS_MAX 2000 /* flows in the table */

static const char HEAD[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<style>\n"
    "body{font:15px/1.4 system-ui,sans-serif;max-width:75em;margin:1.5em auto;padding:0 "
    "1em;color:#222;background:#fff}\n"
    "h1{font-size:1.5em;overflow-wrap:anywhere}h2{font-size:1.15em;margin-top:2em}\n"
    ".wide{overflow-x:auto}table{border-collapse:collapse}\n"
    "th,td{padding:.2em .7em;text-align:left;border-bottom:1px solid #ddd;white-space:nowrap}\n"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\n"
    "td.name{white-space:normal;overflow-wrap:anywhere;max-width:22em}\n"
    ".bar{display:inline-block;height:.8em;background:#c44;vertical-align:baseline}\n"
    ".plots{display:flex;flex-wrap:wrap;gap:1em}figure{margin:0;max-width:36em}\n"
    "figcaption{font-size:.9em;overflow-wrap:anywhere}svg{max-width:100%;height:auto}.note{color:#666}\n"
    "</style>\n";

/* ---- text ---- */

/* Names come as printable ASCII (control_name_text); a path may have any bytes. */
static void put_text(const char *text, FILE *out)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at < ' ' || *at > '~')
            fprintf(out, "\\x%02x", *at);
        else if (strchr("<>&\"'", *at))
            fprintf(out, "&#%d;", *at);
        else
            putc(*at, out);
    }
}

static void put_endpoint(const struct engine_flow *flow, const struct qw_endpoint *endpoint, FILE *out)
{
    char text[QW_ENDPOINT_TEXT_MAX];
    put_text(qw_endpoint_text(endpoint, flow->family, text), out);
}

static void put_name(const struct engine_flow *flow, FILE *out)
{
    char text[CONTROL_NAME_TEXT_MAX];
    if (flow->hello.sni_len)
        put_text(control_name_text(flow->hello.sni, flow->hello.sni_len, text), out);
    else
        putc('-', out);
}

static void put_version(uint32_t version, FILE *out)
{
    char text[16];
    put_text(control_version_text(version, text), out);
}

static void put_ms(uint32_t us, bool bound, FILE *out)
{
    if (us)
        fprintf(out, "%s%.1f ms", bound ? "&le; " : "", us / 1000.0);
    else
        putc('-', out);
}

/* ---- handshakes ---- */

struct outcome {
    uint32_t version;
    unsigned by[FLOW_CONFIRMED + 1];
};

#define VERSIONS_MAX 16 /* the last takes all others */

static void count_outcome(struct outcome outcomes[static VERSIONS_MAX], unsigned *count,
                          const struct engine_flow *flow)
{
    unsigned i = 0;
    while (i < *count && outcomes[i].version != flow->version)
        i++;
    if (i == VERSIONS_MAX)
        i--;
    else if (i == *count)
        outcomes[(*count)++] = (struct outcome){.version = flow->version};
    outcomes[i].by[flow->state]++;
}

static void put_handshakes(const struct page *page, FILE *out)
{
    struct outcome outcomes[VERSIONS_MAX];
    unsigned count = 0;
    for (size_t i = 0; i < page->flows->count; i++)
        count_outcome(outcomes, &count, &page->flows->list[i].flow);
    fputs("<h2>Handshakes</h2>\n<div class=\"wide\"><table id=\"handshakes\"><tr><th>version</th>", out);
    for (unsigned state = 0; state <= FLOW_CONFIRMED; state++)
        fprintf(out, "<th class=\"n\">%s</th>", flow_state_word((enum flow_state)state));
    fputs("</tr>\n", out);
    for (unsigned i = 0; i < count; i++) {
        fputs("<tr><td>", out);
        put_version(outcomes[i].version, out);
        fputs("</td>", out);
        for (unsigned state = 0; state <= FLOW_CONFIRMED; state++)
            fprintf(out, "<td class=\"n\">%u</td>", outcomes[i].by[state]);
        fputs("</tr>\n", out);
    }
    fputs("</table></div>\n", out);
}

/* ---- drops ---- */

static uint64_t most(const struct engine_stats *stats)
{
    uint64_t most = 0;
    for (unsigned i = QW_REASON_NONE + 1; i < QW_REASON_COUNT; i++)
        most = stats->reasons[i] > most ? stats->reasons[i] : most;
    return most;
}

static void put_drops(const struct page *page, FILE *out)
{
    uint64_t highest = most(page->stats);
    const char *what = page->stats->mode == CONFIG_MONITOR ? "What mode firewall would drop, by reason"
                                                           : "Dropped, by reason";
    fprintf(out, "<h2>%s</h2>\n", what);
    if (highest == 0) {
        fputs("<p id=\"drops\">Nothing.</p>\n", out);
        return;
    }
    fputs("<div class=\"wide\"><table id=\"drops\">", out);
    for (unsigned i = QW_REASON_NONE + 1; i < QW_REASON_COUNT; i++) {
        uint64_t count = page->stats->reasons[i];
        if (count == 0)
            continue;
        fprintf(out,
                "<tr><td>%s</td><td class=\"n\">%" PRIu64
                "</td><td><span class=\"bar\" style=\"width:%.1fem\"></span> ",
                qw_reason_word((enum qw_reason)i), count, 12.0 * (double)count / (double)highest);
        put_text(qw_reason_meaning((enum qw_reason)i), out);
        fputs("</td></tr>\n", out);
    }
    fputs("</table></div>\n", out);
}

/* ---- flows ---- */

static void put_direction(const struct engine_direction *direction, FILE *out)
{
    double share = direction->packets ? 100.0 * direction->ce / (double)direction->packets : 0;
    fprintf(out,
            "<td class=\"n\">%" PRIu64 "</td><td class=\"n\">%" PRIu64 "</td><td class=\"n\">%.2f %%</td>",
            direction->packets, direction->bytes, share);
}

static void put_flow(const struct engine_flow *flow, FILE *out)
{
    fprintf(out, "<tr><td>%s</td><td>", flow_state_word(flow->state));
    put_version(flow->version, out);
    fputs("</td><td>", out);
    put_endpoint(flow, &flow->client, out);
    fputs("</td><td>", out);
    put_endpoint(flow, &flow->server, out);
    fputs("</td><td class=\"name\">", out);
    put_name(flow, out);
    fputs("</td><td class=\"n\">", out);
    put_ms(flow->rtt.handshake_us, !flow->rtt.exact, out);
    fputs("</td><td class=\"n\">", out);
    put_ms(flow->rtt.spin.rtt_us, false, out);
    fprintf(out, "</td><td>%s</td>", measure_confidence_word(flow->rtt.spin.confidence));
    put_direction(&flow->up, out);
    put_direction(&flow->down, out);
    fputs("</tr>\n", out);
}

static void put_flows(const struct page *page, FILE *out)
{
    size_t count = page->flows->count, shown = count < ROWS_MAX ? count : ROWS_MAX;
    fputs("<h2>Flows</h2>\n<div class=\"wide\"><table "
          "id=\"flows\"><tr><th>state</th><th>version</th><th>client</th>"
          "<th>server</th><th>name</th><th class=\"n\">RTT handshake</th><th class=\"n\">RTT "
          "spin</th><th>confidence</th>"
          "<th class=\"n\">up packets</th><th class=\"n\">bytes</th><th class=\"n\">CE</th>"
          "<th class=\"n\">down packets</th><th class=\"n\">bytes</th><th class=\"n\">CE</th></tr>\n",
          out);
    for (size_t i = 0; i < shown; i++)
        put_flow(&page->flows->list[i].flow, out);
    fputs("</table></div>\n", out);
    if (shown < count)
        fprintf(out, "<p class=\"note\">%zu more flows are not shown.</p>\n", count - shown);
}

/* ---- plots ---- */

static void put_plot(const struct engine_flow *flow, const struct series *series, FILE *out)
{
    fputs("<figure>", out);
    plot_write(series, flow->rtt.handshake_us, out);
    fputs("<figcaption>", out);
    put_name(flow, out);
    fputs(": ", out);
    put_endpoint(flow, &flow->client, out);
    fputs(" &rarr; ", out);
    put_endpoint(flow, &flow->server, out);
    fputs("</figcaption></figure>\n", out);
}

static void put_plots(const struct page *page, FILE *out)
{
    fputs("<h2>Round trip time by the spin bit</h2>\n", out);
    if (page->series->count == 0) {
        fputs("<p class=\"note\">No flow's spin bit gave one.</p>\n", out);
        return;
    }
    fputs(
        "<p class=\"note\">Blue: end to end; filled dots are of medium or high confidence. Green: the "
        "client's half; "
        "violet: the server's. Dashed: what the handshake showed, with the endpoints' computing in it.</p>\n"
        "<div class=\"plots\">\n",
        out);
    for (size_t i = 0; i < page->flows->count; i++) {
        const struct engine_flow *flow = &page->flows->list[i].flow;
        const struct series *series = series_find(page->series, flow->id);
        if (series)
            put_plot(flow, series, out);
    }
    fputs("</div>\n", out);
    if (page->series->left_out > 0)
        fprintf(out, "<p class=\"note\">Only the first %u flows are drawn.</p>\n", SERIES_MAX);
}

/* ---- the page ---- */

static void put_summary(const struct page *page, FILE *out)
{
    const union qw_counters *counters = &page->stats->counters;
    fprintf(out,
            "<p id=\"summary\">Flows: %zu. Packets: %" PRIu64 ", of them %" PRIu64 " accepted, %" PRIu64
            " dropped.",
            page->flows->count, counters->packets, counters->accepted, counters->dropped);
    if (page->capture->damaged)
        fputs(" <strong>The file is damaged: the rest of it was not read.</strong>", out);
    fputs("</p>\n", out);
}

bool page_write(const struct page *page, FILE *out)
{
    fputs(HEAD, out);
    fputs("<title>quicward: ", out);
    put_text(page->title, out);
    fputs("</title></head><body>\n<h1>", out);
    put_text(page->title, out);
    fputs("</h1>\n", out);
    put_summary(page, out);
    put_handshakes(page, out);
    put_plots(page, out);
    put_drops(page, out);
    put_flows(page, out);
    fputs("</body></html>\n", out);
    return !ferror(out);
}
