/* bench_accept QUEUE COPY_RANGE SECONDS: the least that a program behind a queue can do: take up to 64
 * packets in one call, and accept them in another. */
#include "measure.h"
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdlib.h>
#include <sys/socket.h>

#define BATCH 64
#define QUEUE_LENGTH 8192
#define BUFFER (32 << 20)

static char in[BATCH][4096], out[BATCH * 64];

static void configure(struct mnl_socket *socket, uint16_t queue, uint32_t range)
{
    char buffer[1024];
    struct nlmsghdr *message = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, queue);
    nfq_nlmsg_cfg_put_cmd(message, AF_INET, NFQNL_CFG_CMD_BIND);
    bench_require(mnl_socket_sendto(socket, message, message->nlmsg_len) > 0, "binding the queue");
    message = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, queue);
    nfq_nlmsg_cfg_put_params(message, NFQNL_COPY_PACKET, (int)range);
    mnl_attr_put_u32(message, NFQA_CFG_QUEUE_MAXLEN, htonl(QUEUE_LENGTH));
    bench_require(mnl_socket_sendto(socket, message, message->nlmsg_len) > 0, "setting up the queue");
}

static struct mnl_socket *open_queue(uint16_t queue, uint32_t range)
{
    struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
    bench_require(socket && mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0, "a netlink socket");
    configure(socket, queue, range);
    int fd = mnl_socket_get_fd(socket), one = 1, size = BUFFER;
    struct timeval patience = {0, 300000};
    mnl_socket_setsockopt(socket, NETLINK_NO_ENOBUFS, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return socket;
}

static int find_header(const struct nlattr *attr, void *found)
{
    if (mnl_attr_get_type(attr) != NFQA_PACKET_HDR)
        return MNL_CB_OK;
    *(const struct nlattr **)found = attr;
    return MNL_CB_STOP;
}

/* Writes the verdict for the packet in `message` to `to`; returns its length. */
static size_t accept_one(const void *message, char *to, uint16_t queue)
{
    const struct nlattr *attr = NULL;
    mnl_attr_parse(message, sizeof(struct nfgenmsg), find_header, &attr);
    if (!attr)
        return 0;
    const struct nfqnl_msg_packet_hdr *packet = mnl_attr_get_payload(attr);
    struct nlmsghdr *verdict = nfq_nlmsg_put(to, NFQNL_MSG_VERDICT, queue);
    nfq_nlmsg_verdict_put(verdict, (int)ntohl(packet->packet_id), NF_ACCEPT);
    return verdict->nlmsg_len;
}

static void take_and_accept(int fd, struct mmsghdr batch[static BATCH], uint16_t queue)
{
    size_t len = 0;
    int got = recvmmsg(fd, batch, BATCH, MSG_WAITFORONE, NULL);
    for (int i = 0; i < got; i++)
        len += accept_one(in[i], out + len, queue);
    if (len > 0)
        bench_require(send(fd, out, len, 0) > 0, "sending verdicts");
}

int main(int argc, char **argv)
{
    struct mmsghdr batch[BATCH] = {0};
    struct iovec parts[BATCH];
    bench_require(argc == 4, "usage: bench_accept QUEUE COPY_RANGE SECONDS");
    for (int i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){in[i], sizeof in[i]};
        batch[i].msg_hdr.msg_iov = &parts[i];
        batch[i].msg_hdr.msg_iovlen = 1;
    }
    uint16_t queue = (uint16_t)atoi(argv[1]);
    uint64_t end = bench_now() + strtoul(argv[3], NULL, 10) * 1000000000u;
    struct mnl_socket *socket = open_queue(queue, (uint32_t)atoi(argv[2]));
    while (bench_now() < end)
        take_and_accept(mnl_socket_get_fd(socket), batch, queue);
    mnl_socket_close(socket);
    return 0;
}
