#include <errno.h>
#include <quicward/command.h>
#include <string.h>

void command_usage(const struct command *command, FILE *out)
{
    fprintf(out, "usage: quicward %s%s%s\n", command->name, *command->arguments ? " " : "",
            command->arguments);
}

enum command_status command_finish_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return COMMAND_DONE;
    fprintf(stderr, "quicward: cannot write to standard output: %s\n", strerror(errno));
    return COMMAND_FAILED;
}
