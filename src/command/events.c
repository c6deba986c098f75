/* What happened: all that the daemon keeps, and with --follow what comes. */
#include "ask.h"
#include <inttypes.h>
#include <time.h>

#define PAUSE_NS (250 * QW_NS_PER_MS)

struct events_view {
    bool json, failed;
    uint64_t last;  /* number of the last event */
    unsigned shown; /* of this answer */
    pid_t daemon;   /* that answered; 0: none yet */
};

static void show_line(void *context, const char *line)
{
    struct events_view *view = context;
    uint64_t number = control_event_number(line);
    if (number > 0) {
        view->last = number;
        view->shown++;
    }
    view->failed |= view->json ? puts(line) == EOF : !control_event_text(line, stdout);
}

/* An answer that is as long as one can be may not be all. */
static void wait_for_more(const struct events_view *view)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    if (view->shown < CONTROL_EVENTS_MAX)
        nanosleep(&pause, NULL);
}

/* Asks for what came behind the last event. False when nobody answers, which is said once for each time that
 * a daemon is gone: it may be one that starts again. */
static bool ask_again(const char *path, struct events_view *view, bool *gone)
{
    char request[32];
    struct io_error error;
    enum qw_error result;
    view->shown = 0;
    do {
        snprintf(request, sizeof(request), view->last ? "events %" PRIu64 : "events", view->last);
        result = control_request_of(path, &view->daemon, request, show_line, view, &error);
        if (result == QW_ERR_NOT_FOUND)
            view->last = 0;
    } while (result == QW_ERR_NOT_FOUND);
    if (result != QW_OK && !*gone)
        fprintf(stderr, "quicward: %s; waiting for the next one\n", error.text);
    *gone = result != QW_OK;
    return result == QW_OK;
}

/* Until somebody interrupts it, or the reader of the output is gone. */
static enum command_status follow(const char *path, struct events_view *view)
{
    enum command_status status;
    bool gone = false;
    while ((status = ask_finish(path, view->failed)) == COMMAND_DONE) {
        wait_for_more(view);
        ask_again(path, view, &gone);
    }
    return status;
}

static bool ask_first(const char *path, struct events_view *view)
{
    struct io_error error;
    enum qw_error result = control_request_of(path, &view->daemon, "events", show_line, view, &error);
    if (result != QW_OK)
        fprintf(stderr, "quicward: %s\n", error.text);
    return result == QW_OK;
}

enum command_status command_events(const struct command *self, int argc, char **argv)
{
    struct options options;
    char buffer[CONFIG_PATH_MAX];
    enum command_status status;
    const char *path = ask_begin(self, argc, argv, &options, buffer, &status);
    struct events_view view = {.json = options.json};
    if (!path || !ask_first(path, &view))
        return status;
    return options.follow ? follow(path, &view) : ask_finish(path, view.failed);
}
