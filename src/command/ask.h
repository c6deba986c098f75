/* Asking the daemon that runs. */
#ifndef COMMAND_ASK_H
#define COMMAND_ASK_H

#include "options.h"
#include <quicward/control.h>

/* Reads the options of a command that asks the daemon, and returns its socket: that of -s, else of the
 * configuration of -c, else of the default file if there is one, else the built-in path; `buffer` may hold
 * it. NULL after help or errors were printed; *status is then what the command ends with. */
const char *ask_begin(const struct command *self, int argc, char **argv, struct options *options,
                      char buffer[static CONFIG_PATH_MAX], enum command_status *status);

/* As control_request, with its error on standard error. What the daemon refuses it explains itself: for
 * reload, with the lines that `check` would print. */
bool ask_daemon(const char *path, const char *request, control_line *line, void *context);

/* The exit status after all lines; `failed`: one of them could not be shown, and that is said. */
enum command_status ask_finish(const char *path, bool failed);

#endif
