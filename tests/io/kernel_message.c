#include "kernel_message.h"
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

size_t kernel_message(void *buffer, uint32_t id, const void *packet, size_t len)
{
    const struct nfqnl_msg_packet_hdr header = {
        .packet_id = htonl(id), .hw_protocol = htons(0x0800), .hook = NF_INET_FORWARD};
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET;
    mnl_nlmsg_put_extra_header(message, sizeof(struct nfgenmsg));
    mnl_attr_put(message, NFQA_PACKET_HDR, sizeof(header), &header);
    mnl_attr_put(message, NFQA_PAYLOAD, len, packet);
    return message->nlmsg_len;
}
