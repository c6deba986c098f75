#include "queue_open.h"
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <sys/socket.h>

#define MESSAGE_SIZE 256

void queue_shut(int fd, uint16_t number)
{
    _Alignas(struct nlmsghdr) char buffer[MESSAGE_SIZE];
    struct nlmsghdr *message = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, number);
    nfq_nlmsg_cfg_put_qmaxlen(message, 0);
    send(fd, message, message->nlmsg_len, 0);
}

void queue_accept_until(int fd, uint16_t number, uint32_t id)
{
    _Alignas(struct nlmsghdr) char buffer[MESSAGE_SIZE];
    struct nlmsghdr *message = nfq_nlmsg_put(buffer, NFQNL_MSG_VERDICT_BATCH, number);
    nfq_nlmsg_verdict_put(message, (int)id, NF_ACCEPT);
    send(fd, message, message->nlmsg_len, 0);
}

void queue_unbind(int fd, uint16_t number)
{
    _Alignas(struct nlmsghdr) char buffer[MESSAGE_SIZE];
    struct nlmsghdr *message = nfq_nlmsg_put(buffer, NFQNL_MSG_CONFIG, number);
    nfq_nlmsg_cfg_put_cmd(message, AF_UNSPEC, NFQNL_CFG_CMD_UNBIND);
    send(fd, message, message->nlmsg_len, 0);
}
