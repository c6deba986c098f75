/* flows, stats and reload: one request each to the daemon that runs. */
#include "options.h"
#include <quicward/control.h>
#include <unistd.h>

/* The socket of -s, else of the configuration of -c, else of the default file if there is one, else the
 * built-in path; `buffer` may hold it. NULL after the configuration's errors were printed. */
static const char *find_socket(const struct options *options, char buffer[static CONFIG_PATH_MAX])
{
    struct config defaults, *config = NULL;
    if (options->socket)
        return options->socket;
    bool from_file = options->config || access(OPTIONS_CONFIG_DEFAULT, F_OK) == 0;
    if (from_file && !(config = options_config(options)))
        return NULL;
    config_defaults(&defaults);
    snprintf(buffer, CONFIG_PATH_MAX, "%s", from_file ? config->control : defaults.control);
    config_free(config);
    return buffer;
}

/* How one command shows its answer. */
struct view {
    const char *request;
    bool json;
    struct control_table *table; /* flows as text */
    bool failed;                 /* a line could not be shown */
};

static void show_line(void *context, const char *line)
{
    struct view *view = context;
    if (view->json)
        view->failed |= puts(line) == EOF;
    else if (view->table)
        view->failed |= !control_table_add(view->table, line);
    else
        view->failed |= !control_stats_text(line, stdout);
}

/* What the daemon refuses it explains itself: for reload, the lines that `check` would print. */
static enum command_status ask(const char *path, struct view *view)
{
    struct io_error error;
    enum qw_error result = control_request(path, view->request, show_line, view, &error);
    if (result != QW_OK) {
        fprintf(stderr, "%s%s\n", result == QW_ERR_INVALID ? "" : "quicward: ", error.text);
        return COMMAND_FAILED;
    }
    if (view->table)
        control_table_print(view->table, stdout);
    if (view->failed)
        fprintf(stderr, "quicward: part of the answer from %s could not be shown\n", path);
    enum command_status written = command_finish_output();
    return view->failed ? COMMAND_FAILED : written;
}

static enum command_status ask_as_told(const struct command *self, int argc, char **argv, bool wants_table)
{
    struct options options;
    char buffer[CONFIG_PATH_MAX];
    enum options_result result = options_read(self, argc, argv, NULL, &options);
    if (result != OPTIONS_OK)
        return options_status(result);
    const char *path = find_socket(&options, buffer);
    if (!path)
        return COMMAND_FAILED;
    struct view view = {.request = self->name, .json = options.json};
    if (wants_table && !options.json && !(view.table = control_table_new())) {
        fprintf(stderr, "quicward: %s\n", qw_error_text(QW_ERR_NO_MEMORY));
        return COMMAND_FAILED;
    }
    enum command_status status = ask(path, &view);
    control_table_free(view.table);
    return status;
}

enum command_status command_flows(const struct command *self, int argc, char **argv)
{
    return ask_as_told(self, argc, argv, true);
}

enum command_status command_stats(const struct command *self, int argc, char **argv)
{
    return ask_as_told(self, argc, argv, false);
}

enum command_status command_reload(const struct command *self, int argc, char **argv)
{
    return ask_as_told(self, argc, argv, false);
}
