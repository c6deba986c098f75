/* The pair of routers: how it stands, and who is active. */
#include "ask.h"
#include <string.h>

struct cluster_view {
    bool json, failed, checks;
    const char *trouble; /* a static string */
};

static void show_line(void *context, const char *line)
{
    struct cluster_view *view = context;
    if (view->checks)
        view->trouble = control_cluster_trouble(line);
    if (view->json)
        view->failed |= puts(line) == EOF;
    else if (!view->checks)
        view->failed |= !control_cluster_text(line, stdout);
}

/* The word stands first or last. NULL: there is none. */
static const char *take_word(int *argc, char **argv)
{
    static const char *const WORDS[] = {"status", "check", "active", "standby"};
    for (int at = 1; at < *argc; at = at == 1 && *argc > 2 ? *argc - 1 : *argc)
        for (unsigned i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
            if (strcmp(argv[at], WORDS[i]) == 0) {
                for (int next = at; next < *argc; next++)
                    argv[next] = argv[next + 1];
                --*argc;
                return WORDS[i];
            }
    return NULL;
}

enum command_status command_cluster(const struct command *self, int argc, char **argv)
{
    struct options options;
    char buffer[CONFIG_PATH_MAX], request[32];
    enum command_status status;
    const char *word = take_word(&argc, argv);
    const char *path = ask_begin(self, argc, argv, &options, buffer, &status);
    struct cluster_view view = {.json = options.json, .checks = word && strcmp(word, "check") == 0};
    bool sets = word && (strcmp(word, "active") == 0 || strcmp(word, "standby") == 0);
    if (!path)
        return status;
    snprintf(request, sizeof request, "cluster%s%s", sets ? " " : "", sets ? word : "");
    if (!ask_daemon(path, request, show_line, &view))
        return COMMAND_FAILED;
    if (view.trouble)
        fprintf(stderr, "quicward: %s\n", view.trouble);
    status = ask_finish(path, view.failed);
    return view.trouble ? COMMAND_FAILED : status;
}
