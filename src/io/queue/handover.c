/* From one daemon to the next, over the socket that is the lock of the instance: only processes of the
 * daemon's user are listened to. */
#include "fail.h"
#include "kernel_rules.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REQUEST "take over 1\n" /* the number is that of struct parcel */
#define ASKING_MS 1000          /* that a peer may take to ask */
#define LETTING_GO_MS 30000     /* that a daemon may take to stop its threads */
#define FDS_MAX (1 + CONFIG_WORKERS_MAX)

/* The same program, on the same machine. */
struct parcel {
    uint32_t version, count;
    uint64_t stopped_ns;
    struct {
        uint32_t number, last_id;
    } queues[CONFIG_WORKERS_MAX];
};

union rights {
    struct cmsghdr aligned;
    char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

/* ---- who is there ---- */

static int call(const struct config *config)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int len = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "quicward/daemon/%s",
                       rules_instance(config));
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, size) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

bool io_instance_held(const struct config *config)
{
    pid_t pid;
    return io_instance_holder(config, &pid);
}

/* The socket is that of the process which began it, and may have been handed on. */
bool io_instance_holder(const struct config *config, pid_t *out)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    int fd = call(config);
    *out = 0;
    if (fd < 0)
        return false;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && kill(peer.pid, 0) == 0)
        *out = peer.pid;
    close(fd);
    return true;
}

static bool same_user(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static bool readable(int fd, int ms)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    int got;
    do
        got = poll(&ready, 1, ms);
    while (got < 0 && errno == EINTR);
    return got > 0;
}

/* ---- the daemon's side ---- */

static bool asks(int fd)
{
    char request[sizeof(REQUEST)];
    return same_user(fd) && readable(fd, ASKING_MS) &&
           recv(fd, request, sizeof(request), MSG_DONTWAIT) == (ssize_t)strlen(REQUEST) &&
           memcmp(request, REQUEST, strlen(REQUEST)) == 0;
}

int io_handover_asked(int instance)
{
    int fd = readable(instance, 0) ? accept4(instance, NULL, NULL, SOCK_CLOEXEC) : -1;
    if (fd < 0 || asks(fd))
        return fd;
    close(fd);
    return -1;
}

static struct parcel parcel_of(const struct io_handover *handed)
{
    struct parcel parcel = {.version = 1, .count = handed->count, .stopped_ns = handed->stopped.ns};
    for (unsigned i = 0; i < handed->count; i++) {
        parcel.queues[i].number = handed->queues[i].number;
        parcel.queues[i].last_id = handed->queues[i].last_id;
    }
    return parcel;
}

enum qw_error io_handover_send(int to, const struct io_handover *handed, struct io_error *error)
{
    struct parcel parcel = parcel_of(handed);
    int fds[FDS_MAX] = {handed->instance};
    union rights control = {0};
    struct iovec piece = {&parcel, sizeof(parcel)};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.bytes};
    size_t size = (1 + handed->count) * sizeof(int);
    for (unsigned i = 0; i < handed->count; i++)
        fds[1 + i] = handed->queues[i].fd;
    message.msg_controllen = CMSG_SPACE(size);
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    *rights = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(size)};
    memcpy(CMSG_DATA(rights), fds, size);
    bool sent = sendmsg(to, &message, MSG_NOSIGNAL) == (ssize_t)sizeof(parcel);
    int problem = errno;
    close(to);
    return sent ? QW_OK : io_fail(error, QW_ERR_SYSTEM, "handing over: %s", strerror(problem));
}

/* ---- the next one's side ---- */

/* All descriptors that came belong to *out, whatever else is wrong. */
static void unpack_fds(struct msghdr *message, struct io_handover *out)
{
    const struct cmsghdr *rights = CMSG_FIRSTHDR(message);
    if (!rights || rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS)
        return;
    int fds[FDS_MAX];
    size_t size = rights->cmsg_len - CMSG_LEN(0), count = size / sizeof(int);
    memcpy(fds, CMSG_DATA(rights), size);
    if (count > 0)
        out->instance = fds[0];
    for (size_t i = 1; i < count; i++)
        out->queues[out->count++].fd = fds[i];
}

static bool unpack(const struct parcel *parcel, ssize_t got, struct io_handover *out)
{
    if (got != (ssize_t)sizeof(*parcel) || parcel->version != 1 || out->instance < 0 ||
        parcel->count != out->count)
        return false;
    out->stopped.ns = parcel->stopped_ns;
    for (unsigned i = 0; i < out->count; i++) {
        out->queues[i].number = (uint16_t)parcel->queues[i].number;
        out->queues[i].last_id = parcel->queues[i].last_id;
    }
    return true;
}

static bool receive(int fd, struct io_handover *out)
{
    struct parcel parcel;
    union rights control;
    struct iovec piece = {&parcel, sizeof(parcel)};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t got = readable(fd, LETTING_GO_MS) ? recvmsg(fd, &message, MSG_CMSG_CLOEXEC) : -1;
    if (got < 0)
        return false;
    unpack_fds(&message, out);
    return unpack(&parcel, got, out);
}

enum qw_error io_handover_ask(const struct config *config, struct io_handover *out, struct io_error *error)
{
    *out = (struct io_handover){.instance = -1};
    int fd = call(config);
    if (fd < 0)
        return io_fail(error, QW_ERR_SYSTEM, "taking over: no daemon runs as instance \"%s\" in this network",
                       rules_instance(config));
    bool done = same_user(fd) && send(fd, REQUEST, strlen(REQUEST), MSG_NOSIGNAL) > 0 && receive(fd, out);
    close(fd);
    if (done)
        return QW_OK;
    io_handover_close(out);
    return io_fail(
        error, QW_ERR_SYSTEM,
        "taking over: the daemon of instance \"%s\" does not hand over; stop it and start this one",
        rules_instance(config));
}

void io_handover_close(struct io_handover *handed)
{
    if (handed->instance >= 0)
        close(handed->instance);
    for (unsigned i = 0; i < handed->count; i++)
        if (handed->queues[i].fd >= 0)
            close(handed->queues[i].fd);
    *handed = (struct io_handover){.instance = -1};
}
