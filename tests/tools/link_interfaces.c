#include "link_interfaces.h"
#include "sockets.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>

int link_open(const char *name, int buffer_bytes)
{
    int on = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_ll at = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(name)};
    if (at.sll_ifindex == 0)
        tool_fail(name);
    struct packet_mreq all = {.mr_ifindex = at.sll_ifindex, .mr_type = PACKET_MR_PROMISC};
    if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) != 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) != 0 ||
        bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0)
        tool_fail(name);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof(buffer_bytes));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer_bytes, sizeof(buffer_bytes));
    return fd;
}

void link_send(int fd, const uint8_t *frame, size_t len)
{
    if (send(fd, frame, len, 0) < 0 && errno != ENOBUFS && errno != EAGAIN && errno != ENETDOWN)
        tool_fail("send");
}

int link_stop_signal(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (fd < 0)
        tool_fail("signalfd");
    return fd;
}

bool link_wait(const int sockets[static 2], int stop, uint64_t us, bool ready[static 2])
{
    struct timespec left = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
    struct pollfd polled[] = {{.fd = sockets[0], .events = POLLIN},
                              {.fd = sockets[1], .events = POLLIN},
                              {.fd = stop, .events = POLLIN}};
    if (ppoll(polled, 3, us == LINK_FOREVER ? NULL : &left, NULL) < 0 && errno != EINTR)
        tool_fail("poll");
    ready[0] = polled[0].revents;
    ready[1] = polled[1].revents;
    return !(polled[2].revents & POLLIN);
}
