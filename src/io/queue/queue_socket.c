#include "queue_socket.h"
#include "fail.h"
#include "holder.h"
#include "kernel_rules.h"
#include "packet_message.h"
#include "queue_open.h"
#include "verdicts.h"
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the kernel charges a socket for a message beyond its bytes (struct sk_buff, rounded allocation). */
#define MESSAGE_COST 1024

/* Most memory that messages of one queue may wait in. Beyond it the kernel drops (user_dropped). */
#define RECEIVE_BUFFER_MAX (64 << 20)

#define CONFIG_MESSAGE_SIZE 256

uint32_t queue_copy_range(const struct config *config)
{
    return config->mode == CONFIG_NAT ? VERDICT_BYTES_MAX : config->copy_range;
}

size_t queue_message_size(const struct config *config)
{
    return (queue_copy_range(config) + PACKET_MESSAGE_OVERHEAD + NLMSG_ALIGNTO - 1) / NLMSG_ALIGNTO *
           NLMSG_ALIGNTO;
}

/* Sends a configuration message and reads the kernel's answer: 0 or an errno value. Only the answer can be
 * there: packets are not sent before the copy mode is set, and the kernel answers before send returns. */
static int configure(const struct queue_socket *queue, struct nlmsghdr *message)
{
    _Alignas(struct nlmsghdr) char answer[CONFIG_MESSAGE_SIZE];
    struct packet_message read;
    message->nlmsg_flags |= NLM_F_ACK;
    if (mnl_socket_sendto(queue->nl, message, message->nlmsg_len) < 0)
        return errno;
    ssize_t got = recv(queue->fd, answer, sizeof(answer), MSG_DONTWAIT);
    if (got < 0)
        return errno;
    packet_message_read(answer, (size_t)got, &read);
    return read.kind == PACKET_MESSAGE_ERROR ? read.error : EPROTO;
}

static int bind_queue(const struct queue_socket *queue, uint16_t number)
{
    _Alignas(struct nlmsghdr) char buffer[CONFIG_MESSAGE_SIZE];
    struct nlmsghdr *message = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, number);
    nfq_nlmsg_cfg_put_cmd(message, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
    return configure(queue, message);
}

/* Where packets must not pass unseen, a full queue drops. Where they may, those that there is no room for
 * pass (fail open). Without the GSO flag the kernel cuts bundles into the packets that go on the wire, which
 * is what is judged, and completes their checksums. */
static struct nlmsghdr *put_length_and_flags(char buffer[static CONFIG_MESSAGE_SIZE], uint16_t number,
                                             const struct config *config)
{
    struct nlmsghdr *message = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, number);
    bool open = rules_pass(config);
    nfq_nlmsg_cfg_put_qmaxlen(message, open ? QUEUE_OPEN_LENGTH : config->queue_length);
    mnl_attr_put_u32(message, NFQA_CFG_MASK,
                     htonl(NFQA_CFG_F_FAIL_OPEN | NFQA_CFG_F_GSO | NFQA_CFG_F_CONNTRACK));
    mnl_attr_put_u32(message, NFQA_CFG_FLAGS, open ? htonl(NFQA_CFG_F_FAIL_OPEN) : 0);
    return message;
}

static int set_length_and_flags(const struct queue_socket *queue, uint16_t number,
                                const struct config *config)
{
    _Alignas(struct nlmsghdr) char buffer[CONFIG_MESSAGE_SIZE];
    return configure(queue, put_length_and_flags(buffer, number, config));
}

/* Packets stand before every answer, so none is asked for. */
static int change_length_and_flags(const struct queue_socket *queue, uint16_t number,
                                   const struct config *config)
{
    _Alignas(struct nlmsghdr) char buffer[CONFIG_MESSAGE_SIZE];
    const struct nlmsghdr *message = put_length_and_flags(buffer, number, config);
    return mnl_socket_sendto(queue->nl, message, message->nlmsg_len) < 0 ? errno : 0;
}

/* Opens the gate: sent last and not acknowledged, since packets may now come before the answer. */
static int start_copying(const struct queue_socket *queue, uint16_t number, const struct config *config)
{
    _Alignas(struct nlmsghdr) char buffer[CONFIG_MESSAGE_SIZE];
    struct nlmsghdr *message = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, number);
    nfq_nlmsg_cfg_put_params(message, NFQNL_COPY_PACKET, (int)queue_copy_range(config));
    return mnl_socket_sendto(queue->nl, message, message->nlmsg_len) < 0 ? errno : 0;
}

/* Where packets may pass, the socket's buffer alone bounds the queue. The kernel doubles what was asked for,
 * and a message takes more than a sixteenth of what the largest one does. */
uint64_t queue_longest(const struct config *config)
{
    return config->queue_length * (rules_pass(config) ? UINT64_C(32) : 1);
}

/* Room for a full queue, and for one send of verdicts. Without the privilege to pass net.core.rmem_max and
 * wmem_max, up to those. */
static void size_buffers(int fd, const struct config *config)
{
    const int verdicts = VERDICTS_BYTES_MAX;
    uint64_t wanted = (uint64_t)config->queue_length * (queue_message_size(config) + MESSAGE_COST);
    int size = wanted < RECEIVE_BUFFER_MAX ? (int)wanted : RECEIVE_BUFFER_MAX;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &verdicts, sizeof(verdicts)) != 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &verdicts, sizeof(verdicts));
}

static int open_socket(struct queue_socket *queue, const struct config *config)
{
    queue->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
    if (!queue->nl)
        return errno;
    if (mnl_socket_bind(queue->nl, 0, MNL_SOCKET_AUTOPID) != 0)
        return errno;
    queue->fd = mnl_socket_get_fd(queue->nl);
    queue->portid = mnl_socket_get_portid(queue->nl);
    /* A full buffer shows as a counter of the queue; an error would only cost another system call. */
    int on = 1;
    mnl_socket_setsockopt(queue->nl, NETLINK_NO_ENOBUFS, &on, sizeof(on));
    /* A refused verdict need not come back with its packet. */
    mnl_socket_setsockopt(queue->nl, NETLINK_CAP_ACK, &on, sizeof(on));
    size_buffers(queue->fd, config);
    return 0;
}

/* What a failed bind means: the kernel says EPERM both to the unprivileged and when another socket holds
 * the queue. */
static enum qw_error explain(int problem, uint16_t number, struct io_error *error)
{
    if (holder_describe(number, error))
        return QW_ERR_SYSTEM;
    if (problem == EPERM)
        return io_fail(error, QW_ERR_SYSTEM, "queue %u: not permitted; CAP_NET_ADMIN is needed", number);
    if (problem == EPROTONOSUPPORT || access("/proc/self/net/netfilter/nfnetlink_queue", F_OK) != 0)
        return io_fail(error, QW_ERR_SYSTEM,
                       "queue %u: this kernel has no NFQUEUE (CONFIG_NETFILTER_NETLINK_QUEUE): %s", number,
                       strerror(problem));
    return io_fail(error, QW_ERR_SYSTEM, "queue %u: %s", number, strerror(problem));
}

enum qw_error queue_socket_open(struct queue_socket *queue, uint16_t number, const struct config *config,
                                struct io_error *error)
{
    *queue = (struct queue_socket){.fd = -1};
    int problem = open_socket(queue, config);
    if (problem == 0)
        problem = bind_queue(queue, number);
    if (problem == 0)
        problem = set_length_and_flags(queue, number, config);
    if (problem == 0)
        problem = start_copying(queue, number, config);
    if (problem == 0)
        return QW_OK;
    queue_socket_close(queue);
    return explain(problem, number, error);
}

enum qw_error queue_socket_take(struct queue_socket *queue, int fd, uint16_t number,
                                const struct config *config, struct io_error *error)
{
    *queue = (struct queue_socket){.fd = -1, .nl = mnl_socket_fdopen(fd)};
    int problem = queue->nl ? 0 : errno;
    if (problem != 0)
        close(fd);
    else {
        queue->fd = fd;
        queue->portid = mnl_socket_get_portid(queue->nl);
        size_buffers(fd, config);
        problem = change_length_and_flags(queue, number, config);
    }
    if (problem == 0)
        problem = start_copying(queue, number, config);
    if (problem == 0)
        return QW_OK;
    queue_socket_close(queue);
    return io_fail(error, QW_ERR_SYSTEM, "queue %u: cannot be taken over: %s", number, strerror(problem));
}

void queue_socket_close(struct queue_socket *queue)
{
    if (queue->nl)
        mnl_socket_close(queue->nl);
    *queue = (struct queue_socket){.fd = -1};
}
