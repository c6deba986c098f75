#include "state_folder.h"
#include "fail.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_MODE 0755 /* the control socket stands there too, for whoever may use that; files are 0600 */
#define WITHOUT "; state = \"none\" does without"

static enum qw_error fail_system(struct io_error *error, const char *path, const char *what)
{
    return io_fail(error, QW_ERR_SYSTEM, "state: cannot %s the folder %.200s: %s" WITHOUT, what, path,
                   strerror(errno));
}

static bool trusted(uid_t user)
{
    return user == 0 || user == geteuid();
}

/* In a folder with the sticky bit nobody renames or removes what is another's. */
static enum qw_error judge(const char *path, const struct stat *status, struct io_error *error)
{
    mode_t open_to = status->st_mode & (status->st_gid == 0 ? S_IWOTH : S_IWOTH | S_IWGRP);
    if (!S_ISDIR(status->st_mode))
        return io_fail(error, QW_ERR_SYSTEM, "state: %.200s is no folder" WITHOUT, path);
    if (!trusted(status->st_uid))
        return io_fail(error, QW_ERR_INVALID,
                       "state: the folder %.200s belongs to user %u; allowed: root or user %u" WITHOUT, path,
                       status->st_uid, geteuid());
    if (open_to && !(status->st_mode & S_ISVTX))
        return io_fail(error, QW_ERR_INVALID,
                       "state: the folder %.200s has mode %04o, so that others may write it; \"chmod go-w "
                       "%.200s\" mends it" WITHOUT,
                       path, status->st_mode & 07777, path);
    return QW_OK;
}

static enum qw_error judge_path(const char *path, struct io_error *error)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return fail_system(error, path, "look at");
    return judge(path, &status, error);
}

/* Every folder from the root on. `path` has no links in it, and is whole again at the end. */
static enum qw_error judge_all(char *path, struct io_error *error)
{
    enum qw_error code = judge_path("/", error);
    for (char *slash = strchr(path + 1, '/'); slash && code == QW_OK; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        code = judge_path(path, error);
        *slash = '/';
    }
    return code == QW_OK ? judge_path(path, error) : code;
}

enum qw_error state_folder(const char *path, char out[static PATH_MAX], struct io_error *error)
{
    if (mkdir(path, FOLDER_MODE) != 0 && errno != EEXIST)
        return fail_system(error, path, "make");
    if (!realpath(path, out))
        return fail_system(error, path, "find");
    return judge_all(out, error);
}
