#include "loaded.h"

enum command_status command_check(const struct command *self, int argc, char **argv)
{
    struct options options;
    struct loaded loaded;
    enum options_result result = options_read(self, argc, argv, NULL, &options);
    if (result != OPTIONS_OK)
        return options_status(result);
    if (!loaded_read(&options, &loaded))
        return COMMAND_FAILED;
    if (options.print)
        config_print(loaded.config, stdout);
    else
        printf("%s: OK\n", options.config ? options.config : OPTIONS_CONFIG_DEFAULT);
    loaded_free(&loaded);
    return command_finish_output();
}
