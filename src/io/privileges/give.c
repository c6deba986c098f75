/* Folders and files of the daemon for its own user. They are made and given away as root, in folders where
 * that user may have put anything before: nothing is given that a link leads to, or that has a second name.
 */
#include "fail.h"
#include "privileges.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_MODE 0755 /* the control socket is for others too; files of the state are 0600 */
#define OURS "quicward"  /* how the name of a folder begins that is nobody else's */

static bool is_ours(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && strncmp(slash + 1, OURS, strlen(OURS)) == 0;
}

/* -1 with errno when it is no plain file, folder or socket, or a link leads there. */
static int open_it(const char *path, struct stat *status)
{
    int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, status) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool give(int fd, const struct privileges_user *user)
{
    return fchownat(fd, "", user->uid, user->gid, AT_EMPTY_PATH) == 0;
}

/* What an earlier daemon left as root: the new user could neither read nor replace it. */
static void give_file(const char *path, const struct privileges_user *user)
{
    struct stat status;
    int fd = open_it(path, &status);
    if (fd < 0)
        return;
    if (status.st_uid == geteuid() && status.st_nlink == 1 &&
        (S_ISREG(status.st_mode) || S_ISSOCK(status.st_mode)))
        give(fd, user);
    close(fd);
}

/* A folder of root's is others' too: only one below it can be given. */
static enum qw_error refuse(const char *path, const struct privileges_user *user, const struct stat *status,
                            struct io_error *error)
{
    if (status->st_uid == 0)
        return io_fail(
            error, QW_ERR_SYSTEM,
            "user: the folder %.200s belongs to root, and \"%s\" can make no files there; a folder "
            "of its own, such as %.200s/quicward, mends it",
            path, user->name, strcmp(path, "/") == 0 ? "" : path);
    return io_fail(
        error, QW_ERR_SYSTEM,
        "user: the folder %.200s belongs to user %u, and \"%s\" can make no files there; \"chown %s "
        "%.200s\" mends it",
        path, status->st_uid, user->name, user->name, path);
}

static enum qw_error give_folder(const char *path, const struct privileges_user *user, struct io_error *error)
{
    struct stat status;
    bool made = mkdir(path, FOLDER_MODE) == 0;
    int fd = open_it(path, &status);
    if (fd < 0)
        return io_fail(error, QW_ERR_SYSTEM, "user: cannot look at the folder %.200s: %s", path,
                       strerror(errno));
    enum qw_error code = QW_OK;
    bool mine = status.st_uid == geteuid() && (made || is_ours(path));
    bool open_to_all = (status.st_mode & S_IWOTH) != 0;
    if (!S_ISDIR(status.st_mode))
        code = io_fail(error, QW_ERR_SYSTEM, "user: %.200s is no folder", path);
    else if (status.st_uid != user->uid && !open_to_all && !(mine && give(fd, user)))
        code = refuse(path, user, &status, error);
    close(fd);
    return code;
}

static enum qw_error give_state(const struct config *config, const struct privileges_user *user,
                                struct io_error *error)
{
    char file[CONFIG_PATH_MAX + 64];
    const char *instance = config->instance[0] ? config->instance : CONFIG_INSTANCE_DEFAULT;
    if (config->state[0] == '\0' || strcmp(config->state, CONFIG_NO_STATE) == 0)
        return QW_OK;
    enum qw_error code = give_folder(config->state, user, error);
    snprintf(file, sizeof(file), "%s/%s.state", config->state, instance);
    if (code == QW_OK)
        give_file(file, user);
    snprintf(file, sizeof(file), "%s/%s.state.new", config->state, instance);
    if (code == QW_OK)
        give_file(file, user);
    return code;
}

static void folder_of(const char *path, char out[static CONFIG_PATH_MAX])
{
    snprintf(out, CONFIG_PATH_MAX, "%s", path);
    char *slash = strrchr(out, '/');
    if (slash)
        slash[slash == out] = '\0'; /* "/" stays */
}

static enum qw_error give_with_folder(const char *path, const struct privileges_user *user,
                                      struct io_error *error)
{
    char folder[CONFIG_PATH_MAX];
    folder_of(path, folder);
    enum qw_error code = give_folder(folder, user, error);
    if (code == QW_OK)
        give_file(path, user);
    return code;
}

static enum qw_error give_metrics(const struct config *config, const struct privileges_user *user,
                                  struct io_error *error)
{
    return config->metrics[0] == '/' ? give_with_folder(config->metrics, user, error) : QW_OK;
}

#define EVENTS_MODE 0640 /* as the daemon makes it */

/* In a folder that is not the user's, such as /var/log. Whatever stands there already is somebody's, unless
 * its name is ours and only root can have put it there. */
static void give_events_file(const char *path, const struct stat *folder, const struct privileges_user *user)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, EVENTS_MODE);
    if (fd >= 0) {
        (void)!fchown(fd, user->uid, user->gid); /* if it cannot be given, opening it fails later */
        close(fd);
    } else if (is_ours(path) && folder->st_uid == geteuid() && !(folder->st_mode & (S_IWGRP | S_IWOTH)))
        give_file(path, user);
}

static enum qw_error give_events(const struct config *config, const struct privileges_user *user,
                                 struct io_error *error)
{
    char folder[CONFIG_PATH_MAX];
    struct stat status;
    if (strcmp(config->events_file, CONFIG_NO_EVENTS) == 0)
        return QW_OK;
    folder_of(config->events_file, folder);
    int fd = open_it(folder, &status);
    if (fd >= 0)
        close(fd);
    if (fd < 0 || is_ours(folder) || status.st_uid == user->uid)
        return give_with_folder(config->events_file, user, error);
    give_events_file(config->events_file, &status, user);
    return QW_OK;
}

enum qw_error privileges_give(const struct config *config, const struct privileges_user *user,
                              struct io_error *error)
{
    enum qw_error code = give_state(config, user, error);
    if (code == QW_OK)
        code = give_with_folder(config->control, user, error);
    if (code == QW_OK)
        code = give_metrics(config, user, error);
    return code == QW_OK ? give_events(config, user, error) : code;
}
