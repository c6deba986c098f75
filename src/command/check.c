#include "check_size.h"
#include "loaded.h"

static enum command_status show(const struct options *options, const struct loaded *loaded)
{
    if (options->print)
        config_print(loaded->config, stdout);
    else if (options->size)
        check_size_print(loaded->config, stdout);
    else if (loaded->warnings)
        printf("%s: OK, with %u warning%s\n", options_path(options), loaded->warnings,
               loaded->warnings == 1 ? "" : "s");
    else
        printf("%s: OK\n", options_path(options));
    return command_finish_output();
}

enum command_status command_check(const struct command *self, int argc, char **argv)
{
    struct options options;
    struct loaded loaded;
    enum options_result result = options_read(self, argc, argv, NULL, &options);
    if (result != OPTIONS_OK)
        return options_status(result);
    if (!loaded_read(&options, true, &loaded))
        return loaded.status;
    bool refused = options.strict && loaded.warnings;
    enum command_status status = refused ? COMMAND_CONFIG : show(&options, &loaded);
    loaded_free(&loaded);
    return status;
}
