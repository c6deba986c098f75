#include "ready.h"

#ifdef QUICWARD_SYSTEMD
#include <systemd/sd-daemon.h>

static void notify(const char *state)
{
    sd_notify(0, state);
}
#else
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
#endif

void ready_announce(void)
{
    notify("READY=1");
}

void ready_withdraw(void)
{
    notify("STOPPING=1");
}
