/* top: what moves now, on a terminal. */
#include "ask.h"
#include <quicward/command.h>

#ifdef QUICWARD_NCURSES
#include "top_draw.h"
#include <curses.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define INTERVAL_S 2
#define INTERVAL_MAX_S 60
#define FILTER_MAX 256
#define ESCAPE 27

static const char *const SORTS[] = {"rate",
#define X(name, word, meaning) word,
                                    CONTROL_SORTS(X)
#undef X
};

#define SORT_COUNT (sizeof(SORTS) / sizeof(SORTS[0]))

struct top {
    const char *path;
    struct top_screen screen;
    struct top_feed feed;
    unsigned sort, room;
    bool typing, leaving, due; /* due: the daemon is to be asked now */
    struct qw_time next;
    char filter[FILTER_MAX], typed[FILTER_MAX], note[FILTER_MAX + 64];
};

/* A signal ends it as `q` does, so that the terminal is put back. */
static volatile sig_atomic_t ended;

static void end(int signal)
{
    (void)signal;
    ended = 1;
}

static void take_signals(void)
{
    struct sigaction action = {.sa_handler = end};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

static void ask_now(struct top *top)
{
    top->due = true;
}

static void choose_view(struct top *top, enum top_view view)
{
    top->screen.view = view;
    top->screen.first = 0;
    top->screen.helps = false;
    ask_now(top);
}

static void choose_sort(struct top *top, unsigned step)
{
    top->sort = (top->sort + step) % SORT_COUNT;
    top->screen.sort = SORTS[top->sort];
    choose_view(top, TOP_FLOWS);
}

static void scroll_by(struct top *top, int rows)
{
    int first = (int)top->screen.first + rows;
    int last = (int)top->feed.count - 1;
    first = first > last ? last : first;
    top->screen.first = first > 0 ? (unsigned)first : 0;
}

static void choose_interval(struct top *top, int step)
{
    int seconds = (int)top->screen.interval_s + step;
    if (seconds >= 1 && seconds <= INTERVAL_MAX_S)
        top->screen.interval_s = (unsigned)seconds;
}

/* ---- the filter ---- */

/* The words, each behind one space. False, with a note, when one of them means nothing. */
static bool check_filter(struct top *top, char out[static FILTER_MAX])
{
    char text[FILTER_MAX], *rest = NULL;
    struct control_query query = {0};
    struct io_error error;
    size_t used = 0;
    snprintf(text, sizeof text, "%s", top->typed);
    out[0] = '\0';
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        used += (size_t)snprintf(out + used, FILTER_MAX - used, " %s", word);
        char *value = strchr(word, '=');
        if (value)
            *value++ = '\0';
        if (used >= FILTER_MAX || control_query_add(&query, word, value ? value : "", &error) != QW_OK) {
            snprintf(top->note, sizeof top->note, "%.300s", used >= FILTER_MAX ? "too long" : error.text);
            return false;
        }
    }
    return true;
}

static void take_filter(struct top *top)
{
    char words[FILTER_MAX];
    top->typing = false;
    top->screen.prompt = NULL;
    if (!check_filter(top, words))
        return;
    memcpy(top->filter, words, sizeof words);
    top->screen.first = 0;
    ask_now(top);
}

static void show_prompt(struct top *top)
{
    top->screen.prompt = top->typed;
}

static void type_key(struct top *top, int key)
{
    size_t len = strlen(top->typed);
    if (key == '\n' || key == '\r' || key == KEY_ENTER) {
        take_filter(top);
        return;
    }
    if (key == ESCAPE) {
        top->typing = false;
        top->screen.prompt = NULL;
        return;
    }
    if ((key == KEY_BACKSPACE || key == 127 || key == '\b') && len > 0)
        top->typed[len - 1] = '\0';
    else if (key >= ' ' && key <= '~' && len + 2 < sizeof top->typed) {
        top->typed[len] = (char)key;
        top->typed[len + 1] = '\0';
    }
    show_prompt(top);
}

static void begin_typing(struct top *top)
{
    top->typing = true;
    snprintf(top->typed, sizeof top->typed, "%s", *top->filter ? top->filter + 1 : "");
    show_prompt(top);
}

static void clear_filter(struct top *top)
{
    top->filter[0] = '\0';
    top->screen.first = 0;
    ask_now(top);
}

/* ---- keys ---- */

static void scroll_key(struct top *top, int key)
{
    int page = top->room > 1 ? (int)top->room : 1;
    switch (key) {
    case KEY_DOWN:
    case 'j':
        scroll_by(top, 1);
        break;
    case KEY_UP:
    case 'k':
        scroll_by(top, -1);
        break;
    case KEY_NPAGE:
        scroll_by(top, page);
        break;
    case KEY_PPAGE:
        scroll_by(top, -page);
        break;
    case KEY_HOME:
        top->screen.first = 0;
        break;
    default:
        break;
    }
}

static void command_key(struct top *top, int key)
{
    top->note[0] = '\0';
    switch (key) {
    case 'q':
    case 'Q':
        top->leaving = true;
        break;
    case 'f':
        choose_view(top, TOP_FLOWS);
        break;
    case 'h':
        choose_view(top, TOP_HOSTS);
        break;
    case 'd':
        choose_view(top, TOP_DROPS);
        break;
    case 's':
        choose_sort(top, 1);
        break;
    case 'S':
        choose_sort(top, SORT_COUNT - 1);
        break;
    case 'r':
        top->screen.reverse = !top->screen.reverse;
        ask_now(top);
        break;
    case '/':
        begin_typing(top);
        break;
    case 'c':
        clear_filter(top);
        break;
    case '+':
        choose_interval(top, 1);
        break;
    case '-':
        choose_interval(top, -1);
        break;
    case ' ':
        ask_now(top);
        break;
    case 'p':
        top->screen.paused = !top->screen.paused;
        break;
    case '?':
        top->screen.helps = !top->screen.helps;
        break;
    default:
        scroll_key(top, key);
        break;
    }
}

/* ---- the loop ---- */

static void look(struct top *top, struct qw_time now)
{
    if (!top->due && (top->screen.paused || now.ns < top->next.ns))
        return;
    top_feed_ask(&top->feed, top->path, top->screen.view, top->screen.sort, top->screen.reverse, top->filter,
                 now);
    top->due = false;
    top->next = qw_time_add(now, top->screen.interval_s * QW_NS_PER_SECOND);
    scroll_by(top, 0);
}

static int patience(const struct top *top, struct qw_time now)
{
    uint64_t left = top->next.ns > now.ns ? (top->next.ns - now.ns) / QW_NS_PER_MS : 0;
    return top->screen.paused ? 1000 : (int)left + 1;
}

static void watch(struct top *top)
{
    while (!top->leaving && !ended) {
        look(top, io_now());
        if (*top->note && !top->typing)
            snprintf(top->feed.error, sizeof top->feed.error, "%.200s", top->note);
        top->room = top_draw(&top->screen, &top->feed);
        timeout(patience(top, io_now()));
        int key = getch();
        if (key == ERR || key == KEY_RESIZE)
            continue;
        if (top->typing)
            type_key(top, key);
        else
            command_key(top, key);
    }
}

static bool open_screen(void)
{
    const char *kind = getenv("TERM");
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        fprintf(stderr, "quicward top: needs a terminal; for programs there are quicward flows --json and "
                        "stats --json\n");
        return false;
    }
    if (!newterm(NULL, stdout, stdin)) {
        fprintf(stderr, "quicward top: the terminal '%s' (TERM) is not known here; TERM=vt100 may do\n",
                kind ? kind : "");
        return false;
    }
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    set_escdelay(50);
    return true;
}

static enum command_status show(const char *path)
{
    static struct top top;
    top = (struct top){
        .path = path, .due = true, .screen = {.sort = SORTS[0], .interval_s = INTERVAL_S, .filter = ""}};
    top.screen.filter = top.filter;
    if (!open_screen())
        return COMMAND_FAILED;
    take_signals();
    watch(&top);
    endwin();
    top_feed_clear(&top.feed);
    return COMMAND_DONE;
}
#else
static enum command_status show(const char *path)
{
    (void)path;
    fprintf(
        stderr,
        "quicward top: this program was built without ncurses; install libncurses-dev and build it again, "
        "or use quicward flows --watch\n");
    return COMMAND_FAILED;
}
#endif

enum command_status command_top(const struct command *self, int argc, char **argv)
{
    struct options options;
    char buffer[CONFIG_PATH_MAX];
    enum command_status status;
    const char *path = ask_begin(self, argc, argv, &options, buffer, &status);
    return path ? show(path) : status;
}
