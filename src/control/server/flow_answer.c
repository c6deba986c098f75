/* The answers to `flows` and `hosts`: the table is looked at in pieces, and what matches is sent, ranked or
 * summed.
 */
#include "flow_line.h"
#include "flow_rank.h"
#include "host_sums.h"
#include "session.h"
#include "text.h"
#include <string.h>

/* A piece of an answer is as long as that, or as many looks at the table went into it: other clients wait for
 * it. */
#define PIECE_BYTES 65536
#define PIECE_LOOKS 32

static bool write_key(const struct control_query *query, const struct engine_flow *flow, FILE *out)
{
    static const char HEX[] = "0123456789abcdef";
    uint8_t key[CONTROL_KEY_SIZE];
    char text[2 * CONTROL_KEY_SIZE + 1];
    control_query_key(query, flow, key);
    for (unsigned i = 0; i < CONTROL_KEY_SIZE; i++) {
        text[2 * i] = HEX[key[i] >> 4];
        text[2 * i + 1] = HEX[key[i] & 15];
    }
    text[2 * CONTROL_KEY_SIZE] = '\0';
    return fprintf(out, "[\"%s\",", text) > 0;
}

static bool write_flow(const struct control_query *query, const struct engine_flow *flow, FILE *out)
{
    struct json_line line;
    bool keyed = query->sort != CONTROL_UNSORTED;
    flow_line(&line, flow, NULL, query->brief);
    return !line.cut && (!keyed || write_key(query, flow, out)) &&
           fwrite(line.text, 1, line.len, out) == line.len && fputs(keyed ? "]\n" : "\n", out) != EOF;
}

static bool take(struct session *session, const struct engine_flow *flow, FILE *out)
{
    if (!control_query_matches(&session->query, flow))
        return true;
    session->matched++;
    if (session->hosts) {
        host_sums_add(session->hosts, flow);
        return true;
    }
    return session->rank ? flow_rank_add(session->rank, flow) : write_flow(&session->query, flow, out);
}

static bool is_done(const struct session *session)
{
    return !session->rank && !session->hosts && session->query.limit > 0 &&
           session->query.sort == CONTROL_UNSORTED && session->matched >= session->query.limit;
}

static bool finish(struct session *session, FILE *out)
{
    bool written = !session->rank || flow_rank_write(session->rank, out);
    if (session->hosts)
        written = host_sums_write(session->hosts, session->query.limit, out);
    return written && control_write_line(json_pack("{s:b}", "ok", 1), out);
}

/* Which way it goes is not the engine's to know. */
static void mark_fast(const struct session_source *source, struct engine_flow *flow)
{
    flow->offloads = source->queues && io_queues_offloads(source->queues);
    flow->fast = flow->offloads && io_queues_is_fast(source->queues, flow->id);
}

/* One look: what is copied with a shard locked. False when memory is short; *count 0: that was all. */
static bool look(struct session *session, const struct session_source *source, struct qw_time now, FILE *out,
                 size_t *count)
{
    struct engine_flow flows[SESSION_PIECE];
    bool written = true;
    *count = engine_flows(source->engine, &session->cursor, now, flows, SESSION_PIECE);
    for (size_t i = 0; written && i < *count && !is_done(session); i++) {
        mark_fast(source, &flows[i]);
        control_veil_flow(session_veil(session, source), &flows[i]);
        written = take(session, &flows[i], out);
    }
    return written;
}

static bool write_flows(struct session *session, const struct session_source *source, struct qw_time now,
                        FILE *out)
{
    size_t count = 1;
    off_t end = ftello(out) + PIECE_BYTES;
    for (unsigned looks = 0; looks < PIECE_LOOKS && ftello(out) < end; looks++) {
        if (!look(session, source, now, out, &count))
            return false;
        if (count == 0 || is_done(session))
            return finish(session, out);
    }
    session->next = write_flows;
    return true;
}

/* Reads the words behind the first; changes the request. */
static enum qw_error read_words(struct session *session, struct io_error *error)
{
    enum qw_error result = QW_OK;
    char *rest = NULL, *word;
    (void)strtok_r(session->request, " ", &rest);
    while (result == QW_OK && (word = strtok_r(NULL, " ", &rest))) {
        char *value = strchr(word, '=');
        if (value)
            *value++ = '\0';
        result = control_query_add(&session->query, word, value ? value : "", error);
    }
    return result;
}

bool answer_flows(struct session *session, const struct session_source *source, struct qw_time now, FILE *out)
{
    struct io_error error;
    if (read_words(session, &error) != QW_OK)
        return control_write_line(json_pack("{s:s}", "error", error.text), out);
    if (control_query_is_ranked(&session->query) && !(session->rank = flow_rank_new(&session->query)))
        return false;
    if (source->queues && io_queues_offloads(source->queues))
        io_queues_harvest(source->queues); /* what went fast up to now is counted */
    return write_flows(session, source, now, out);
}

/* Only a limit and filters mean something here. */
bool answer_hosts(struct session *session, const struct session_source *source, struct qw_time now, FILE *out)
{
    struct io_error error;
    if (read_words(session, &error) != QW_OK)
        return control_write_line(json_pack("{s:s}", "error", error.text), out);
    session->hosts = host_sums_new();
    return session->hosts && write_flows(session, source, now, out);
}
