/* The requests, and the pieces of their answers. */
#include "session.h"
#include "text.h"
#include <stdlib.h>
#include <string.h>

static bool say_ok(FILE *out)
{
    return control_write_line(json_pack("{s:b}", "ok", 1), out);
}

static bool say_error(const char *text, FILE *out)
{
    return control_write_line(json_pack("{s:s}", "error", text), out);
}

static bool write_mappings(struct session *session, const struct session_source *source, struct qw_time now,
                           FILE *out)
{
    struct nat_mapping mappings[SESSION_PIECE];
    if (!source->nat)
        return say_error("mappings exist only in mode nat", out);
    size_t count = source->mappings(source->engine, &session->cursor, mappings, SESSION_PIECE);
    if (count == 0)
        return say_ok(out);
    session->next = write_mappings;
    for (size_t i = 0; i < count; i++) {
        control_veil_mapping(session_veil(session, source), &mappings[i]);
        if (!control_mapping_json(&mappings[i], now, out))
            return false;
    }
    return true;
}

/* ---- events ---- */

static bool write_event(struct session *session, const struct engine_event *event, int64_t epoch_ns,
                        FILE *out)
{
    uint64_t missed = session->counts_missed ? event->number - session->cursor - 1 : 0;
    if (missed && !control_write_line(json_pack("{s:I}", "missed", control_count(missed)), out))
        return false;
    session->cursor = event->number;
    session->counts_missed = true;
    session->left--;
    return control_event_json(event, epoch_ns, out);
}

/* Events may come faster than a client reads them, so an answer has an end of its own. */
static bool write_events(struct session *session, const struct session_source *source, struct qw_time now,
                         FILE *out)
{
    struct engine_event events[SESSION_PIECE];
    uint64_t after = session->cursor;
    size_t max = session->left < SESSION_PIECE ? (size_t)session->left : SESSION_PIECE;
    size_t count = max ? source->events(source->engine, &after, events, max) : 0;
    (void)now;
    if (count == 0)
        return say_ok(out);
    session->next = write_events;
    for (size_t i = 0; i < count; i++) {
        control_veil_event(session_veil(session, source), &events[i]);
        if (!write_event(session, &events[i], source->epoch_ns, out))
            return false;
    }
    return true;
}

/* A number that is not given yet comes from a client of the daemon before this one. */
static uint64_t given(const struct session_source *source, uint64_t number)
{
    struct engine_event event;
    uint64_t before = number ? number - 1 : 0;
    return source->events(source->engine, &before, &event, 1) ? number : 0;
}

/* What may stand behind "events ". False when it is no number. */
static bool read_number(const char *text, uint64_t *out)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18 || text[digits])
        return false;
    *out = strtoull(text, NULL, 10);
    return true;
}

static bool begin_events(struct session *session, const struct session_source *source, struct qw_time now,
                         FILE *out)
{
    uint64_t number;
    if (read_number(session->request + strcspn(session->request, "0123456789"), &number)) {
        session->counts_missed = true;
        session->cursor = given(source, number);
        if (source->followed_ns)
            atomic_store(source->followed_ns, now.ns);
    }
    session->left = CONTROL_EVENTS_MAX;
    return write_events(session, source, now, out);
}

/* ---- answers of one piece ---- */

static bool write_stats(struct session *session, const struct session_source *source, struct qw_time now,
                        FILE *out)
{
    struct engine_stats stats;
    struct io_queue_stats queues[CONFIG_WORKERS_MAX];
    (void)session;
    (void)now;
    engine_stats(source->engine, &stats);
    unsigned count = source->queues ? io_queues_stats(source->queues, queues, CONFIG_WORKERS_MAX) : 0;
    struct io_rules_stats rules = {0};
    if (source->handlers.rules)
        source->handlers.rules(source->handlers.context, &rules);
    struct control_sink_stats sinks[CONTROL_SINKS_MAX];
    unsigned sink_count =
        source->handlers.sinks ? source->handlers.sinks(source->handlers.context, sinks) : 0;
    return control_stats_json(&stats, source->engine, queues, count, &rules, sinks, sink_count, out) &&
           say_ok(out);
}

static bool write_offload(struct session *session, const struct session_source *source, struct qw_time now,
                          FILE *out)
{
    struct io_offload offload;
    (void)session;
    (void)now;
    if (!source->queues || !io_queues_offloads(source->queues))
        return say_error("there is no fast path: offload is \"off\" in the configuration", out);
    io_queues_offload(source->queues, &offload);
    return control_offload_json(&offload, out) && say_ok(out);
}

/* "active" is 1, "standby" 0, nothing -1; -2 for others. Behind a blank *name, NULL: none. */
static int role_in(const char *request, const char **name)
{
    const char *word = request + strcspn(request, " ");
    size_t len = *word ? strcspn(word + 1, " ") : 0;
    *name = NULL;
    if (!*word)
        return -1;
    if (word[1 + len])
        *name = word + 1 + len + 1;
    bool active = len == 6 && memcmp(word + 1, "active", len) == 0;
    return active ? 1 : len == 7 && memcmp(word + 1, "standby", len) == 0 ? 0 : -2;
}

/* A path or a request may have any bytes, and JSON has UTF-8 only. */
static void make_text(char *text)
{
    json_t *string = json_string(text);
    for (; !string && *text; text++)
        if (*text < ' ' || *text > '~')
            *text = *text == '\n' ? '\n' : '?';
    json_decref(string);
}

static bool has_owned(const struct peer_stats *stats, const char *name)
{
    for (unsigned i = 0; i < stats->owned_count; i++)
        if (strcmp(stats->owned[i].name, name) == 0)
            return true;
    return false;
}

/* Why a command could not make this router an owner of `name` (NULL: of everything). */
static bool say_not_owned(const struct peer_stats *stats, const char *name, FILE *out)
{
    char text[2048];
    if (!name || has_owned(stats, name))
        return say_error("an address decides who is active: cluster.follow is \"address\"", out);
    int at = snprintf(text, sizeof text, "\"%.64s\" is not one of cluster.owners: ", name);
    for (unsigned i = 0; stats->owners && i < stats->owned_count && at < (int)sizeof text; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "%s%s", i > 0 ? ", " : "", stats->owned[i].name);
    if (!stats->owners)
        snprintf(text + at, sizeof text - (size_t)at, "there are none, so nothing may follow the role");
    make_text(text);
    return say_error(text, out);
}

static bool write_cluster(struct session *session, const struct session_source *source, struct qw_time now,
                          FILE *out)
{
    struct peer_stats stats;
    const char *name;
    int role = role_in(session->request, &name);
    (void)now;
    if (role == -2)
        return say_error("only active and standby may follow cluster", out);
    if (!source->handlers.cluster)
        return say_error("there is no other router: cluster.store is \"none\" in the configuration", out);
    if (!source->handlers.cluster(source->handlers.context, role, name, &stats))
        return say_not_owned(&stats, name, out);
    return control_cluster_json(&stats, out) && say_ok(out);
}

static bool write_reload(struct session *session, const struct session_source *source, struct qw_time now,
                         FILE *out)
{
    char *errors = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&errors, &len);
    (void)session;
    (void)now;
    if (!stream)
        return false;
    bool done = source->handlers.reload(source->handlers.context, stream);
    fclose(stream);
    while (errors && len > 0 && errors[len - 1] == '\n')
        errors[--len] = '\0';
    if (errors)
        make_text(errors);
    bool written = done ? say_ok(out) : errors && say_error(errors, out);
    free(errors);
    return written;
}

/* ---- which one ---- */

enum takes { NOTHING, NUMBER, WORDS };

static const struct request {
    const char *word;
    enum takes takes; /* what may follow, after one space */
    session_write *write;
} REQUESTS[] = {
    {"flows", WORDS, answer_flows},        {"hosts", WORDS, answer_hosts},
    {"mappings", NOTHING, write_mappings}, {"events", NUMBER, begin_events},
    {"reload", NOTHING, write_reload},     {"stats", NOTHING, write_stats},
    {"offload", NOTHING, write_offload},   {"cluster", WORDS, write_cluster},
};

static bool asks_for(const char *text, const struct request *request)
{
    size_t len = strlen(request->word);
    uint64_t number;
    if (strncmp(text, request->word, len) != 0)
        return false;
    if (!text[len] || request->takes == NOTHING || text[len] != ' ')
        return !text[len];
    return request->takes == WORDS ? text[len + 1] > ' ' : read_number(text + len + 1, &number);
}

static bool write_refusal(char *request, FILE *out)
{
    char text[SESSION_REQUEST_MAX + 96];
    control_make_printable(request);
    snprintf(
        text, sizeof(text),
        "unknown request '%s': only flows, hosts, mappings, events, stats, offload, cluster and reload are",
        request);
    return say_error(text, out);
}

bool answer_request(struct session *session, const struct session_source *source, struct qw_time now,
                    FILE *out)
{
    if (session->request_len > SESSION_REQUEST_MAX)
        return say_error("the request is longer than 2048 bytes", out);
    session->request[session->request_len] = '\0';
    bool whole = strlen(session->request) == session->request_len;
    for (size_t i = 0; whole && i < sizeof(REQUESTS) / sizeof(REQUESTS[0]); i++)
        if (asks_for(session->request, &REQUESTS[i]))
            return REQUESTS[i].write(session, source, now, out);
    return write_refusal(session->request, out);
}
