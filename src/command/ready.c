#include "ready.h"

#ifdef QUICWARD_SYSTEMD
#include <systemd/sd-daemon.h>

static void notify(const char *state)
{
    sd_notify(0, state);
}

static uint64_t watchdog_us(void)
{
    uint64_t us = 0;
    return sd_watchdog_enabled(0, &us) > 0 ? us : 0;
}
#else
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* What sd_notify(3) sends, where that is not built in: a unit with Type=notify waits for it. '@' begins the
 * name of an abstract socket. */
static void notify(const char *state)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    size_t len = path ? strlen(path) : 0;
    if (len < 2 || len >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(to.sun_path, path, len);
    if (path[0] == '@')
        to.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (fd >= 0)
        sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to, size);
    if (fd >= 0)
        close(fd);
}

static bool read_number(const char *text, uint64_t *out)
{
    char *end = NULL;
    if (!text || *text < '0' || *text > '9')
        return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

/* What sd_watchdog_enabled(3) reads. */
static uint64_t watchdog_us(void)
{
    uint64_t us, pid;
    const char *whose = getenv("WATCHDOG_PID");
    if (!read_number(getenv("WATCHDOG_USEC"), &us))
        return 0;
    return !whose || (read_number(whose, &pid) && pid == (uint64_t)getpid()) ? us : 0;
}
#endif

#define NS_PER_US 1000u

void ready_announce(void)
{
    notify("READY=1");
}

void ready_withdraw(void)
{
    notify("STOPPING=1");
}

uint64_t ready_watchdog_ns(void)
{
    uint64_t us = watchdog_us();
    return us < UINT64_MAX / NS_PER_US ? us * NS_PER_US : 0;
}

void ready_alive(void)
{
    notify("WATCHDOG=1");
}
