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
static void give_file(int fd, const struct stat *status, const struct privileges_user *user)
{
    if (status->st_uid == geteuid() && status->st_nlink == 1 &&
        (S_ISREG(status->st_mode) || S_ISSOCK(status->st_mode)))
        give(fd, user);
}

/* A folder of root's is others' too: only one below it can be given. */
static enum qw_error refuse(const char *path, const struct privileges_user *user, const struct stat *status,
                            struct io_error *error)
{
    if (status->st_uid == 0)
        return io_fail(
            error, QW_ERR_SYSTEM,
            "user: the folder %.200s belongs to root, and \"%s\" cannot make files there; use a folder "
            "of its own, such as %.200s/quicward",
            path, user->name, strcmp(path, "/") == 0 ? "" : path);
    return io_fail(
        error, QW_ERR_SYSTEM,
        "user: the folder %.200s belongs to user %u, and \"%s\" cannot make files there; \"chown %s "
        "%.200s\" corrects this",
        path, status->st_uid, user->name, user->name, path);
}

/* Members of control_group come through it, whatever files are made with. There are no threads yet. */
static bool make_folder(const char *path)
{
    mode_t mask = umask(0);
    bool made = mkdir(path, FOLDER_MODE) == 0;
    umask(mask);
    return made;
}

static enum qw_error give_folder(const char *path, const struct privileges_user *user, struct io_error *error)
{
    struct stat status;
    bool made = make_folder(path);
    int fd = open_it(path, &status);
    if (fd < 0)
        return io_fail(error, QW_ERR_SYSTEM, "user: cannot look at the folder %.200s: %s", path,
                       strerror(errno));
    enum qw_error code = QW_OK;
    bool mine = status.st_uid == geteuid() && (made || is_ours(path));
    bool open_to_all = (status.st_mode & S_IWOTH) != 0;
    if (!S_ISDIR(status.st_mode))
        code = io_fail(error, QW_ERR_SYSTEM, "user: %.200s is not a folder", path);
    else if (status.st_uid != user->uid && !open_to_all && !(mine && give(fd, user)))
        code = refuse(path, user, &status, error);
    close(fd);
    return code;
}

static void folder_of(const char *path, char out[static CONFIG_PATH_MAX])
{
    snprintf(out, CONFIG_PATH_MAX, "%s", path);
    char *slash = strrchr(out, '/');
    if (slash)
        slash[slash == out] = '\0'; /* "/" stays */
}

static bool keeps_state(const struct config *config)
{
    return config->state[0] != '\0' && strcmp(config->state, CONFIG_NO_STATE) != 0;
}

static bool has_socket(const struct config *config)
{
    return config->metrics[0] == '/';
}

static bool has_events(const struct config *config)
{
    return strcmp(config->events_file, CONFIG_NO_EVENTS) != 0;
}

/* ---- events in a folder of somebody else ---- */

/* The folder stays so, such as /var/log. */
static bool events_apart(const struct config *config, const struct privileges_user *user, struct stat *folder)
{
    char path[CONFIG_PATH_MAX];
    if (!has_events(config))
        return false;
    folder_of(config->events_file, path);
    int fd = open_it(path, folder);
    if (fd < 0)
        return false;
    close(fd);
    return !is_ours(path) && folder->st_uid != user->uid;
}

#define EVENTS_MODE 0640 /* as the daemon makes it */

/* Whatever stands there already is somebody's, unless its name is ours and only root can have put it there.
 */
static void give_events_apart(const char *path, const struct stat *folder, const struct privileges_user *user)
{
    struct stat status;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, EVENTS_MODE);
    if (fd >= 0)
        (void)!fchown(fd, user->uid, user->gid); /* if it cannot be given, opening it fails later */
    else if (is_ours(path) && folder->st_uid == geteuid() && !(folder->st_mode & (S_IWGRP | S_IWOTH))) {
        fd = open_it(path, &status);
        if (fd >= 0)
            give_file(fd, &status, user);
    }
    if (fd >= 0)
        close(fd);
}

/* ---- all else ---- */

#define FILES_MAX 5

/* Found before any folder is given away: root without CAP_DAC_OVERRIDE, as under systemd, finds nothing in
 * the closed folder of another user. */
struct gifts {
    unsigned count;
    struct {
        int fd; /* owned */
        struct stat status;
    } files[FILES_MAX];
};

static void find(struct gifts *gifts, const char *path)
{
    int fd = open_it(path, &gifts->files[gifts->count].status);
    if (fd >= 0)
        gifts->files[gifts->count++].fd = fd;
}

static void find_all(struct gifts *gifts, const struct config *config, bool apart)
{
    char path[CONFIG_PATH_MAX + 64];
    const char *instance = config->instance[0] ? config->instance : CONFIG_INSTANCE_DEFAULT;
    find(gifts, config->control);
    for (int made = 0; made < 2 && keeps_state(config); made++) {
        snprintf(path, sizeof(path), "%s/%s.state%s", config->state, instance, made ? ".new" : "");
        find(gifts, path);
    }
    if (has_socket(config))
        find(gifts, config->metrics);
    if (has_events(config) && !apart)
        find(gifts, config->events_file);
}

static enum qw_error give_folder_of(const char *path, const struct privileges_user *user,
                                    struct io_error *error)
{
    char folder[CONFIG_PATH_MAX];
    folder_of(path, folder);
    return give_folder(folder, user, error);
}

static enum qw_error give_folders(const struct config *config, const struct privileges_user *user, bool apart,
                                  struct io_error *error)
{
    enum qw_error code = keeps_state(config) ? give_folder(config->state, user, error) : QW_OK;
    if (code == QW_OK)
        code = give_folder_of(config->control, user, error);
    if (code == QW_OK && has_socket(config))
        code = give_folder_of(config->metrics, user, error);
    if (code == QW_OK && has_events(config) && !apart)
        code = give_folder_of(config->events_file, user, error);
    return code;
}

enum qw_error privileges_give(const struct config *config, const struct privileges_user *user,
                              struct io_error *error)
{
    struct gifts gifts = {0};
    struct stat folder;
    bool apart = events_apart(config, user, &folder);
    find_all(&gifts, config, apart);
    enum qw_error code = give_folders(config, user, apart, error);
    for (unsigned i = 0; i < gifts.count; i++) {
        if (code == QW_OK)
            give_file(gifts.files[i].fd, &gifts.files[i].status, user);
        close(gifts.files[i].fd);
    }
    if (code == QW_OK && apart)
        give_events_apart(config->events_file, &folder, user);
    return code;
}
