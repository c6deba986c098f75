/* What the rules would decide about a flow that is told in words, and why. */
#include "explain_flow.h"

static enum command_status explain(const struct command *self, const struct loaded *loaded, const char *text)
{
    struct policy_flow flow;
    if (policy_flow_read(loaded->config, text, &flow, stderr) && explain_is_told(loaded->config, &flow)) {
        if (explain_try(loaded, &flow, stdout))
            return command_finish_output();
        fprintf(stderr, "quicward: %s\n", qw_error_text(QW_ERR_NO_MEMORY));
        return COMMAND_FAILED;
    }
    command_usage(self, stderr);
    return COMMAND_USAGE;
}

enum command_status command_explain(const struct command *self, int argc, char **argv)
{
    struct options options;
    struct loaded loaded;
    enum options_result result = options_read(self, argc, argv, "FLOW", &options);
    if (result != OPTIONS_OK)
        return options_status(result);
    if (!loaded_read(&options, false, &loaded))
        return loaded.status;
    enum command_status status = explain(self, &loaded, options.operand);
    loaded_free(&loaded);
    return status;
}
