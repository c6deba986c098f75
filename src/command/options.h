/* What the subcommands' arguments say. */
#ifndef COMMAND_OPTIONS_H
#define COMMAND_OPTIONS_H

#include <quicward/base/addr.h>
#include <quicward/command.h>
#include <quicward/config.h>
#include <quicward/control.h>
#include <stdbool.h>

#define OPTIONS_CONFIG_DEFAULT QUICWARD_SYSCONFDIR "/quicward/quicward.conf"
#define OPTIONS_PREFIXES_MAX 32
#define OPTIONS_WORDS_MAX 2000 /* a request has room for them (quicward/control.h) */

struct options {
    const char *config; /* -c FILE, or NULL */
    const char *socket; /* -s SOCKET, or NULL */
    bool json, print, size, remove, install, follow, take_over, strict, all;
    const char *keep;            /* --keep FILE, or NULL */
    enum config_backend backend; /* CONFIG_RULES_AUTO without --backend */
    enum config_mode mode;       /* --mode; CONFIG_MONITOR without: what no router suffers from */
    unsigned prefix_count;       /* --inside */
    struct qw_prefix prefixes[OPTIONS_PREFIXES_MAX];
    const char *report;            /* --throttle-report FILE, or NULL */
    bool html;                     /* --report html */
    const char *page;              /* the FILE behind it; NULL: standard output */
    struct control_query query;    /* of flows */
    char words[OPTIONS_WORDS_MAX]; /* what the daemon is asked for it, each behind a space */
    unsigned watch_s;              /* --watch: seconds between two looks; 0: one look */
    const char *operand;           /* the one argument of a command that takes one, or NULL */
};

enum options_result { OPTIONS_OK, OPTIONS_HELP, OPTIONS_WRONG };

/* Reads the options that `command` takes, and `operand_name` ("CAPTURE") unless that is NULL. What the
 * arguments ask for when they are no reason to go on: help was printed, or the wrong argument quoted with the
 * usage line. */
enum options_result options_read(const struct command *command, int argc, char **argv,
                                 const char *operand_name, struct options *out);

/* The exit status of a command that options_read stops. */
enum command_status options_status(enum options_result result);

/* The configuration of -c, or of the default path. NULL after its errors were written to standard error;
 * *status is then what the command ends with. The caller owns it. */
struct config *options_config(const struct options *options, enum command_status *status);

/* The path that it is read from. */
const char *options_path(const struct options *options);

/* What a result of config_load or policy_new means for a command. */
enum command_status options_file_status(enum qw_error error);

#endif
