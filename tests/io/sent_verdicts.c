#include "sent_verdicts.h"
#include "suite.h"
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <string.h>

static struct sent_verdict read_message(const struct nlmsghdr *message)
{
    const struct nfgenmsg *generic = mnl_nlmsg_get_payload(message);
    const struct nlattr *attribute = mnl_nlmsg_get_payload_offset(message, sizeof(*generic));
    struct nfqnl_msg_verdict_hdr header;
    CU_ASSERT_EQUAL(message->nlmsg_len, VERDICT_MESSAGE_SIZE);
    CU_ASSERT_EQUAL(message->nlmsg_flags, NLM_F_REQUEST);
    CU_ASSERT_EQUAL(message->nlmsg_type >> 8, NFNL_SUBSYS_QUEUE);
    CU_ASSERT_EQUAL(mnl_attr_get_type(attribute), NFQA_VERDICT_HDR);
    CU_ASSERT_EQUAL_FATAL(mnl_attr_get_payload_len(attribute), sizeof(header));
    memcpy(&header, mnl_attr_get_payload(attribute), sizeof(header));
    return (struct sent_verdict){message->nlmsg_type & 0xff, ntohs(generic->res_id), ntohl(header.id),
                                 ntohl(header.verdict)};
}

unsigned sent_verdicts(const struct verdicts *verdicts, struct sent_verdict *out, unsigned max)
{
    int left = (int)verdicts->len;
    unsigned count = 0;
    const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)verdicts->messages;
    for (; mnl_nlmsg_ok(message, left) && count < max; message = mnl_nlmsg_next(message, &left))
        out[count++] = read_message(message);
    CU_ASSERT_EQUAL(left, 0);
    return count;
}

bool sent_is(const struct sent_verdict *sent, int type, uint32_t id, uint32_t verdict)
{
    return sent->type == type && sent->id == id && sent->verdict == verdict && sent->queue == 7401;
}
