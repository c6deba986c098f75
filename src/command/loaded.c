#include "loaded.h"
#include <quicward/io.h>

bool loaded_read(const struct options *options, struct loaded *out)
{
    out->policy = NULL;
    out->config = options_config(options);
    if (!out->config)
        return false;
    enum qw_error error = policy_new(out->config, io_random_key(), stderr, &out->policy);
    if (error == QW_OK)
        return true;
    if (error == QW_ERR_NO_MEMORY)
        fprintf(stderr, "quicward: %s\n", qw_error_text(error));
    config_free(out->config);
    return false;
}

void loaded_free(struct loaded *loaded)
{
    policy_free(loaded->policy);
    config_free(loaded->config);
}
