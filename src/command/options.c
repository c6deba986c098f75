#include "options.h"
#include <getopt.h>
#include <string.h>

/* Every option of every command; a command names those it takes by letter. Only c, s and h are also short. */
static const struct option OPTIONS[] = {
    {"config", required_argument, NULL, 'c'},  {"socket", required_argument, NULL, 's'},
    {"json", no_argument, NULL, 'j'},          {"print", no_argument, NULL, 'p'},
    {"backend", required_argument, NULL, 'b'}, {"remove", no_argument, NULL, 'r'},
    {"inside", required_argument, NULL, 'i'},  {"follow", no_argument, NULL, 'f'},
    {"help", no_argument, NULL, 'h'},
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
    command_usage(command, stdout);
    printf("%s.\n", command->summary);
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

static enum options_result read_prefix(const struct command *command, struct options *out)
{
    if (out->prefix_count == OPTIONS_PREFIXES_MAX)
        return wrong(command, "too many --inside, from", optarg);
    if (!qw_prefix_parse(optarg, &out->prefixes[out->prefix_count]))
        return wrong(command, "--inside is an address prefix such as 192.0.2.0/24, not", optarg);
    out->prefix_count++;
    return OPTIONS_OK;
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
    case 'r':
        out->remove = true;
        break;
    case 'f':
        out->follow = true;
        break;
    case 'b':
        return read_backend(command, out);
    case 'i':
        return read_prefix(command, out);
    case 'h':
        return help(command);
    case ':':
        return wrong(command, "a value is missing after", argv[optind - 1]);
    default:
        return unknown(command, argv);
    }
    return OPTIONS_OK;
}

static enum options_result read_operand(const struct command *command, int argc, char **argv,
                                        const char *name, struct options *out)
{
    int first = optind;
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
    *out = (struct options){.backend = CONFIG_RULES_AUTO};
    opterr = 0;
    while ((letter = getopt_long(argc, argv, letters, taken, NULL)) != -1) {
        enum options_result result = read_one(command, letter, argv, out);
        if (result != OPTIONS_OK)
            return result;
    }
    if (out->config && out->socket)
        return wrong(command, "-c already names a control socket, so drop -s", out->socket);
    return read_operand(command, argc, argv, operand_name, out);
}

enum command_status options_status(enum options_result result)
{
    return result == OPTIONS_HELP ? command_finish_output() : COMMAND_USAGE;
}

struct config *options_config(const struct options *options)
{
    struct config *config;
    const char *path = options->config ? options->config : OPTIONS_CONFIG_DEFAULT;
    if (config_load(path, stderr, &config) == QW_ERR_NO_MEMORY)
        fprintf(stderr, "quicward: %s: %s\n", path, qw_error_text(QW_ERR_NO_MEMORY));
    return config;
}
