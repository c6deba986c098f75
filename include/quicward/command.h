/* The subcommands: arguments in, exit status out. Each reads its own options and prints its own messages. */
#ifndef QUICWARD_COMMAND_H
#define QUICWARD_COMMAND_H

#include <stdio.h>

/* Exit statuses, an API for scripts. */
enum command_status {
    COMMAND_DONE = 0,
    COMMAND_FAILED = 1, /* with a message on standard error */
    COMMAND_USAGE = 2,  /* wrong arguments: they are quoted, and the usage line follows */
    COMMAND_UNSEEN = 3, /* doctor, init: could not look at the router, or not at all of it */
    COMMAND_CONFIG = 78 /* the configuration has mistakes, each with a message; EX_CONFIG of sysexits.h.
                           Trying again does not help, unlike after COMMAND_FAILED */
};

struct command {
    const char *name;
    const char *arguments; /* as a usage line shows them */
    const char *summary;   /* one line, no full stop */
    const char *options;   /* the letters of the options it takes, see src/command/options.c */
    enum command_status (*run)(const struct command *self, int argc, char **argv);
};

/* argv[0] is the command's name. */
enum command_status command_run(const struct command *self, int argc, char **argv);
enum command_status command_check(const struct command *self, int argc, char **argv);
enum command_status command_doctor(const struct command *self, int argc, char **argv);
enum command_status command_explain(const struct command *self, int argc, char **argv);
enum command_status command_init(const struct command *self, int argc, char **argv);
enum command_status command_rules(const struct command *self, int argc, char **argv);
enum command_status command_replay(const struct command *self, int argc, char **argv);
enum command_status command_flows(const struct command *self, int argc, char **argv);
enum command_status command_mappings(const struct command *self, int argc, char **argv);
enum command_status command_events(const struct command *self, int argc, char **argv);
enum command_status command_stats(const struct command *self, int argc, char **argv);
enum command_status command_offload(const struct command *self, int argc, char **argv);
enum command_status command_cluster(const struct command *self, int argc, char **argv);
enum command_status command_reload(const struct command *self, int argc, char **argv);
enum command_status command_state(const struct command *self, int argc, char **argv);
enum command_status command_top(const struct command *self, int argc, char **argv);
enum command_status command_version(const struct command *self, int argc, char **argv);

/* Puts the command first where options stand before it, as in `quicward -c FILE check`. The index of the
 * command in argv before that; argc when there is none, or an option before it is unknown: nothing has
 * changed then. */
int command_first(int argc, char **argv);

/* Writes the usage line and the summary to standard output. */
void command_help(const struct command *command);

/* Writes "usage: quicward NAME ARGUMENTS". */
void command_usage(const struct command *command, FILE *out);

/* Characters in a line of the terminal that standard output is; 0: it is none, or does not say. */
unsigned command_width(void);

/* COMMAND_DONE when all of standard output was written; else a message and COMMAND_FAILED. */
enum command_status command_finish_output(void);

#endif
