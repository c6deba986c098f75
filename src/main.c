#include <quicward/command.h>
#include <string.h>

static enum command_status help(const struct command *self, int argc, char **argv);

static const struct command COMMANDS[] = {
    {"init", "[--mode nat|firewall|monitor]",
     "Prints a configuration that fits this router, with findings and advice; changes nothing", "M",
     command_init},
    {"run", "[-c FILE] [--take-over]", "Runs the daemon in the foreground", "co", command_run},
    {"check", "[-c FILE] [--print] [--size] [--strict]",
     "Checks a configuration and warns of settings that make no sense; --print shows all of it, --size its "
     "memory and limits; --strict treats warnings as errors",
     "cpzS", command_check},
    {"explain", "[-c FILE] 'FLOW', as in 'lan0 10.0.0.5:5000 -> 192.0.2.1:443 sni=www.example.org'",
     "Shows which rule decides about a flow, and why", "c", command_explain},
    {"rules", "[-c FILE] [--backend nft|iptables] [[--install] [--keep FILE] | --remove]",
     "Prints the kernel rules that feed the queues, installs them, or prints a script that removes them",
     "cbrnk", command_rules},
    {"replay",
     "[-c FILE] [--json] [--inside PREFIX]... [--throttle-report FILE]\n"
     "                [--report html [FILE]] CAPTURE",
     "Shows what the daemon would see in a capture file", "cjitm", command_replay},
    {"flows",
     "[-c FILE | -s SOCKET] [--json] [--sort WHAT [--reverse]] [--limit COUNT]\n"
     "                [--state STATE] [--version VERSION] [--client PREFIX] [--server PREFIX]\n"
     "                [--port PORT] [--sni NAME] [--alpn PROTOCOL] [--rule NAME] [--idle SECONDS]\n"
     "                [--watch[=SECONDS]]",
     "Lists the flows of the running daemon: all, or those that match; again and again with --watch",
     "csjOLRTNCDPVAUIW", command_flows},
    {"doctor", "[-c FILE] [--json]",
     "Looks at the router and its daemon, and says what is wrong and what to do about it; changes nothing",
     "cj", command_doctor},
    {"top", "[-c FILE | -s SOCKET]", "Shows the present activity on a terminal: rates, flows, hosts, drops",
     "cs", command_top},
    {"mappings", "[-c FILE | -s SOCKET] [--json]", "Lists the NAT mappings of the running daemon", "csj",
     command_mappings},
    {"events", "[-c FILE | -s SOCKET] [--json] [--follow]",
     "Lists what happened: mappings, refusals, queues, reloads; --follow goes on with new events", "csjf",
     command_events},
    {"stats", "[-c FILE | -s SOCKET] [--json | --all]",
     "Shows the counters of the running daemon that are not zero, or --all of them", "csja", command_stats},
    {"offload", "[-c FILE | -s SOCKET] [--json]",
     "Shows where the fast path is attached, why, and what it forwarded", "csj", command_offload},
    {"cluster", "[status | check | active [OWNER] | standby [OWNER]] [-c FILE | -s SOCKET] [--json]",
     "Shows the state of the cluster of routers, checks that it can take over, or makes a router active or "
     "standby",
     "csj", command_cluster},
    {"reload", "[-c FILE | -s SOCKET]", "Makes the running daemon read its configuration again", "cs",
     command_reload},
    {"state", "show|check [--json] FILE", "Shows what a state file holds, or whether all of it is sound", "j",
     command_state},
    {"version", "", "Shows the version", "", command_version},
    {"help", "[COMMAND]", "Shows this list, or the arguments of a command", "", help},
};

#define COMMAND_COUNT (sizeof(COMMANDS) / sizeof(COMMANDS[0]))

/* The command of that name; also -h and -V, as people try them first. */
static const struct command *find(const char *name)
{
    if (strcmp(name, "--help") == 0 || strcmp(name, "--version") == 0)
        name += 2;
    if (strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "-V") == 0)
        name = "version";
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

static enum command_status unknown(const char *name)
{
    fprintf(stderr, "quicward: unknown command '%s'\n", name);
    list(stderr);
    return COMMAND_USAGE;
}

static enum command_status help(const struct command *self, int argc, char **argv)
{
    const struct command *about = argc > 1 ? find(argv[1]) : NULL;
    if (argc > 2) {
        fprintf(stderr, "quicward help: unexpected argument '%s'\n", argv[2]);
        command_usage(self, stderr);
        return COMMAND_USAGE;
    }
    if (argc > 1 && !about)
        return unknown(argv[1]);
    if (about)
        command_help(about);
    else
        list(stdout);
    return command_finish_output();
}

int main(int argc, char **argv)
{
    const struct command *command = argc > 1 ? find(argv[1]) : NULL;
    int at = command ? 1 : command_first(argc, argv);
    if (!command && at > 0 && at < argc)
        command = find(argv[1]);
    if (command)
        return (int)command->run(command, argc - 1, argv + 1);
    if (at > 0 && at < argc)
        return (int)unknown(argv[1]);
    if (at == argc && argc > 1)
        fprintf(stderr, "quicward: a command is missing after '%s'\n", argv[argc - 1]);
    list(stderr);
    return COMMAND_USAGE;
}
