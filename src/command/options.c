#include "options.h"
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* Every option of every command; a command names those it takes by letter. Only c, s and h are also short. */
static const struct option OPTIONS[] = {
    {"config", required_argument, NULL, 'c'}, {"socket", required_argument, NULL, 's'},
    {"json", no_argument, NULL, 'j'},         {"print", no_argument, NULL, 'p'},
    {"size", no_argument, NULL, 'z'},         {"backend", required_argument, NULL, 'b'},
    {"remove", no_argument, NULL, 'r'},       {"install", no_argument, NULL, 'n'},
    {"inside", required_argument, NULL, 'i'}, {"follow", no_argument, NULL, 'f'},
    {"keep", required_argument, NULL, 'k'},   {"take-over", no_argument, NULL, 'o'},
    {"help", no_argument, NULL, 'h'},         {"throttle-report", required_argument, NULL, 't'},
    {"report", required_argument, NULL, 'm'}, {"strict", no_argument, NULL, 'S'},
    {"all", no_argument, NULL, 'a'},          {"sort", required_argument, NULL, 'O'},
    {"limit", required_argument, NULL, 'L'},  {"reverse", no_argument, NULL, 'R'},
    {"state", required_argument, NULL, 'T'},  {"sni", required_argument, NULL, 'N'},
    {"client", required_argument, NULL, 'C'}, {"server", required_argument, NULL, 'D'},
    {"port", required_argument, NULL, 'P'},   {"version", required_argument, NULL, 'V'},
    {"alpn", required_argument, NULL, 'A'},   {"rule", required_argument, NULL, 'U'},
    {"idle", required_argument, NULL, 'I'},   {"watch", optional_argument, NULL, 'W'},
    {"mode", required_argument, NULL, 'M'},
};

#define OPTION_COUNT (sizeof(OPTIONS) / sizeof(OPTIONS[0]))

/* Those of OPTIONS that `command` takes; --help always. */
static void choose(const struct command *command, struct option out[static OPTION_COUNT + 1])
{
    size_t count = 0;
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (OPTIONS[i].val == 'h' || strchr(command->options, OPTIONS[i].val))
            out[count++] = OPTIONS[i];
    out[count] = (struct option){0};
}

static enum options_result wrong(const struct command *command, const char *what, const char *argument)
{
    fprintf(stderr, "quicward %s: %s '%s'\n", command->name, what, argument);
    command_usage(command, stderr);
    return OPTIONS_WRONG;
}

static enum options_result help(const struct command *command)
{
    command_help(command);
    return OPTIONS_HELP;
}

static enum options_result read_backend(const struct command *command, struct options *out)
{
    if (strcmp(optarg, "nft") == 0)
        out->backend = CONFIG_RULES_NFT;
    else if (strcmp(optarg, "iptables") == 0)
        out->backend = CONFIG_RULES_IPTABLES;
    else
        return wrong(command, "--backend is nft or iptables, not", optarg);
    return OPTIONS_OK;
}

static enum options_result read_mode(const struct command *command, struct options *out)
{
    static const enum config_mode MODES[] = {CONFIG_NAT, CONFIG_FIREWALL, CONFIG_MONITOR};
    for (unsigned i = 0; i < sizeof(MODES) / sizeof(MODES[0]); i++)
        if (strcmp(optarg, config_mode_text(MODES[i])) == 0) {
            out->mode = MODES[i];
            return OPTIONS_OK;
        }
    return wrong(command, "--mode is nat, firewall or monitor, not", optarg);
}

static enum options_result read_prefix(const struct command *command, struct options *out)
{
    if (out->prefix_count == OPTIONS_PREFIXES_MAX)
        return wrong(command, "too many --inside, from", optarg);
    if (!qw_prefix_parse(optarg, &out->prefixes[out->prefix_count]))
        return wrong(command, "--inside is an address prefix such as 192.0.2.0/24, not", optarg);
    out->prefix_count++;
    return OPTIONS_OK;
}

/* A FILE may follow, if another argument is left for the operand. */
static enum options_result read_report(const struct command *command, char **argv, struct options *out)
{
    if (strcmp(optarg, "html") != 0)
        return wrong(command, "--report is html, not", optarg);
    if (out->html)
        return wrong(command, "given twice: --report", optarg);
    out->html = true;
    out->page = argv[optind] && argv[optind][0] != '-' ? argv[optind] : NULL;
    return OPTIONS_OK;
}

/* What a query of flows asks for: checked here, so that mistakes need no daemon to be found. */
static enum options_result read_query(const struct command *command, const char *key, const char *value,
                                      struct options *out)
{
    struct io_error error;
    size_t used = strlen(out->words), room = sizeof out->words - used;
    if (control_query_add(&out->query, key, value, &error) != QW_OK) {
        fprintf(stderr, "quicward %s: --%s\n", command->name, error.text);
        command_usage(command, stderr);
        return OPTIONS_WRONG;
    }
    int len = snprintf(out->words + used, room, " %s%s%s", key, *value ? "=" : "", value);
    return len < (int)room
               ? OPTIONS_OK
               : wrong(command, "there are too many filters; the first that does not fit is", value);
}

#define WATCH_S 2
#define WATCH_MAX_S 3600

static enum options_result read_watch(const struct command *command, struct options *out)
{
    char *end;
    unsigned long seconds = optarg ? strtoul(optarg, &end, 10) : WATCH_S;
    if (optarg && (*optarg < '0' || *optarg > '9' || *end || seconds < 1 || seconds > WATCH_MAX_S))
        return wrong(command, "--watch is 1 to 3600 seconds, not", optarg);
    out->watch_s = (unsigned)seconds;
    return OPTIONS_OK;
}

/* The key of a query that a letter stands for; NULL: none. */
static const char *query_key(int letter)
{
    if (!strchr("OLRTNCDPVAUI", letter))
        return NULL;
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (OPTIONS[i].val == letter)
            return OPTIONS[i].name;
    return NULL;
}

/* What getopt calls '?': an option that does not exist here, or one without a value that was given one. */
static enum options_result unknown(const struct command *command, char **argv)
{
    char letter[3] = {'-', (char)optopt, '\0'};
    bool is_short = optopt && strncmp(argv[optind - 1], "--", 2) != 0;
    return wrong(command, "unknown option", is_short ? letter : argv[optind - 1]);
}

static enum options_result read_one(const struct command *command, int letter, char **argv,
                                    struct options *out)
{
    const char *key = query_key(letter);
    if (key)
        return read_query(command, key, optarg ? optarg : "", out);
    switch (letter) {
    case 'c':
        out->config = optarg;
        break;
    case 's':
        out->socket = optarg;
        break;
    case 'j':
        out->json = true;
        break;
    case 'p':
        out->print = true;
        break;
    case 'z':
        out->size = true;
        break;
    case 'r':
        out->remove = true;
        break;
    case 'n':
        out->install = true;
        break;
    case 'k':
        out->keep = optarg;
        break;
    case 'o':
        out->take_over = true;
        break;
    case 'f':
        out->follow = true;
        break;
    case 'S':
        out->strict = true;
        break;
    case 'a':
        out->all = true;
        break;
    case 't':
        out->report = optarg;
        break;
    case 'm':
        return read_report(command, argv, out);
    case 'W':
        return read_watch(command, out);
    case 'b':
        return read_backend(command, out);
    case 'i':
        return read_prefix(command, out);
    case 'M':
        return read_mode(command, out);
    case 'h':
        return help(command);
    case ':':
        return wrong(command, "a value is missing after", argv[optind - 1]);
    default:
        return unknown(command, argv);
    }
    return OPTIONS_OK;
}

/* Takes the file of --report out of the arguments that are left, when there is another. */
static int take_page(int argc, char **argv, struct options *out)
{
    if (argc - optind < 2) {
        out->page = NULL;
        return optind;
    }
    for (int i = optind; out->page && i < argc; i++)
        if (argv[i] == out->page) {
            memmove(&argv[optind + 1], &argv[optind], (size_t)(i - optind) * sizeof *argv);
            return optind + 1;
        }
    return optind;
}

static enum options_result read_operand(const struct command *command, int argc, char **argv,
                                        const char *name, struct options *out)
{
    int first = take_page(argc, argv, out);
    if (name && first == argc)
        return wrong(command, "an argument is missing:", name);
    if (name)
        out->operand = argv[first++];
    return first < argc ? wrong(command, "unexpected argument", argv[first]) : OPTIONS_OK;
}

enum options_result options_read(const struct command *command, int argc, char **argv,
                                 const char *operand_name, struct options *out)
{
    struct option taken[OPTION_COUNT + 1];
    char letters[] = ":hc:s:";
    int letter;
    choose(command, taken);
    if (!strchr(command->options, 's'))
        letters[4] = '\0';
    if (!strchr(command->options, 'c'))
        letters[2] = '\0';
    *out = (struct options){.backend = CONFIG_RULES_AUTO, .mode = CONFIG_MONITOR};
    opterr = 0;
    optind = 0; /* glibc and musl: begin anew */
    while ((letter = getopt_long(argc, argv, letters, taken, NULL)) != -1) {
        enum options_result result = read_one(command, letter, argv, out);
        if (result != OPTIONS_OK)
            return result;
    }
    if (out->config && out->socket)
        return wrong(command, "-c already names a control socket, so drop -s", out->socket);
    if (out->install && out->remove)
        return wrong(command, "--remove only prints a script, so it does not go with --install:", "--remove");
    if (out->keep && out->remove)
        return wrong(command, "--remove only prints a script, so it does not go with --keep", out->keep);
    return read_operand(command, argc, argv, operand_name, out);
}

enum command_status options_status(enum options_result result)
{
    return result == OPTIONS_HELP ? command_finish_output() : COMMAND_USAGE;
}

const char *options_path(const struct options *options)
{
    return options->config ? options->config : OPTIONS_CONFIG_DEFAULT;
}

enum command_status options_file_status(enum qw_error error)
{
    return error == QW_OK ? COMMAND_DONE : error == QW_ERR_INVALID ? COMMAND_CONFIG : COMMAND_FAILED;
}

struct config *options_config(const struct options *options, enum command_status *status)
{
    struct config *config;
    const char *path = options_path(options);
    enum qw_error error = config_load(path, stderr, &config);
    if (error == QW_ERR_NO_MEMORY)
        fprintf(stderr, "quicward: %s: %s\n", path, qw_error_text(error));
    *status = options_file_status(error);
    return config;
}

/* The command, and behind it the options that stood before it. */
static void rotate(int index, char **argv)
{
    char *command = argv[index];
    memmove(argv + 2, argv + 1, (size_t)(index - 1) * sizeof(*argv));
    argv[1] = command;
}

int command_first(int argc, char **argv)
{
    struct option every[OPTION_COUNT + 1];
    int letter = 0;
    memcpy(every, OPTIONS, sizeof(OPTIONS));
    every[OPTION_COUNT] = (struct option){0};
    opterr = 0;
    optind = 0;
    while (letter != -1) {
        letter = getopt_long(argc, argv, "+:c:s:", every, NULL);
        if (letter == '?' || letter == ':') {
            fprintf(stderr, "quicward: %s '%s'\n",
                    letter == ':' ? "a value is missing after" : "unknown option before the command:",
                    argv[optind - 1]);
            return -1;
        }
    }
    int index = optind;
    if (index > 1 && index < argc && strcmp(argv[index - 1], "--") != 0)
        rotate(index, argv);
    return index;
}
