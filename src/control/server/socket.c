#include "socket.h"
#include "text.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NO_GROUP ((gid_t)-1)
#define FOLDER_MODE 0755

static bool make_address(const char *path, struct sockaddr_un *out)
{
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(out->sun_path)) {
        errno = len ? ENAMETOOLONG : ENOENT;
        return false;
    }
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(out->sun_path, path, len);
    return true;
}

static void close_quietly(int fd)
{
    int saved = errno;
    close(fd);
    errno = saved;
}

int control_connect(const char *path, int flags)
{
    struct sockaddr_un address;
    if (!make_address(path, &address))
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        close_quietly(fd);
        return -1;
    }
    return fd;
}

static bool make_folder(const struct sockaddr_un *address, struct io_error *error)
{
    char folder[sizeof(address->sun_path)];
    memcpy(folder, address->sun_path, sizeof(folder));
    char *slash = strrchr(folder, '/');
    if (!slash || slash == folder)
        return true;
    *slash = '\0';
    if (mkdir(folder, FOLDER_MODE) == 0 || errno == EEXIST)
        return true;
    control_say(error, "control socket: cannot make the folder %s: %s", folder, strerror(errno));
    return false;
}

/* Whether `path` is free, after removing a socket whose daemon is gone. connect(2) refuses a plain file with
 * the same error as a dead socket, so the file's type is asked first. */
static bool make_room(const char *path, struct io_error *error)
{
    struct stat file;
    if (lstat(path, &file) < 0 && errno == ENOENT)
        return true;
    if (!S_ISSOCK(file.st_mode)) {
        control_say(error, "control socket: %s exists and is no socket", path);
        return false;
    }
    int fd = control_connect(path, SOCK_NONBLOCK);
    if (fd >= 0)
        close_quietly(fd);
    if (fd < 0 && errno == ECONNREFUSED && unlink(path) == 0)
        return true;
    bool answers = fd >= 0 || errno == EAGAIN; /* EAGAIN: its backlog is full */
    control_say(error, "control socket: %s: %s", path,
                answers ? "another daemon answers there" : strerror(errno));
    return false;
}

/* The mode a socket has before bind(2) is the mode its file is made with, so it is never open to all; the
 * chmod after it gives back what the umask took. */
static bool bind_and_listen(int fd, const struct sockaddr_un *address, mode_t mode, gid_t group)
{
    return fchmod(fd, mode) == 0 && bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 &&
           (group == NO_GROUP || chown(address->sun_path, (uid_t)-1, group) == 0) &&
           chmod(address->sun_path, mode) == 0 && listen(fd, CONTROL_BACKLOG) == 0;
}

/* Until it belongs to its group nobody of another one may use it. */
static bool find_group(const char *name, gid_t *out, struct io_error *error)
{
    *out = NO_GROUP;
    if (!name || !name[0] || io_group_find(name, out))
        return true;
    control_say(error, "control socket: there is no group \"%s\"", name);
    return false;
}

enum qw_error control_listen(const char *path, mode_t mode, const char *group, int *out,
                             struct io_error *error)
{
    struct sockaddr_un address;
    gid_t gid;
    *out = -1;
    if (!find_group(group, &gid, error))
        return QW_ERR_SYSTEM;
    if (!make_address(path, &address)) {
        control_say(error, "control socket: %s: %s", path, strerror(errno));
        return QW_ERR_SYSTEM;
    }
    if (!make_folder(&address, error) || !make_room(path, error))
        return QW_ERR_SYSTEM;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || !bind_and_listen(fd, &address, mode, gid)) {
        control_say(error, "control socket: cannot listen on %s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return QW_ERR_SYSTEM;
    }
    *out = fd;
    return QW_OK;
}
