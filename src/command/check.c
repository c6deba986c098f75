#include "options.h"

enum command_status command_check(const struct command *self, int argc, char **argv)
{
    struct options options;
    enum options_result result = options_read(self, argc, argv, NULL, &options);
    if (result != OPTIONS_OK)
        return options_status(result);
    struct config *config = options_config(&options);
    if (!config)
        return COMMAND_FAILED;
    if (options.print)
        config_print(config, stdout);
    else
        printf("%s: OK\n", options.config ? options.config : OPTIONS_CONFIG_DEFAULT);
    config_free(config);
    return command_finish_output();
}
