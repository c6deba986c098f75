/* Where no HTTP server is built in. */
#include "listener.h"

bool metrics_available(void)
{
    return false;
}

enum qw_error metrics_open(const char *listen, struct metrics **out, struct io_error *error)
{
    struct config_listen place;
    *out = NULL;
    if (config_listen_parse(listen, &place) && place.kind == CONFIG_LISTEN_OFF)
        return QW_OK;
    return metrics_fail(
        error, "metrics = \"%s\": this quicward was built without libmicrohttpd; allowed: \"off\"", listen);
}

enum qw_error metrics_start(struct metrics *metrics, const struct metrics_source *source,
                            struct io_error *error)
{
    (void)metrics;
    (void)source;
    (void)error;
    return QW_OK;
}

void metrics_close(struct metrics *metrics)
{
    (void)metrics;
}
