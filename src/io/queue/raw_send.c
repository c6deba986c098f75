#include "raw_send.h"
#include "fail.h"
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A raw socket gets a copy of all ICMP that the host does. Nobody reads here, so nothing must pile up. */
static int refuse_all(int fd)
{
    struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
    const struct sock_fprog filter = {1, &none};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter));
}

/* Errors go out as internetwork control (RFC 1812 4.3.2.5). */
static int set_precedence(int fd)
{
    const int precedence = IPTOS_PREC_INTERNETCONTROL;
    return setsockopt(fd, IPPROTO_IP, IP_TOS, &precedence, sizeof(precedence));
}

/* 0, with *fd -1 when the kernel does not have the protocol; else an errno value. */
static int open_one(int domain, int protocol, int *fd)
{
    *fd = socket(domain, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    if (*fd < 0)
        return errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT ? 0 : errno;
    if (refuse_all(*fd) != 0 || (domain == AF_INET && set_precedence(*fd) != 0))
        return errno;
    return 0;
}

enum qw_error raw_sender_open(struct raw_sender *sender, struct io_error *error)
{
    *sender = (struct raw_sender){-1, -1};
    int problem = open_one(AF_INET, IPPROTO_ICMP, &sender->v4);
    if (problem == 0)
        problem = open_one(AF_INET6, IPPROTO_ICMPV6, &sender->v6);
    if (problem == 0)
        return QW_OK;
    raw_sender_close(sender);
    if (problem == EPERM)
        return io_fail(error, QW_ERR_SYSTEM, "raw sockets for ICMP: not permitted; CAP_NET_RAW is needed");
    return io_fail(error, QW_ERR_SYSTEM, "raw sockets for ICMP: %s", strerror(problem));
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void raw_sender_close(struct raw_sender *sender)
{
    close_one(&sender->v4);
    close_one(&sender->v6);
}

static bool send_one(int fd, const struct icmp_message *message, const void *to, socklen_t to_len)
{
    ssize_t sent;
    do
        sent = sendto(fd, message->bytes, message->len, MSG_NOSIGNAL, to, to_len);
    while (sent < 0 && errno == EINTR);
    return sent == message->len;
}

bool raw_sender_send(const struct raw_sender *sender, const struct icmp_message *message, uint32_t indev)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (message->family == QW_IPV4) {
        memcpy(&v4.sin_addr, message->to.bytes + 12, sizeof(v4.sin_addr));
        return send_one(sender->v4, message, &v4, sizeof(v4));
    }
    memcpy(&v6.sin6_addr, message->to.bytes, sizeof(v6.sin6_addr));
    if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr))
        v6.sin6_scope_id = indev;
    return send_one(sender->v6, message, &v6, sizeof(v6));
}
