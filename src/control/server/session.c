#include "session.h"
#include "flow_rank.h"
#include "host_sums.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Root, and the daemon's own user. Whoever cannot be named is nobody. */
static bool is_trusted(int fd)
{
    struct ucred peer = {0};
    socklen_t len = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && len == sizeof peer &&
           (peer.uid == 0 || peer.uid == geteuid());
}

void session_open(struct session *session, int fd, struct qw_time now)
{
    *session = (struct session){
        .fd = fd, .trusted = is_trusted(fd), .deadline = qw_time_add(now, SESSION_PATIENCE_NS)};
}

const struct control_veil *session_veil(const struct session *session, const struct session_source *source)
{
    return session->trusted ? NULL : source->handlers.veil;
}

void session_close(struct session *session)
{
    if (session->fd >= 0)
        close(session->fd);
    free(session->text);
    flow_rank_free(session->rank);
    host_sums_free(session->hosts);
    *session = (struct session){.fd = -1};
}

short session_events(const struct session *session)
{
    return session->answering ? POLLOUT : POLLIN;
}

bool session_stalled(const struct session *session, struct qw_time now)
{
    return now.ns >= session->deadline.ns;
}

/* Replaces the piece that was sent by the next one. */
static bool make_piece(struct session *session, const struct session_source *source, struct qw_time now,
                       session_write *write)
{
    free(session->text);
    session->text = NULL;
    session->len = session->sent = 0;
    session->next = NULL;
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
    session->answering = true;
    return make_piece(session, source, now, answer_request);
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
    return session->next && make_piece(session, source, now, session->next);
}

bool session_step(struct session *session, const struct session_source *source, struct qw_time now)
{
    return session->answering ? send_piece(session, source, now) : read_request(session, source, now);
}
