#include <errno.h>
#include <quicward/command.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

void command_usage(const struct command *command, FILE *out)
{
    fprintf(out, "usage: quicward %s%s%s\n", command->name, *command->arguments ? " " : "",
            command->arguments);
}

unsigned command_width(void)
{
    struct winsize size;
    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void command_help(const struct command *command)
{
    command_usage(command, stdout);
    printf("%s.\n", command->summary);
}

enum command_status command_finish_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return COMMAND_DONE;
    fprintf(stderr, "quicward: cannot write to standard output: %s\n", strerror(errno));
    return COMMAND_FAILED;
}
