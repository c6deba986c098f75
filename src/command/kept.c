#include "kept.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void print(const struct config *config, FILE *out)
{
    struct config bare = *config;
    bare.group_count = bare.sni_list_count = bare.rule_count = 0;
    bare.forward_count = bare.throttle_count = bare.size_limit_count = 0;
    bare.throttle_key_set = false;
    fputs("# Written by \"quicward rules --keep\": what the kernel rules are made of.\n", out);
    config_print(&bare, out);
}

static bool fill(int fd, const struct config *config)
{
    FILE *out = fdopen(fd, "w");
    if (!out) {
        close(fd);
        return false;
    }
    print(config, out);
    bool written = fflush(out) == 0 && fsync(fd) == 0;
    return fclose(out) == 0 && written;
}

bool kept_write(const char *path, const struct config *config)
{
    char made[CONFIG_PATH_MAX + 8];
    if ((size_t)snprintf(made, sizeof(made), "%s.XXXXXX", path) >= sizeof(made)) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = mkostemp(made, O_CLOEXEC);
    if (fd < 0)
        return false;
    if (fill(fd, config) && rename(made, path) == 0)
        return true;
    int problem = errno;
    unlink(made);
    errno = problem;
    return false;
}

/* Nobody else may say which rules stand. */
static bool is_own(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return false;
    if (S_ISREG(status.st_mode) && status.st_uid == geteuid() && !(status.st_mode & 022))
        return true;
    fprintf(stderr, "quicward: %s is not read: others than user %u may write it\n", path, geteuid());
    return false;
}

struct config *kept_read(const char *path)
{
    struct config *config = NULL;
    if (is_own(path))
        config_load(path, stderr, &config);
    return config;
}
