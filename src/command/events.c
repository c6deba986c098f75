/* What happened to mappings: all that the daemon keeps, and with --follow what comes. */
#include "ask.h"
#include <inttypes.h>
#include <time.h>

#define PAUSE_NS (250 * QW_NS_PER_MS)

struct view {
    bool json, failed;
    uint64_t last;  /* number of the last event */
    unsigned shown; /* of this answer */
};

static void show_line(void *context, const char *line)
{
    struct view *view = context;
    uint64_t number = control_event_number(line);
    if (number > 0) {
        view->last = number;
        view->shown++;
    }
    view->failed |= view->json ? puts(line) == EOF : !control_event_text(line, stdout);
}

/* An answer that is as long as one can be may not be all. */
static void wait_for_more(const struct view *view)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    if (view->shown < CONTROL_EVENTS_MAX)
        nanosleep(&pause, NULL);
}

/* Until somebody interrupts it, or the daemon or the reader of the output is gone. */
static enum command_status follow(const char *path, struct view *view)
{
    char request[32];
    enum command_status status;
    while ((status = ask_finish(path, view->failed)) == COMMAND_DONE) {
        wait_for_more(view);
        view->shown = 0;
        snprintf(request, sizeof(request), "events %" PRIu64, view->last);
        if (!ask_daemon(path, request, show_line, view))
            return COMMAND_FAILED;
    }
    return status;
}

enum command_status command_events(const struct command *self, int argc, char **argv)
{
    struct options options;
    char buffer[CONFIG_PATH_MAX];
    enum options_result result = options_read(self, argc, argv, NULL, &options);
    if (result != OPTIONS_OK)
        return options_status(result);
    const char *path = ask_socket(&options, buffer);
    struct view view = {.json = options.json};
    if (!path || !ask_daemon(path, "events", show_line, &view))
        return COMMAND_FAILED;
    return options.follow ? follow(path, &view) : ask_finish(path, view.failed);
}
