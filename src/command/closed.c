#include "closed.h"
#include <quicward/io.h>
#include <stdio.h>

struct config *closed_known(const char *path)
{
    struct config *config = NULL;
    config_load_known(path, &config);
    return config;
}

static void print_names(const struct config_interfaces *named)
{
    for (unsigned i = 0; i < named->count; i++)
        fprintf(stderr, "%s%s", i > 0 ? ", " : "", named->names[i]);
}

static void tell(const char *path, const struct config *config)
{
    if (config->inside.count > 0 && config->outside.count > 0) {
        fputs("quicward: UDP between ", stderr);
        print_names(&config->inside);
        fputs(" and ", stderr);
        print_names(&config->outside);
        fputs(" is dropped", stderr);
    } else
        fputs("quicward: all UDP that is forwarded is dropped", stderr);
    fprintf(stderr, " until %s has no mistakes, or until you run what \"quicward rules --remove\" prints\n",
            path);
}

static void close_by(const char *path, const struct config *config)
{
    bool closed;
    struct io_error error;
    if (io_rules_close(config, &closed, &error) != QW_OK)
        fprintf(stderr, "quicward: %s\n", error.text);
    else if (closed)
        tell(path, config);
}

void closed_by_known(const char *path, enum closed_where where)
{
    struct config *config = closed_known(path);
    bool knows = config && config->inside.count > 0 && config->outside.count > 0;
    if (config && (knows || where == CLOSED_EVERYWHERE))
        close_by(path, config);
    config_free(config);
}
