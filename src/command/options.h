/* What the subcommands' arguments say. */
#ifndef COMMAND_OPTIONS_H
#define COMMAND_OPTIONS_H

#include <quicward/base/addr.h>
#include <quicward/command.h>
#include <quicward/config.h>
#include <stdbool.h>

#define OPTIONS_CONFIG_DEFAULT "/etc/quicward/quicward.conf"
#define OPTIONS_PREFIXES_MAX 32

struct options {
    const char *config; /* -c FILE, or NULL */
    const char *socket; /* -s SOCKET, or NULL */
    bool json, print, remove, follow;
    enum config_backend backend; /* CONFIG_RULES_AUTO without --backend */
    unsigned prefix_count;       /* --inside */
    struct qw_prefix prefixes[OPTIONS_PREFIXES_MAX];
    const char *operand; /* the one argument of a command that takes one, or NULL */
};

enum options_result { OPTIONS_OK, OPTIONS_HELP, OPTIONS_WRONG };

/* Reads the options that `command` takes, and `operand_name` ("CAPTURE") unless that is NULL. What the
 * arguments ask for when they are no reason to go on: help was printed, or the wrong argument quoted with the
 * usage line. */
enum options_result options_read(const struct command *command, int argc, char **argv,
                                 const char *operand_name, struct options *out);

/* The exit status of a command that options_read stops. */
enum command_status options_status(enum options_result result);

/* The configuration of -c, or of the default path. NULL after its errors were written to standard error. The
 * caller owns it. */
struct config *options_config(const struct options *options);

#endif
