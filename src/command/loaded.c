#include "loaded.h"
#include <quicward/io.h>

static bool fail(struct loaded *loaded, const struct options *options, enum qw_error error)
{
    if (error == QW_ERR_NO_MEMORY)
        fprintf(stderr, "quicward: %s: %s\n", options_path(options), qw_error_text(error));
    config_free(loaded->config);
    loaded->status = options_file_status(error);
    return false;
}

bool loaded_read(const struct options *options, bool warns, struct loaded *out)
{
    *out = (struct loaded){.status = COMMAND_DONE};
    const char *path = options_path(options);
    enum qw_error error = warns ? config_check(path, stderr, &out->warnings, &out->config)
                                : config_load(path, stderr, &out->config);
    if (error == QW_OK)
        error = policy_new(out->config, io_random_key(), stderr, &out->policy);
    return error == QW_OK || fail(out, options, error);
}

void loaded_free(struct loaded *loaded)
{
    policy_free(loaded->policy);
    config_free(loaded->config);
}
