#include "socket.h"
#include "text.h"
#include <errno.h>
#include <quicward/control.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_PATIENCE_S 30 /* a daemon that says nothing for so long hangs */

/* A stream to read the answer from, or NULL with errno. */
static FILE *ask(const char *path, const char *request)
{
    char line[64];
    const struct timeval patience = {.tv_sec = ANSWER_PATIENCE_S};
    int len = snprintf(line, sizeof(line), "%s\n", request);
    int fd = control_connect(path, 0);
    if (fd < 0)
        return NULL;
    FILE *answer = NULL;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
        send(fd, line, (size_t)len, MSG_NOSIGNAL) == len)
        answer = fdopen(fd, "r");
    if (!answer)
        close(fd);
    return answer;
}

/* An error text may be longer than a message: what is kept ends with a whole line. */
static void keep_whole_lines(struct io_error *error, const char *text)
{
    control_say(error, "%s", text);
    char *newline = strrchr(error->text, '\n');
    if (strlen(text) >= sizeof(error->text) && newline)
        *newline = '\0';
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

enum qw_error control_request(const char *path, const char *request, control_line *line, void *context,
                              struct io_error *error)
{
    FILE *answer = ask(path, request);
    if (!answer) {
        control_say(error, "no daemon answers on %s: %s; is quicward run -c FILE running?", path,
                    strerror(errno));
        return QW_ERR_SYSTEM;
    }
    enum ending ending = read_answer(answer, line, context, error);
    fclose(answer);
    if (ending == NOT_LAST) {
        control_say(error, "the answer from %s broke off", path);
        return QW_ERR_SYSTEM;
    }
    return ending == LAST_OK ? QW_OK : QW_ERR_INVALID;
}
