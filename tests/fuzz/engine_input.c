#include "engine_input.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *fuzz_file(const uint8_t *data, size_t size, int *fd)
{
    static char path[64];
    *fd = memfd_create("fuzz", MFD_CLOEXEC);
    NEED(*fd >= 0);
    NEED(write(*fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", *fd);
    return path;
}

struct config *fuzz_config(const char *text)
{
    struct config *config;
    int fd;
    const char *path = fuzz_file((const uint8_t *)text, strlen(text), &fd);
    NEED(config_load(path, stderr, &config) == QW_OK);
    close(fd);
    return config;
}

struct engine *fuzz_engine(const struct config *config, struct store *store, struct qw_time now)
{
    struct engine *engine;
    const struct engine_options options = {
        .config = config, .shards = 1, .secret = {3, 4}, .store = store, .now = now};
    NEED(engine_new(&options, &engine) == QW_OK);
    return engine;
}
