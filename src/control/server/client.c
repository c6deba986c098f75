#include "session.h"
#include "socket.h"
#include "text.h"
#include <errno.h>
#include <quicward/control.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_PATIENCE_MS 30000 /* a daemon that says nothing for so long hangs */

/* Is it the process that answered before? 0: none did, or the kernel does not tell who. */
static bool is_same(int fd, pid_t *daemon)
{
    struct ucred peer = {0};
    socklen_t len = sizeof(peer);
    if (!daemon || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return true;
    bool same = *daemon == 0 || *daemon == peer.pid;
    *daemon = peer.pid;
    return same;
}

/* A stream to read the answer from, or NULL with errno. */
static FILE *ask(int fd, const char *request, unsigned ms)
{
    char line[SESSION_REQUEST_MAX + 2];
    const struct timeval patience = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    int len = snprintf(line, sizeof(line), "%s\n", request);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
        send(fd, line, (size_t)len, MSG_NOSIGNAL) == len)
        return fdopen(fd, "r");
    return NULL;
}

#define MORE_SIZE 64

static unsigned count_lines(const char *text)
{
    unsigned lines = 1;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

/* An error text may be longer than there is room: whole lines are kept, and the others counted. */
static void keep_whole_lines(struct io_error *error, const char *text)
{
    size_t room = sizeof(error->text) - MORE_SIZE;
    control_say(error, "%s", text);
    if (strlen(text) < sizeof(error->text))
        return;
    error->text[room] = '\0';
    char *newline = strrchr(error->text, '\n');
    size_t kept = newline ? (size_t)(newline - error->text) : room;
    unsigned more = count_lines(text + kept + (newline ? 1 : 0));
    snprintf(error->text + kept, sizeof(error->text) - kept, "\nand %u more, which quicward check shows",
             more);
}

enum ending { NOT_LAST, LAST_OK, LAST_ERROR };

/* Answers end with an object that has nothing but "ok" or "error"; other lines are not parsed here. */
static enum ending ending_of(const char *line, struct io_error *error)
{
    enum ending ending = NOT_LAST;
    if (strncmp(line, "{\"ok\"", 5) != 0 && strncmp(line, "{\"error\"", 8) != 0)
        return NOT_LAST;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    const char *text = json_string_value(json_object_get(object, "error"));
    if (text) {
        keep_whole_lines(error, text);
        ending = LAST_ERROR;
    } else if (json_is_true(json_object_get(object, "ok"))) {
        ending = LAST_OK;
    }
    json_decref(object);
    return ending;
}

/* Hands on every line until the last one, which is judged. */
static enum ending read_answer(FILE *answer, control_line *line, void *context, struct io_error *error)
{
    enum ending ending = NOT_LAST;
    char *text = NULL;
    size_t room = 0;
    ssize_t len;
    while (ending == NOT_LAST && (len = getline(&text, &room, answer)) > 0) {
        if (text[len - 1] != '\n')
            break;
        text[len - 1] = '\0';
        ending = ending_of(text, error);
        if (ending == NOT_LAST && line)
            line(context, text);
    }
    free(text);
    return ending;
}

static enum qw_error nobody(const char *path, struct io_error *error)
{
    control_say(error, "no daemon answers on %s: %s; is quicward run -c FILE running?", path,
                strerror(errno));
    return QW_ERR_SYSTEM;
}

enum qw_error control_request_of(const char *path, pid_t *daemon, const char *request, control_line *line,
                                 void *context, struct io_error *error)
{
    return control_request_within(path, daemon, request, ANSWER_PATIENCE_MS, line, context, error);
}

enum qw_error control_request_within(const char *path, pid_t *daemon, const char *request, unsigned ms,
                                     control_line *line, void *context, struct io_error *error)
{
    int fd = control_connect(path, 0);
    if (fd < 0)
        return nobody(path, error);
    if (!is_same(fd, daemon)) {
        close(fd);
        return QW_ERR_NOT_FOUND;
    }
    FILE *answer = ask(fd, request, ms);
    if (!answer) {
        close(fd);
        return nobody(path, error);
    }
    errno = 0;
    enum ending ending = read_answer(answer, line, context, error);
    bool too_slow = ending == NOT_LAST && errno == EAGAIN;
    fclose(answer);
    if (too_slow) {
        control_say(error, "%s: no answer within %u ms", path, ms);
        return QW_ERR_SYSTEM;
    }
    if (ending == NOT_LAST) {
        control_say(error, "the answer from %s broke off", path);
        return QW_ERR_SYSTEM;
    }
    return ending == LAST_OK ? QW_OK : QW_ERR_INVALID;
}

enum qw_error control_request(const char *path, const char *request, control_line *line, void *context,
                              struct io_error *error)
{
    return control_request_of(path, NULL, request, line, context, error);
}
