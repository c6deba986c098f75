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

static void take_away(int *argc, char **argv, int at)
{
    for (int next = at; next < *argc; next++)
        argv[next] = argv[next + 1];
    --*argc;
}

static const char *word_at(const char *text)
{
    static const char *const WORDS[] = {"status", "check", "active", "standby"};
    for (unsigned i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (strcmp(text, WORDS[i]) == 0)
            return WORDS[i];
    return NULL;
}

/* The word stands first or last, behind it the name of an owner, if any. NULL: there is none. */
static const char *take_word(int *argc, char **argv, const char **name)
{
    *name = NULL;
    for (int at = 1; at < *argc; at++) {
        const char *word = word_at(argv[at]);
        bool named = at + 1 < *argc && argv[at + 1][0] != '-';
        if (!word || (at > 1 && at + 1 + named < *argc))
            continue;
        take_away(argc, argv, at);
        if (named && (strcmp(word, "active") == 0 || strcmp(word, "standby") == 0)) {
            *name = argv[at];
            take_away(argc, argv, at);
        }
        return word;
    }
    return NULL;
}

enum command_status command_cluster(const struct command *self, int argc, char **argv)
{
    struct options options;
    char buffer[CONFIG_PATH_MAX], request[96];
    enum command_status status;
    const char *name, *word = take_word(&argc, argv, &name);
    const char *path = ask_begin(self, argc, argv, &options, buffer, &status);
    struct cluster_view view = {.json = options.json, .checks = word && strcmp(word, "check") == 0};
    bool sets = word && (strcmp(word, "active") == 0 || strcmp(word, "standby") == 0);
    if (!path)
        return status;
    snprintf(request, sizeof request, "cluster%s%s%s%.64s", sets ? " " : "", sets ? word : "",
             name ? " " : "", name ? name : "");
    if (!ask_daemon(path, request, show_line, &view))
        return COMMAND_FAILED;
    if (view.trouble)
        fprintf(stderr, "quicward: %s\n", view.trouble);
    status = ask_finish(path, view.failed);
    return view.trouble ? COMMAND_FAILED : status;
}
