#include "closed.h"
#include "kept.h"
#include "options.h"
#include <errno.h>
#include <quicward/io.h>
#include <string.h>
#include <unistd.h>

/* Nothing has to run for it, nor any interface be there: that is how a router is closed before its network is
 * up. */
static enum command_status install(const struct config *config, enum config_backend backend)
{
    struct io_error error;
    enum qw_error result = QW_OK;
    if (backend == CONFIG_RULES_AUTO)
        result = io_rules_choose(config, &backend, &error);
    if (result == QW_OK)
        result = io_rules_apply(config, backend, false, &error);
    if (result != QW_OK)
        fprintf(stderr, "quicward: %s\n", error.text);
    return result == QW_OK ? COMMAND_DONE : COMMAND_FAILED;
}

static enum command_status keep(const char *path, const struct config *config)
{
    if (kept_write(path, config))
        return COMMAND_DONE;
    fprintf(stderr, "quicward: %s cannot be written: %s\n", path, strerror(errno));
    return COMMAND_FAILED;
}

/* For units of systemd, which install what the configuration has the daemon install. Rules that stand are no
 * failure because they could not be kept. */
static enum command_status keep_and_install(const struct options *options, const struct config *config)
{
    if (!config->manage_rules) {
        fputs("quicward: manage_rules is false, so no kernel rules are installed or kept\n", stderr);
        unlink(options->keep);
        return COMMAND_DONE;
    }
    if (!options->install)
        return keep(options->keep, config);
    enum command_status status = install(config, options->backend);
    if (status == COMMAND_DONE)
        keep(options->keep, config);
    return status;
}

static enum command_status print(const struct config *config, enum config_backend backend, bool remove)
{
    if (backend == CONFIG_RULES_AUTO)
        backend = io_rules_backend(config);
    io_rules_print(config, backend, remove, stdout);
    if (remove)
        io_pins_remove_print(config, stdout);
    return command_finish_output();
}

static enum command_status act(const struct options *options, const struct config *config)
{
    if (options->keep)
        return keep_and_install(options, config);
    if (options->install)
        return install(config, options->backend);
    return print(config, options->backend, options->remove);
}

static bool install_kept(const struct options *options)
{
    struct config *config = options->keep ? kept_read(options->keep) : NULL;
    bool installed = config && install(config, options->backend) == COMMAND_DONE;
    if (installed)
        fprintf(stderr, "quicward: the kernel rules that were installed last are installed again, from %s\n",
                options->keep);
    config_free(config);
    return installed;
}

/* With mistakes in the file. What was installed last is better than a router that boots open, and what is
 * understood of the file is the next best; the failure stays one. Rules can be removed all the same. */
static void act_without(const struct options *options)
{
    const char *path = options_path(options);
    if (options->install && !install_kept(options))
        closed_by_known(path, CLOSED_EVERYWHERE);
    struct config *known = options->remove ? closed_known(path) : NULL;
    if (known)
        print(known, options->backend, true);
    config_free(known);
}

enum command_status command_rules(const struct command *self, int argc, char **argv)
{
    struct options options;
    enum options_result result = options_read(self, argc, argv, NULL, &options);
    if (result != OPTIONS_OK)
        return options_status(result);
    enum command_status status;
    struct config *config = options_config(&options, &status);
    if (!config) {
        act_without(&options);
        return status;
    }
    status = act(&options, config);
    config_free(config);
    return status;
}
