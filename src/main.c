#include <quicward/command.h>
#include <string.h>

static enum command_status help(const struct command *self, int argc, char **argv);

static const struct command COMMANDS[] = {
    {"run", "[-c FILE]", "Runs the daemon in the foreground", "c", command_run},
    {"check", "[-c FILE] [--print]", "Checks a configuration; --print shows all of it", "cp", command_check},
    {"explain", "[-c FILE] 'FLOW', as in 'lan0 10.0.0.5:5000 -> 192.0.2.1:443 sni=www.example.org'",
     "Shows which rule decides about a flow, and why", "c", command_explain},
    {"rules", "[-c FILE] [--backend nft|iptables] [--remove]",
     "Prints the kernel rules that feed the queues, or remove those", "cbr", command_rules},
    {"replay", "[-c FILE] [--json] [--inside PREFIX]... CAPTURE",
     "Shows what the daemon would see in a capture file", "cji", command_replay},
    {"flows", "[-c FILE | -s SOCKET] [--json]", "Lists the flows of the running daemon", "csj",
     command_flows},
    {"mappings", "[-c FILE | -s SOCKET] [--json]", "Lists the NAT mappings of the running daemon", "csj",
     command_mappings},
    {"events", "[-c FILE | -s SOCKET] [--json] [--follow]",
     "Lists what happened to mappings; --follow goes on with what comes", "csjf", command_events},
    {"stats", "[-c FILE | -s SOCKET] [--json]", "Shows the counters of the running daemon", "csj",
     command_stats},
    {"reload", "[-c FILE | -s SOCKET]", "Makes the running daemon read its configuration again", "cs",
     command_reload},
    {"version", "", "Shows the version", "", command_version},
    {"help", "", "Shows this list", "", help},
};

#define COMMAND_COUNT (sizeof(COMMANDS) / sizeof(COMMANDS[0]))

static const struct command *find(const char *name)
{
    if (strcmp(name, "--help") == 0 || strcmp(name, "--version") == 0)
        name += 2;
    if (strcmp(name, "-h") == 0)
        name = "help";
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(COMMANDS[i].name, name) == 0)
            return &COMMANDS[i];
    return NULL;
}

static void list(FILE *out)
{
    fputs("usage: quicward COMMAND [ARGUMENTS]\n\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-9s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
    fputs("\nquicward COMMAND --help shows the command's arguments.\n", out);
}

static enum command_status help(const struct command *self, int argc, char **argv)
{
    if (argc > 1) {
        fprintf(stderr, "quicward help: unexpected argument '%s'\n", argv[1]);
        command_usage(self, stderr);
        return COMMAND_USAGE;
    }
    list(stdout);
    return command_finish_output();
}

int main(int argc, char **argv)
{
    const struct command *command = argc > 1 ? find(argv[1]) : NULL;
    if (command)
        return (int)command->run(command, argc - 1, argv + 1);
    if (argc > 1)
        fprintf(stderr, "quicward: unknown command '%s'\n", argv[1]);
    list(stderr);
    return COMMAND_USAGE;
}
