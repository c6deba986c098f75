/* flows: a table for people, JSON lines for programs, once or again and again. */
#include "ask.h"
#include "flow_lines.h"
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

struct flows_view {
    const struct options *options;
    char request[OPTIONS_WORDS_MAX + 64];
    struct control_table *table; /* NULL: JSON */
    struct flow_lines unsorted;  /* the daemon leaves the order to us */
    uint64_t limit;              /* of the flows that are shown; 0: none */
    bool failed;                 /* a line could not be shown */
};

static void show_line(void *context, const char *line)
{
    struct flows_view *view = context;
    view->failed |= view->table ? !control_table_add(view->table, line) : puts(line) == EOF;
}

static void keep_line(void *context, const char *line)
{
    struct flows_view *view = context;
    flow_lines_add(&view->unsorted, line);
}

static bool sorts_itself(const struct control_query *query)
{
    return query->sort != CONTROL_UNSORTED && !control_query_is_ranked(query);
}

/* What a screen of a terminal has room for, below the headings; 0: no terminal. */
static unsigned screen_rows(void)
{
    struct winsize size;
    bool known = isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    return known && size.ws_row > 3 ? size.ws_row - 2u : 0;
}

/* On a terminal that is watched what does not fit the screen is not asked for. */
static void make_request(struct flows_view *view, struct control_query *query)
{
    const struct options *options = view->options;
    int len = snprintf(view->request, sizeof view->request, "flows%s%s", options->words,
                       options->json ? "" : " brief");
    *query = options->query;
    unsigned rows = options->watch_s && !options->json ? screen_rows() : 0;
    if (rows && (query->limit == 0 || query->limit > rows)) {
        query->limit = rows;
        snprintf(view->request + len, sizeof view->request - (size_t)len, " limit=%u", rows);
    }
    view->limit = query->limit;
}

static bool show_sorted(struct flows_view *view)
{
    bool shown = flow_lines_show(&view->unsorted, view->limit, show_line, view);
    view->failed |= view->unsorted.failed || !shown;
    flow_lines_clear(&view->unsorted);
    return shown;
}

/* Asks once. What was there before goes only when the answer is whole. */
static bool look(const char *path, struct flows_view *view, bool clears)
{
    struct control_query query;
    make_request(view, &query);
    bool sorts = sorts_itself(&query);
    if (!view->options->json && !(view->table = control_table_new(CONTROL_FLOWS))) {
        fprintf(stderr, "quicward: %s\n", qw_error_text(QW_ERR_NO_MEMORY));
        return false;
    }
    bool answered = ask_daemon(path, view->request, sorts ? keep_line : show_line, view);
    if (answered && sorts)
        show_sorted(view);
    if (answered && clears)
        fputs("\033[H\033[J", stdout);
    if (answered && view->table)
        control_table_print(view->table, command_width(), stdout);
    flow_lines_clear(&view->unsorted);
    control_table_free(view->table);
    view->table = NULL;
    return answered;
}

/* Until somebody interrupts it, or the reader of the output is gone. A daemon that is gone may come again. */
static enum command_status watch(const char *path, struct flows_view *view)
{
    const struct timespec pause = {.tv_sec = (time_t)view->options->watch_s};
    bool clears = isatty(STDOUT_FILENO) && !view->options->json;
    enum command_status status;
    do {
        look(path, view, clears);
        if (!clears && !view->options->json)
            putchar('\n');
        status = ask_finish(path, view->failed);
    } while (status == COMMAND_DONE && nanosleep(&pause, NULL) == 0);
    return status;
}

enum command_status command_flows(const struct command *self, int argc, char **argv)
{
    struct options options;
    char buffer[CONFIG_PATH_MAX];
    enum command_status status;
    const char *path = ask_begin(self, argc, argv, &options, buffer, &status);
    struct flows_view view = {.options = &options};
    if (!path)
        return status;
    if (options.watch_s)
        return watch(path, &view);
    return look(path, &view, false) ? ask_finish(path, view.failed) : COMMAND_FAILED;
}
