/* The subcommands: arguments in, exit status out. Each reads its own options and prints its own messages. */
#ifndef QUICWARD_COMMAND_H
#define QUICWARD_COMMAND_H

#include <stdio.h>

/* Exit statuses, an API for scripts. */
enum command_status {
    COMMAND_DONE = 0,
    COMMAND_FAILED = 1, /* with a message on standard error */
    COMMAND_USAGE = 2   /* wrong arguments: they are quoted, and the usage line follows */
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
enum command_status command_explain(const struct command *self, int argc, char **argv);
enum command_status command_rules(const struct command *self, int argc, char **argv);
enum command_status command_replay(const struct command *self, int argc, char **argv);
enum command_status command_flows(const struct command *self, int argc, char **argv);
enum command_status command_mappings(const struct command *self, int argc, char **argv);
enum command_status command_events(const struct command *self, int argc, char **argv);
enum command_status command_stats(const struct command *self, int argc, char **argv);
enum command_status command_reload(const struct command *self, int argc, char **argv);
enum command_status command_version(const struct command *self, int argc, char **argv);

/* Writes "usage: quicward NAME ARGUMENTS". */
void command_usage(const struct command *command, FILE *out);

/* COMMAND_DONE when all of standard output was written; else a message and COMMAND_FAILED. */
enum command_status command_finish_output(void);

#endif
