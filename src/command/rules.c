#include "options.h"
#include <quicward/io.h>

enum command_status command_rules(const struct command *self, int argc, char **argv)
{
    struct options options;
    enum options_result result = options_read(self, argc, argv, NULL, &options);
    if (result != OPTIONS_OK)
        return options_status(result);
    struct config *config = options_config(&options);
    if (!config)
        return COMMAND_FAILED;
    enum config_backend backend = options.backend;
    if (backend == CONFIG_RULES_AUTO)
        backend = io_rules_backend(config);
    io_rules_print(config, backend, options.remove, stdout);
    config_free(config);
    return command_finish_output();
}
