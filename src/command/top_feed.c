#include "top_feed.h"
#include <stdlib.h>
#include <string.h>

/* ---- stats ---- */

double top_number(const json_t *stats, const char *path)
{
    char word[TOP_CELL];
    const json_t *at = stats;
    for (const char *dot; (dot = strchr(path, '.')); path = dot + 1) {
        snprintf(word, sizeof word, "%.*s", (int)(dot - path), path);
        at = json_object_get(at, word);
    }
    return json_number_value(json_object_get(at, path));
}

static double seconds(const struct top_feed *feed)
{
    return (double)qw_time_since(feed->asked, feed->asked_last) / (double)QW_NS_PER_SECOND;
}

static double per_second(const struct top_feed *feed, double grown)
{
    return feed->asked_last.ns && seconds(feed) > 0 && grown > 0 ? grown / seconds(feed) : 0;
}

double top_rate(const struct top_feed *feed, const char *path)
{
    return feed->before ? per_second(feed, top_number(feed->stats, path) - top_number(feed->before, path))
                        : 0;
}

static void take_stats(void *context, const char *line)
{
    struct top_feed *feed = context;
    json_t *root = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    json_t *stats = json_object_get(root, "stats");
    if (stats) {
        json_decref(feed->before);
        feed->before = feed->stats;
        feed->stats = json_incref(stats);
    }
    json_decref(root);
}

/* ---- rows ---- */

/* Nothing from a line may command the terminal. */
static void put_text(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
    for (; *out; out++)
        if (*out < ' ' || *out > '~')
            *out = '?';
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static double traffic(const json_t *flow, const char *what)
{
    return top_number(json_object_get(flow, "up"), what) + top_number(json_object_get(flow, "down"), what);
}

/* What cannot be believed is no figure (docs/measurement.md). */
static double rtt(const json_t *flow)
{
    const json_t *known = json_object_get(flow, "rtt_us");
    const char *confidence = text_of(known, "spin_confidence");
    bool believed = confidence && (strcmp(confidence, "medium") == 0 || strcmp(confidence, "high") == 0);
    return top_number(known, believed ? "spin" : "handshake");
}

static void read_flow(const json_t *flow, struct top_row *row)
{
    const char *name = text_of(flow, "sni"), *state = text_of(flow, "state");
    if (json_is_true(json_object_get(flow, "refused")))
        state = "refused";
    else if (json_is_false(json_object_get(flow, "admitted")))
        state = "held";
    snprintf(row->key, sizeof row->key, "%.0f", top_number(flow, "id"));
    put_text(row->state, sizeof row->state, state);
    put_text(row->client, sizeof row->client, text_of(flow, "client"));
    put_text(row->target, sizeof row->target, name ? name : text_of(flow, "server"));
    put_text(row->version, sizeof row->version, text_of(flow, "version"));
    row->bytes = traffic(flow, "bytes");
    row->packets = traffic(flow, "packets");
    row->rtt_us = rtt(flow);
    row->idle_ms = top_number(flow, "idle_ms");
}

static void read_host(const json_t *host, struct top_row *row)
{
    const char *name = text_of(host, "host");
    put_text(row->client, sizeof row->client, name ? name : "(others)");
    memcpy(row->key, row->client, sizeof row->client);
    row->flows = top_number(host, "flows");
    row->confirmed = top_number(host, "confirmed");
    row->packets = top_number(host, "packets");
    row->up = top_number(host, "up");
    row->down = top_number(host, "down");
    row->bytes = row->up + row->down;
}

static void take_row(void *context, const char *line)
{
    struct top_feed *feed = context;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    if (object && feed->count < TOP_ROWS) {
        struct top_row *row = &feed->rows[feed->count++];
        *row = (struct top_row){.bytes = 0};
        if (feed->view == TOP_FLOWS)
            read_flow(object, row);
        else
            read_host(object, row);
    }
    json_decref(object);
}

/* Reasons stand in the stats; they are counted in packets. */
static void take_reasons(struct top_feed *feed)
{
    const char *word;
    json_t *count;
    json_object_foreach(json_object_get(feed->stats, "reasons"), word, count)
    {
        if (feed->count == TOP_ROWS || json_integer_value(count) == 0)
            continue;
        struct top_row *row = &feed->rows[feed->count++];
        *row = (struct top_row){.packets = json_number_value(count)};
        put_text(row->client, sizeof row->client, word);
        memcpy(row->key, row->client, sizeof row->client);
    }
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct top_row *)a)->key, ((const struct top_row *)b)->key);
}

/* A row that is new has no rate yet: when it began is not known. */
static void add_rates(struct top_feed *feed)
{
    bool reasons = feed->view == TOP_DROPS;
    qsort(feed->old, feed->old_count, sizeof feed->old[0], by_key);
    for (unsigned i = 0; i < feed->count; i++) {
        struct top_row *row = &feed->rows[i];
        const struct top_row *old = bsearch(row, feed->old, feed->old_count, sizeof feed->old[0], by_key);
        if (old)
            row->rate = per_second(feed, reasons ? row->packets - old->packets : row->bytes - old->bytes);
    }
}

static int by_rate(const void *a, const void *b)
{
    const struct top_row *one = a, *other = b;
    if (one->rate != other->rate)
        return one->rate > other->rate ? -1 : 1;
    double more = one->bytes + one->packets, most = other->bytes + other->packets;
    return more != most ? (more > most ? -1 : 1) : strcmp(one->key, other->key);
}

static void turn(struct top_feed *feed)
{
    for (unsigned i = 0; i < feed->count / 2; i++) {
        struct top_row kept = feed->rows[i];
        feed->rows[i] = feed->rows[feed->count - 1 - i];
        feed->rows[feed->count - 1 - i] = kept;
    }
}

static void keep_old(struct top_feed *feed, enum top_view view)
{
    feed->old_count = feed->view == view ? feed->count : 0;
    memcpy(feed->old, feed->rows, feed->old_count * sizeof feed->old[0]);
    feed->view = view;
    feed->count = 0;
}

/* ---- asking ---- */

static bool request(struct top_feed *feed, const char *path, const char *text, control_line *line)
{
    struct io_error error = {.text = ""};
    if (control_request(path, text, line, feed, &error) == QW_OK)
        return true;
    put_text(feed->error, sizeof feed->error, error.text);
    return false;
}

/* Rates are known of the flows that have most bytes, or of those that spoke last: not of all. */
static bool ask_rows(struct top_feed *feed, const char *path, const char *sort, bool reverse,
                     const char *words)
{
    char text[2048];
    bool rated = strcmp(sort, "rate") == 0;
    if (feed->view == TOP_HOSTS)
        snprintf(text, sizeof text, "hosts limit=%u%s", TOP_ROWS, words);
    else
        snprintf(text, sizeof text, "flows brief sort=%s%s limit=%u%s%s", rated ? "bytes" : sort,
                 reverse && !rated ? " reverse" : "", TOP_ROWS, rated ? " idle=10" : "", words);
    return request(feed, path, text, take_row);
}

void top_feed_ask(struct top_feed *feed, const char *path, enum top_view view, const char *sort, bool reverse,
                  const char *words, struct qw_time now)
{
    feed->error[0] = '\0';
    if (!request(feed, path, "stats", take_stats))
        return;
    feed->asked_last = feed->asked;
    feed->asked = now;
    keep_old(feed, view);
    if (view == TOP_DROPS)
        take_reasons(feed);
    else
        ask_rows(feed, path, sort, reverse, words);
    add_rates(feed);
    if (view != TOP_FLOWS || strcmp(sort, "rate") == 0) {
        qsort(feed->rows, feed->count, sizeof feed->rows[0], by_rate);
        if (reverse)
            turn(feed);
    }
}

void top_feed_clear(struct top_feed *feed)
{
    json_decref(feed->stats);
    json_decref(feed->before);
    feed->stats = feed->before = NULL;
}
