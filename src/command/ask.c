/* mappings, stats, offload and reload: one request each to the daemon that runs. */
#include "ask.h"
#include <unistd.h>

static const char *socket_of(const struct options *options, char buffer[static CONFIG_PATH_MAX],
                             enum command_status *status)
{
    struct config defaults, *config = NULL;
    if (options->socket)
        return options->socket;
    bool from_file = options->config || access(OPTIONS_CONFIG_DEFAULT, F_OK) == 0;
    if (from_file && !(config = options_config(options, status)))
        return NULL;
    config_defaults(&defaults);
    snprintf(buffer, CONFIG_PATH_MAX, "%s", from_file ? config->control : defaults.control);
    config_free(config);
    return buffer;
}

const char *ask_begin(const struct command *self, int argc, char **argv, struct options *options,
                      char buffer[static CONFIG_PATH_MAX], enum command_status *status)
{
    enum options_result result = options_read(self, argc, argv, NULL, options);
    *status = result == OPTIONS_OK ? COMMAND_FAILED : options_status(result);
    return result == OPTIONS_OK ? socket_of(options, buffer, status) : NULL;
}

/* How one command shows its answer. */
struct view {
    const char *request;
    bool json, all, offload;
    struct control_table *table; /* NULL: no rows, or JSON */
    bool failed;                 /* a line could not be shown */
};

static void show_line(void *context, const char *line)
{
    struct view *view = context;
    if (view->json)
        view->failed |= puts(line) == EOF;
    else if (view->table)
        view->failed |= !control_table_add(view->table, line);
    else if (view->offload)
        view->failed |= !control_offload_text(line, stdout);
    else
        view->failed |= !control_stats_text(line, view->all, stdout);
}

bool ask_daemon(const char *path, const char *request, control_line *line, void *context)
{
    struct io_error error;
    enum qw_error result = control_request(path, request, line, context, &error);
    if (result != QW_OK)
        fprintf(stderr, "%s%s\n", result == QW_ERR_INVALID ? "" : "quicward: ", error.text);
    return result == QW_OK;
}

enum command_status ask_finish(const char *path, bool failed)
{
    if (failed)
        fprintf(stderr, "quicward: part of the answer from %s could not be shown\n", path);
    enum command_status written = command_finish_output();
    return failed ? COMMAND_FAILED : written;
}

static enum command_status ask(const char *path, struct view *view)
{
    if (!ask_daemon(path, view->request, show_line, view))
        return COMMAND_FAILED;
    if (view->table)
        control_table_print(view->table, command_width(), stdout);
    return ask_finish(path, view->failed);
}

/* `table` for the rows of text, NULL when the answer has none. */
static enum command_status ask_as_told(const struct command *self, int argc, char **argv,
                                       struct control_table *table)
{
    struct options options;
    char buffer[CONFIG_PATH_MAX];
    enum command_status status;
    const char *path = ask_begin(self, argc, argv, &options, buffer, &status);
    struct view view = {.request = self->name,
                        .json = options.json,
                        .all = options.all,
                        .offload = self->run == command_offload,
                        .table = options.json ? NULL : table};
    return path ? ask(path, &view) : status;
}

static enum command_status ask_for_rows(const struct command *self, int argc, char **argv,
                                        enum control_rows rows)
{
    struct control_table *table = control_table_new(rows);
    if (!table) {
        fprintf(stderr, "quicward: %s\n", qw_error_text(QW_ERR_NO_MEMORY));
        return COMMAND_FAILED;
    }
    enum command_status status = ask_as_told(self, argc, argv, table);
    control_table_free(table);
    return status;
}

enum command_status command_mappings(const struct command *self, int argc, char **argv)
{
    return ask_for_rows(self, argc, argv, CONTROL_MAPPINGS);
}

enum command_status command_stats(const struct command *self, int argc, char **argv)
{
    return ask_as_told(self, argc, argv, NULL);
}

enum command_status command_offload(const struct command *self, int argc, char **argv)
{
    return ask_as_told(self, argc, argv, NULL);
}

enum command_status command_reload(const struct command *self, int argc, char **argv)
{
    return ask_as_told(self, argc, argv, NULL);
}
