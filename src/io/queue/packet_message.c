#include "packet_message.h"
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <limits.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <string.h>

#define QUEUE_PACKET (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET)

static uint32_t attribute_u32(const struct nlattr *attribute)
{
    return attribute && mnl_attr_get_payload_len(attribute) >= sizeof(uint32_t)
               ? ntohl(mnl_attr_get_u32(attribute))
               : 0;
}

static void read_payload(void *buffer, const struct nlattr *payload, struct packet_message *out)
{
    out->before = (size_t)((const char *)mnl_attr_get_payload(payload) - (const char *)buffer);
    out->data = (uint8_t *)buffer + out->before;
    out->captured = mnl_attr_get_payload_len(payload);
}

static void read_packet(void *buffer, struct nlattr *const *attributes, struct packet_message *out)
{
    struct nfqnl_msg_packet_hdr header;
    const struct nlattr *named = attributes[NFQA_PACKET_HDR];
    if (!named || mnl_attr_get_payload_len(named) < sizeof(header))
        return;
    memcpy(&header, mnl_attr_get_payload(named), sizeof(header));
    out->kind = PACKET_MESSAGE_PACKET;
    out->id = ntohl(header.packet_id);
    out->hook = header.hook;
    out->indev = attribute_u32(attributes[NFQA_IFINDEX_INDEV]);
    out->outdev = attribute_u32(attributes[NFQA_IFINDEX_OUTDEV]);
    out->mark = attribute_u32(attributes[NFQA_MARK]);
    if (attributes[NFQA_PAYLOAD])
        read_payload(buffer, attributes[NFQA_PAYLOAD], out);
    /* The kernel gives the length of the whole packet only when it copied less. */
    uint32_t whole = attribute_u32(attributes[NFQA_CAP_LEN]);
    out->wire_len = whole > out->captured ? whole : (uint32_t)out->captured;
}

static void read_error(const struct nlmsghdr *message, struct packet_message *out)
{
    int error;
    if (mnl_nlmsg_get_payload_len(message) < sizeof(error))
        return;
    memcpy(&error, mnl_nlmsg_get_payload(message), sizeof(error));
    out->kind = PACKET_MESSAGE_ERROR;
    out->error = error == INT_MIN ? EPROTO : -error;
}

void packet_message_read(void *buffer, size_t len, struct packet_message *out)
{
    const struct nlmsghdr *message = buffer;
    struct nlattr *attributes[NFQA_MAX + 1] = {0};
    *out = (struct packet_message){.kind = PACKET_MESSAGE_OTHER};
    /* mnl_nlmsg_ok takes a length above 2 GiB for a small one. */
    if (len > INT_MAX || !mnl_nlmsg_ok(message, (int)len) || message->nlmsg_len > len)
        return;
    if (message->nlmsg_type == NLMSG_ERROR)
        read_error(message, out);
    else if (message->nlmsg_type == QUEUE_PACKET && nfq_nlmsg_parse(message, attributes) == MNL_CB_OK)
        read_packet(buffer, attributes, out);
}
