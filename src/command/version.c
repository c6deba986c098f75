#include "options.h"

enum command_status command_version(const struct command *self, int argc, char **argv)
{
    struct options options;
    enum options_result result = options_read(self, argc, argv, NULL, &options);
    if (result != OPTIONS_OK)
        return options_status(result);
    puts("quicward " QUICWARD_VERSION);
    return command_finish_output();
}
