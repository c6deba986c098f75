#include "listener.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_MODE 0660 /* root and the group that may watch */
#define BACKLOG 16

enum qw_error metrics_fail(struct io_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return QW_ERR_SYSTEM;
}

static int stream(int family)
{
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static bool set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

/* The socket if all went well; else it is closed, with errno as it is: -1. */
static int if_well(int fd, bool well)
{
    int saved = errno;
    if (well)
        return fd;
    if (fd >= 0)
        close(fd);
    errno = saved;
    return -1;
}

/* ---- TCP ---- */

/* An address may come after the daemon. With `both` IPv4 comes to the IPv6 socket too. */
static int open_ipv6(const struct qw_endpoint *endpoint, bool both)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(endpoint->port)};
    memcpy(&address.sin6_addr, endpoint->addr.bytes, sizeof address.sin6_addr);
    int fd = stream(AF_INET6);
    return if_well(fd, fd >= 0 && set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !both) &&
                           set(fd, SOL_SOCKET, SO_REUSEADDR, 1) && set(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1) &&
                           bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
                           listen(fd, BACKLOG) == 0);
}

static int open_ipv4(const struct qw_endpoint *endpoint)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(endpoint->port)};
    memcpy(&address.sin_addr, endpoint->addr.bytes + 12, sizeof address.sin_addr);
    int fd = stream(AF_INET);
    return if_well(
        fd, fd >= 0 && set(fd, SOL_SOCKET, SO_REUSEADDR, 1) && set(fd, IPPROTO_IP, IP_FREEBIND, 1) &&
                bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 && listen(fd, BACKLOG) == 0);
}

/* A kernel may have no IPv6. */
static int open_address(const struct config_listen *listen)
{
    bool all = listen->kind == CONFIG_LISTEN_ALL;
    int fd = all || listen->family == QW_IPV6 ? open_ipv6(&listen->endpoint, all) : -1;
    bool v4 = all ? fd < 0 && errno == EAFNOSUPPORT : listen->family == QW_IPV4;
    return v4 ? open_ipv4(&listen->endpoint) : fd;
}

/* ---- a unix socket ---- */

static bool answers(const struct sockaddr_un *address)
{
    int fd = stream(AF_UNIX);
    bool there =
        fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN);
    if (fd >= 0)
        close(fd);
    return there;
}

/* Only a socket that nobody listens on goes. */
static bool make_room(const struct sockaddr_un *address)
{
    struct stat file;
    if (lstat(address->sun_path, &file) < 0)
        return errno == ENOENT;
    errno = EEXIST;
    if (!S_ISSOCK(file.st_mode))
        return false;
    errno = EADDRINUSE;
    return !answers(address) && unlink(address->sun_path) == 0;
}

/* The mode a socket has before bind(2) is the one its file is made with, so it is never open to all. */
static int open_path(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strnlen(path, sizeof address.sun_path - 1));
    if (!make_room(&address))
        return -1;
    int fd = stream(AF_UNIX);
    return if_well(fd, fd >= 0 && fchmod(fd, SOCKET_MODE) == 0 &&
                           bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
                           chmod(path, SOCKET_MODE) == 0 && listen(fd, BACKLOG) == 0);
}

enum qw_error listener_open(const char *text, const struct config_listen *listen, int *out,
                            struct io_error *error)
{
    *out = listen->kind == CONFIG_LISTEN_PATH ? open_path(text) : open_address(listen);
    return *out >= 0 ? QW_OK : metrics_fail(error, "metrics: cannot listen on %s: %s", text, strerror(errno));
}
