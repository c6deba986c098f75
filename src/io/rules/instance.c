/* One daemon of a name in a network: an abstract socket exists once in a network namespace, just as the
 * kernel rules do, and goes with the process. */
#include "fail.h"
#include "kernel_rules.h"
#include <errno.h>
#include <quicward/io.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define QUESTIONS_MAX 128 /* that may be asked who holds it: nobody takes them */

static socklen_t address_of(const struct config *config, const char *what, struct sockaddr_un *out)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    int len = snprintf(out->sun_path + 1, sizeof(out->sun_path) - 1, "quicward/%s/%s", what,
                       rules_instance(config));
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
}

/* 0 when it cannot be told. A question stays in the backlog. */
static pid_t holder(const struct sockaddr_un *address, socklen_t len)
{
    struct ucred peer = {0};
    socklen_t size = sizeof(peer);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool asked = fd >= 0 && connect(fd, (const struct sockaddr *)address, len) == 0 &&
                 getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    if (fd >= 0)
        close(fd);
    return asked ? peer.pid : 0;
}

static enum qw_error explain(const struct config *config, pid_t pid, struct io_error *error)
{
    char who[32] = "another daemon";
    if (pid > 0)
        snprintf(who, sizeof(who), "process %d", (int)pid);
    return io_fail(error, QW_ERR_SYSTEM,
                   "%s runs as instance \"%s\" in this network already; a second daemon needs another "
                   "\"instance\" in its configuration",
                   who, rules_instance(config));
}

enum qw_error io_instance_take(const struct config *config, int *out, struct io_error *error)
{
    struct sockaddr_un address;
    socklen_t len = address_of(config, "daemon", &address);
    *out = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*out >= 0 && bind(*out, (const struct sockaddr *)&address, len) == 0 &&
        listen(*out, QUESTIONS_MAX) == 0)
        return QW_OK;
    int problem = errno;
    io_instance_release(*out);
    *out = -1;
    if (problem == EADDRINUSE)
        return explain(config, holder(&address, len), error);
    return io_fail(error, QW_ERR_SYSTEM, "instance \"%s\": %s", rules_instance(config), strerror(problem));
}

void io_instance_release(int instance)
{
    if (instance >= 0)
        close(instance);
}

/* Without SOCK_CLOEXEC: a script whose daemon was killed goes on, and has the lock. */
int rules_lock(const struct config *config, unsigned ms)
{
    static const struct timespec MOMENT = {.tv_nsec = 10 * (long)QW_NS_PER_MS};
    struct sockaddr_un address;
    socklen_t len = address_of(config, "rules", &address);
    struct qw_time begun = io_now();
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    while (fd >= 0 && bind(fd, (const struct sockaddr *)&address, len) != 0) {
        if (errno != EADDRINUSE || qw_time_since(io_now(), begun) > ms * QW_NS_PER_MS) {
            close(fd);
            return -1;
        }
        nanosleep(&MOMENT, NULL);
    }
    return fd;
}
