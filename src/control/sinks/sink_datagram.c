/* Syslog (RFC 3164 as /dev/log takes it) and the journal of systemd: a datagram a line. The sockets never
 * block, so a receiver that hangs is one that takes nothing now. */
#include "sink.h"
#include "text.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define INFORMATIONAL 6 /* RFC 5424 6.2.1 */
#define HEAD_MAX 128
#define PATIENCE_MS 1000 /* for a receiver whose queue is full */

static bool connect_socket(struct sink *sink)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (sink->fd >= 0)
        return true;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", sink->path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) {
        sink->fd = fd;
        return true;
    }
    int reason = errno;
    if (fd >= 0)
        close(fd);
    errno = reason;
    return false;
}

static void close_socket(struct sink *sink)
{
    if (sink->fd >= 0)
        close(sink->fd);
    sink->fd = -1;
}

/* A datagram of head, line and tail. */
static bool send_parts(const struct sink *sink, const char *head, const char *line, size_t len,
                       const char *tail)
{
    struct iovec parts[] = {{(void *)(uintptr_t)head, strlen(head)},
                            {(void *)(uintptr_t)line, len},
                            {(void *)(uintptr_t)tail, strlen(tail)}};
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 3};
    return sendmsg(sink->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

static bool wait_for_room(const struct sink *sink)
{
    struct pollfd ready = {.fd = sink->fd, .events = POLLOUT};
    return poll(&ready, 1, PATIENCE_MS) > 0 && ready.revents & POLLOUT;
}

typedef bool send_line(const struct sink *sink, const char *line, size_t len);

/* Once more when the receiver's queue was full, or when it was started anew. A line that is too long for any
 * datagram counts as sent. */
static bool deliver(struct sink *sink, send_line *send, const char *line, size_t len)
{
    for (unsigned turn = 0; turn < 2; turn++) {
        if (!connect_socket(sink))
            return false;
        if (send(sink, line, len) || errno == EMSGSIZE)
            return true;
        if (errno == EAGAIN || errno == ENOBUFS) {
            if (!wait_for_room(sink)) {
                errno = EAGAIN;
                return false;
            }
        } else {
            int reason = errno;
            close_socket(sink);
            errno = reason;
        }
    }
    return false;
}

static size_t send_lines(struct sink *sink, send_line *send, const char *text, size_t len)
{
    size_t taken = 0;
    while (taken < len) {
        const char *end = memchr(text + taken, '\n', len - taken);
        size_t line = end ? (size_t)(end - text) - taken : len - taken;
        if (!deliver(sink, send, text + taken, line))
            break;
        taken += line + (end != NULL);
    }
    return taken;
}

/* ---- syslog ---- */

/* Names of months are English, whatever the locale. */
static void syslog_head(const struct sink *sink, char out[static HEAD_MAX])
{
    static const char MONTHS[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = time(NULL);
    struct tm local = {0};
    localtime_r(&now, &local);
    snprintf(out, HEAD_MAX, "<%u>%s %2d %02d:%02d:%02d quicward[%d]: ", sink->facility * 8 + INFORMATIONAL,
             MONTHS[local.tm_mon], local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, (int)getpid());
}

static bool send_syslog(const struct sink *sink, const char *line, size_t len)
{
    char head[HEAD_MAX];
    syslog_head(sink, head);
    return send_parts(sink, head, line, len, "");
}

static size_t write_syslog(struct sink *sink, const char *text, size_t len)
{
    return send_lines(sink, send_syslog, text, len);
}

static const struct sink_kind SYSLOG = {"syslog", write_syslog, NULL, close_socket};

/* ---- the journal ---- */

static bool send_journal(const struct sink *sink, const char *line, size_t len)
{
    return send_parts(sink, "PRIORITY=6\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=quicward\nMESSAGE=", line, len,
                      "\n");
}

static size_t write_journal(struct sink *sink, const char *text, size_t len)
{
    return send_lines(sink, send_journal, text, len);
}

static const struct sink_kind JOURNAL = {"journal", write_journal, NULL, close_socket};

static enum qw_error start(const struct sink_kind *kind, const char *path, unsigned facility,
                           struct sink **out, struct io_error *error)
{
    struct sink *sink = sink_new(kind, path);
    if (!sink)
        return QW_ERR_NO_MEMORY;
    sink->facility = facility;
    enum qw_error result = sink_start(sink, error);
    if (result == QW_OK)
        *out = sink;
    return result;
}

enum qw_error sink_syslog(const char *path, unsigned facility, struct sink **out, struct io_error *error)
{
    return start(&SYSLOG, path, facility, out, error);
}

enum qw_error sink_journal(const char *path, struct sink **out, struct io_error *error)
{
    return start(&JOURNAL, path, 0, out, error);
}
