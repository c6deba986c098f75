#include "session.h"
#include "text.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void session_open(struct session *session, int fd, struct qw_time now)
{
    *session = (struct session){.fd = fd, .deadline = qw_time_add(now, SESSION_PATIENCE_NS)};
}

void session_close(struct session *session)
{
    if (session->fd >= 0)
        close(session->fd);
    free(session->text);
    *session = (struct session){.fd = -1};
}

short session_events(const struct session *session)
{
    return session->phase == SESSION_READING ? POLLIN : POLLOUT;
}

bool session_stalled(const struct session *session, struct qw_time now)
{
    return now.ns >= session->deadline.ns;
}

/* ---- the lines of an answer ---- */

static bool say_ok(FILE *out)
{
    return control_write_line(json_pack("{s:b}", "ok", 1), out);
}

static bool say_error(const char *text, FILE *out)
{
    return control_write_line(json_pack("{s:s}", "error", text), out);
}

static bool write_flows(struct session *session, const struct session_source *source, struct qw_time now,
                        FILE *out)
{
    struct engine_flow flows[SESSION_FLOWS];
    size_t count = engine_flows(source->engine, &session->cursor, now, flows, SESSION_FLOWS);
    if (count == 0) {
        session->phase = SESSION_LAST_LINES;
        return say_ok(out);
    }
    for (size_t i = 0; i < count; i++)
        if (!control_flow_json(&flows[i], out))
            return false;
    return true;
}

static bool write_stats(const struct session_source *source, FILE *out)
{
    struct engine_stats stats;
    struct io_queue_stats queues[CONFIG_WORKERS_MAX];
    engine_stats(source->engine, &stats);
    unsigned count = source->queues ? io_queues_stats(source->queues, queues, CONFIG_WORKERS_MAX) : 0;
    return control_stats_json(&stats, source->engine, queues, count, out) && say_ok(out);
}

static bool write_reload(const struct session_source *source, FILE *out)
{
    char *errors = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&errors, &len);
    if (!stream)
        return false;
    bool done = source->handlers.reload(source->handlers.context, stream);
    fclose(stream);
    while (errors && len > 0 && errors[len - 1] == '\n')
        errors[--len] = '\0';
    bool written = done ? say_ok(out) : errors && say_error(errors, out);
    free(errors);
    return written;
}

static bool write_refusal(char *request, FILE *out)
{
    char text[SESSION_REQUEST_MAX + 64];
    control_make_printable(request);
    snprintf(text, sizeof(text), "unknown request '%s': only flows, stats and reload are", request);
    return say_error(text, out);
}

static bool asks_for(const struct session *session, const char *word)
{
    return session->request_len == strlen(word) && memcmp(session->request, word, session->request_len) == 0;
}

/* The first piece of the answer to a whole request. */
static bool answer(struct session *session, const struct session_source *source, struct qw_time now,
                   FILE *out)
{
    session->phase = SESSION_LAST_LINES;
    if (session->request_len > SESSION_REQUEST_MAX)
        return say_error("the request is longer than 256 bytes", out);
    session->request[session->request_len] = '\0';
    if (asks_for(session, "stats"))
        return write_stats(source, out);
    if (asks_for(session, "reload"))
        return write_reload(source, out);
    if (!asks_for(session, "flows"))
        return write_refusal(session->request, out);
    session->phase = SESSION_FLOW_LINES;
    return write_flows(session, source, now, out);
}

/* ---- reading and sending ---- */

typedef bool write_piece(struct session *session, const struct session_source *source, struct qw_time now,
                         FILE *out);

/* Replaces the piece that was sent by the next one. */
static bool make_piece(struct session *session, const struct session_source *source, struct qw_time now,
                       write_piece *write)
{
    free(session->text);
    session->text = NULL;
    session->len = session->sent = 0;
    FILE *out = open_memstream(&session->text, &session->len);
    if (!out)
        return false;
    bool written = write(session, source, now, out);
    return fclose(out) == 0 && written;
}

/* Whether the client will send nothing more of its request: the newline came, or too much did. */
static bool request_ends(struct session *session)
{
    const char *newline = memchr(session->request, '\n', session->request_len);
    if (newline)
        session->request_len = (size_t)(newline - session->request);
    return newline || session->request_len > SESSION_REQUEST_MAX;
}

static bool read_request(struct session *session, const struct session_source *source, struct qw_time now)
{
    ssize_t got = recv(session->fd, session->request + session->request_len,
                       sizeof(session->request) - session->request_len, 0);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if (got == 0)
        return false;
    session->request_len += (size_t)got;
    if (!request_ends(session))
        return true;
    session->deadline = qw_time_add(now, SESSION_PATIENCE_NS);
    return make_piece(session, source, now, answer);
}

static bool send_piece(struct session *session, const struct session_source *source, struct qw_time now)
{
    ssize_t sent =
        send(session->fd, session->text + session->sent, session->len - session->sent, MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR;
    session->deadline = qw_time_add(now, SESSION_PATIENCE_NS);
    session->sent += (size_t)sent;
    if (session->sent < session->len)
        return true;
    return session->phase == SESSION_FLOW_LINES && make_piece(session, source, now, write_flows);
}

bool session_step(struct session *session, const struct session_source *source, struct qw_time now)
{
    return session->phase == SESSION_READING ? read_request(session, source, now)
                                             : send_piece(session, source, now);
}
