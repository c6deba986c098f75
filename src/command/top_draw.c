#include "top_draw.h"
#include <curses.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#define LINE_MAX_CHARS 512

/* One line, cut at the edge: what is left over is blank. */
static void put(int y, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(int y, const char *format, ...)
{
    char text[LINE_MAX_CHARS];
    va_list arguments;
    if (y < 0 || y >= LINES)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    move(y, 0);
    clrtoeol();
    addnstr(text, COLS);
}

/* "12.3k": five characters at most, below 100 with a decimal where it has one. */
static const char *amount(double value, char out[static 16])
{
    unsigned power = 0;
    for (; value >= 999.5 && power < 5; power++)
        value /= 1000;
    bool whole = power == 0 && value == floor(value);
    snprintf(out, 16, "%.*f%.1s", whole || value >= 99.95 ? 0 : 1, value, &"\0kMGTP"[power]);
    return out;
}

static const char *span(double ms, char out[static 16])
{
    if (ms < 60000)
        snprintf(out, 16, "%.1fs", ms / 1000);
    else if (ms < 3600000)
        snprintf(out, 16, "%.0fm", floor(ms / 60000));
    else
        snprintf(out, 16, "%.0fh", floor(ms / 3600000));
    return out;
}

/* ---- the upper part ---- */

static const char *mode_of(const struct top_feed *feed)
{
    const char *mode = json_string_value(json_object_get(feed->stats, "mode"));
    return mode ? mode : "no daemon";
}

static void put_title(const struct top_screen *screen, const struct top_feed *feed)
{
    char clock[16];
    time_t now = time(NULL);
    struct tm local = {0};
    localtime_r(&now, &local);
    strftime(clock, sizeof clock, "%H:%M:%S", &local);
    attron(A_BOLD);
    put(0, "quicward top  %s  %s  every %u s%s", mode_of(feed), clock, screen->interval_s,
        screen->paused ? "  PAUSED" : "");
    attroff(A_BOLD);
}

/* Packets by the queue, and those that a fast path forwarded beside it. */
static void put_rates(int y, const struct top_feed *feed)
{
    char slow[16], fast[16], dropped[16];
    double by_queue = top_rate(feed, "packets"), beside = top_rate(feed, "fast.packets");
    double share = by_queue + beside > 0 ? 100 * beside / (by_queue + beside) : 0;
    put(y, "packets/s %s by queue, %s by fast path (%.0f %%), %s dropped", amount(by_queue, slow),
        amount(beside, fast), share, amount(top_rate(feed, "dropped"), dropped));
}

static void put_states(int y, const struct top_feed *feed)
{
    char all[16], room[16], attempts[16], answered[16], known[16], begun[16];
    double sum = top_number(feed->stats, "flows.attempts") + top_number(feed->stats, "flows.answered") +
                 top_number(feed->stats, "flows.confirmed");
    put(y, "flows     %s/%s: %s attempts, %s answered, %s confirmed; +%s/s", amount(sum, all),
        amount(top_number(feed->stats, "flows.max"), room),
        amount(top_number(feed->stats, "flows.attempts"), attempts),
        amount(top_number(feed->stats, "flows.answered"), answered),
        amount(top_number(feed->stats, "flows.confirmed"), known), amount(top_rate(feed, "created"), begun));
}

static void put_ports(int y, const struct top_feed *feed)
{
    char used[16], resting[16], all[16], refused[16];
    const json_t *nat = json_object_get(feed->stats, "nat");
    double refusals = top_rate(feed, "nat.refused.port") + top_rate(feed, "nat.refused.host") +
                      top_rate(feed, "nat.refused.share") + top_rate(feed, "nat.refused.address");
    if (!nat)
        put(y, "ports     no NAT in this mode");
    else
        put(y, "ports     %s mapped, %s rest, of %s; %s mappings/s refused",
            amount(top_number(nat, "mappings"), used), amount(top_number(nat, "resting"), resting),
            amount(top_number(nat, "ports"), all), amount(refusals, refused));
}

/* Sums over all queues: there may be 64. */
static void put_queues(int y, const struct top_feed *feed)
{
    char waiting[16], full[16], user[16];
    double waits = 0, lost = 0, undelivered = 0;
    size_t i;
    json_t *queue, *queues = json_object_get(feed->stats, "queues");
    json_array_foreach(queues, i, queue)
    {
        waits += top_number(queue, "waiting");
        lost += top_number(queue, "queue_dropped");
        undelivered += top_number(queue, "user_dropped");
    }
    put(y, "queues    %zu: %s packets wait, %s dropped when full, %s undelivered", json_array_size(queues),
        amount(waits, waiting), amount(lost, full), amount(undelivered, user));
}

static void put_throttle(int y, const json_t *throttle)
{
    char offered[16], capacity[16];
    const char *interface = json_string_value(json_object_get(throttle, "interface"));
    const char *direction = json_string_value(json_object_get(throttle, "direction"));
    put(y, "throttle  %.15s %.8s: %.1f %% of flows blocked, %s of %sbit/s offered",
        interface ? interface : "-", direction ? direction : "-", 100 * top_number(throttle, "share"),
        amount(top_number(throttle, "offered"), offered), amount(top_number(throttle, "capacity"), capacity));
}

/* The one that blocks most: a screen of 24 lines has room for one. */
static void put_throttles(int y, const struct top_feed *feed)
{
    const json_t *worst = NULL, *all = json_object_get(feed->stats, "throttles");
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        if (!worst || top_number(one, "share") > top_number(worst, "share"))
            worst = one;
    }
    if (worst)
        put_throttle(y, worst);
    else
        put(y, "throttle  none");
}

#define REASONS_SHOWN 4

/* Those that drop most now. */
static void put_drops(int y, const struct top_feed *feed)
{
    char text[LINE_MAX_CHARS] = "", rate[16], path[64];
    size_t used = 0;
    const char *word;
    json_t *count;
    unsigned shown = 0;
    json_object_foreach(json_object_get(feed->stats, "reasons"), word, count)
    {
        snprintf(path, sizeof path, "reasons.%.40s", word);
        double now = top_rate(feed, path);
        if (now > 0 && shown++ < REASONS_SHOWN)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%.40s %s", used ? ", " : "", word,
                                     amount(now, rate));
    }
    put(y, "drops/s   %s", used ? text : "none");
}

/* ---- the list ---- */

struct columns {
    int state, client, target, wide;
};

/* At 80 columns the client and the target share what numbers leave. */
static struct columns columns_of(void)
{
    struct columns columns = {.state = 9, .wide = COLS >= 110 ? 20 : 0};
    int left = COLS - columns.state - columns.wide - 8 - 8 - 8 - 5;
    columns.client = left < 20 ? 10 : left / 2 > 48 ? 48 : left / 2;
    columns.target = left - columns.client > 8 ? left - columns.client : 8;
    return columns;
}

/* The end of a name says more than its beginning. */
static const char *tail(const char *text, int width)
{
    size_t len = strlen(text);
    return len > (size_t)width ? text + len - (size_t)width : text;
}

static void put_flow(int y, const struct top_row *row)
{
    char rate[16], bytes[16], rtt[16] = "-", idle[16], more[32] = "";
    struct columns columns = columns_of();
    if (row->rtt_us > 0)
        snprintf(rtt, sizeof rtt, "%.1fms", row->rtt_us / 1000);
    if (columns.wide)
        snprintf(more, sizeof more, " %-10.10s %8.8s", *row->version ? row->version : "-",
                 span(row->idle_ms, idle));
    put(y, "%-*.*s %-*.*s %-*.*s %8s %8s %8s%s", columns.state, columns.state, row->state, columns.client,
        columns.client, row->client, columns.target, columns.target, tail(row->target, columns.target),
        amount(row->rate, rate), amount(row->bytes, bytes), rtt, more);
}

static void put_host(int y, const struct top_row *row)
{
    char flows[16], confirmed[16], rate[16], up[16], down[16];
    put(y, "%-39.39s %6s %6s %7s %6s %6s", row->client, amount(row->flows, flows),
        amount(row->confirmed, confirmed), amount(row->rate, rate), amount(row->up, up),
        amount(row->down, down));
}

static void put_reason(int y, const struct top_row *row)
{
    char rate[16], all[16];
    put(y, "%-20.20s %10s %10s", row->client, amount(row->rate, rate), amount(row->packets, all));
}

static void put_headings(int y, enum top_view view)
{
    struct columns columns = columns_of();
    attron(A_REVERSE);
    if (view == TOP_FLOWS)
        put(y, "%-*s %-*s %-*s %8s %8s %8s%s", columns.state, "STATE", columns.client, "CLIENT",
            columns.target, "NAME/SERVER", "B/s", "BYTES", "RTT", columns.wide ? " VERSION        IDLE" : "");
    else if (view == TOP_HOSTS)
        put(y, "%-39s %6s %6s %7s %6s %6s", "HOST", "FLOWS", "CONF", "B/s", "UP", "DOWN");
    else
        put(y, "%-20s %10s %10s", "REASON", "PACKETS/s", "PACKETS");
    mvchgat(y, 0, -1, A_REVERSE, 0, NULL);
    attroff(A_REVERSE);
}

static void put_row(int y, enum top_view view, const struct top_row *row)
{
    if (view == TOP_FLOWS)
        put_flow(y, row);
    else if (view == TOP_HOSTS)
        put_host(y, row);
    else
        put_reason(y, row);
}

/* ---- help, and the last line ---- */

static const char *const HELP[] = {
    "f h d     flows, hosts, drops by reason",
    "s S       the next order of flows, the one before",
    "r         turn the order round",
    "/         a filter, in the words of quicward flows without their dashes:",
    "          state=confirmed sni=*.example.org client=10.0.0.0/8; empty: none",
    "c         no filter",
    "+ -       look less often, more often",
    "space     look now",
    "p         pause",
    "arrows    scroll; also j and k, page up and down, home",
    "? q       this help; quit",
    "",
    "Order rate: the 512 flows with most bytes that spoke within ten seconds.",
};

#define HELP_LINES (sizeof(HELP) / sizeof(HELP[0]))

static void put_bar(int y, const struct top_screen *screen)
{
    static const char *const NAMES[] = {"flows", "hosts", "drops"};
    put(y, "[%s]  order: %s%s  filter:%s", NAMES[screen->view],
        screen->view == TOP_FLOWS ? screen->sort : "rate", screen->reverse ? ", reverse" : "",
        *screen->filter ? screen->filter : " none");
}

static void put_last(const struct top_screen *screen, const struct top_feed *feed)
{
    if (screen->prompt)
        put(LINES - 1, "filter: %s", screen->prompt);
    else if (*feed->error)
        put(LINES - 1, "%s", feed->error);
    else
        put(LINES - 1, "q quit  ? help  f h d view  s order  r reverse  / filter  c clear  p pause");
}

#define HEAD_LINES 9 /* above the list */

static void put_list(const struct top_screen *screen, const struct top_feed *feed, unsigned room)
{
    for (unsigned i = 0; i < room; i++) {
        unsigned at = screen->first + i;
        int y = HEAD_LINES + (int)i;
        if (screen->helps)
            put(y, "%s", i < HELP_LINES ? HELP[i] : "");
        else if (feed->view == screen->view && at < feed->count)
            put_row(y, screen->view, &feed->rows[at]);
        else
            put(y, " ");
    }
}

unsigned top_draw(const struct top_screen *screen, const struct top_feed *feed)
{
    unsigned room = LINES > HEAD_LINES + 1 ? (unsigned)(LINES - HEAD_LINES - 1) : 0;
    put_title(screen, feed);
    put_rates(1, feed);
    put_states(2, feed);
    put_ports(3, feed);
    put_queues(4, feed);
    put_throttles(5, feed);
    put_drops(6, feed);
    put_bar(7, screen);
    put_headings(8, screen->view);
    put_list(screen, feed, room);
    put_last(screen, feed);
    curs_set(screen->prompt != NULL);
    refresh();
    return room;
}
