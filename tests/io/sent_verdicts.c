#include "sent_verdicts.h"
#include "suite.h"
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <string.h>

static void read_payload(const struct nlmsghdr *message, const struct nlattr *attribute,
                         struct sent_verdict *out)
{
    int left = (int)(message->nlmsg_len - VERDICT_MESSAGE_SIZE);
    CU_ASSERT_TRUE_FATAL(mnl_attr_ok(attribute, left));
    if (mnl_attr_get_type(attribute) == NFQA_MARK) {
        CU_ASSERT_EQUAL_FATAL(mnl_attr_get_payload_len(attribute), sizeof(uint32_t));
        CU_ASSERT_EQUAL(message->nlmsg_len, VERDICT_MARKED_SIZE);
        out->mark = ntohl(mnl_attr_get_u32(attribute));
        return;
    }
    CU_ASSERT_EQUAL(mnl_attr_get_type(attribute), NFQA_PAYLOAD);
    CU_ASSERT_EQUAL((size_t)left, MNL_ALIGN(attribute->nla_len));
    out->data = mnl_attr_get_payload(attribute);
    out->len = mnl_attr_get_payload_len(attribute);
}

static struct sent_verdict read_message(const struct nlmsghdr *message)
{
    const struct nfgenmsg *generic = mnl_nlmsg_get_payload(message);
    const struct nlattr *attribute = mnl_nlmsg_get_payload_offset(message, sizeof(*generic));
    struct nfqnl_msg_verdict_hdr header;
    CU_ASSERT_TRUE_FATAL(message->nlmsg_len >= VERDICT_MESSAGE_SIZE);
    CU_ASSERT_EQUAL(message->nlmsg_flags, NLM_F_REQUEST);
    CU_ASSERT_EQUAL(message->nlmsg_type >> 8, NFNL_SUBSYS_QUEUE);
    CU_ASSERT_EQUAL(mnl_attr_get_type(attribute), NFQA_VERDICT_HDR);
    CU_ASSERT_EQUAL_FATAL(mnl_attr_get_payload_len(attribute), sizeof(header));
    memcpy(&header, mnl_attr_get_payload(attribute), sizeof(header));
    struct sent_verdict sent = {.type = message->nlmsg_type & 0xff,
                                .queue = ntohs(generic->res_id),
                                .id = ntohl(header.id),
                                .verdict = ntohl(header.verdict)};
    if (message->nlmsg_len > VERDICT_MESSAGE_SIZE)
        read_payload(message, mnl_attr_next(attribute), &sent);
    return sent;
}

unsigned sent_read(const void *messages, size_t len, struct sent_verdict *out, unsigned max)
{
    int left = (int)len;
    unsigned count = 0;
    const struct nlmsghdr *message = messages;
    for (; mnl_nlmsg_ok(message, left) && count < max; message = mnl_nlmsg_next(message, &left)) {
        CU_ASSERT_EQUAL(message->nlmsg_len % NLMSG_ALIGNTO, 0);
        out[count++] = read_message(message);
    }
    CU_ASSERT_EQUAL(left, 0);
    return count;
}

unsigned sent_verdicts(const struct verdicts *verdicts, struct sent_verdict *out, unsigned max)
{
    static _Alignas(struct nlmsghdr) char messages[VERDICTS_BYTES_MAX];
    size_t len = 0;
    CU_ASSERT_TRUE_FATAL(verdicts->len <= sizeof(messages));
    for (unsigned i = 0; i < verdicts->count; i++) {
        memcpy(messages + len, verdicts->pieces[i].iov_base, verdicts->pieces[i].iov_len);
        len += verdicts->pieces[i].iov_len;
    }
    CU_ASSERT_EQUAL(len, verdicts->len);
    return sent_read(messages, len, out, max);
}

bool sent_is(const struct sent_verdict *sent, int type, uint32_t id, uint32_t verdict)
{
    return sent->type == type && sent->id == id && sent->verdict == verdict && sent->queue == 7401 &&
           !sent->data && sent->mark == 0;
}

bool sent_marked(const struct sent_verdict *sent, uint32_t id, uint32_t mark)
{
    return sent->type == NFQNL_MSG_VERDICT && sent->id == id && sent->verdict == NF_ACCEPT &&
           sent->queue == 7401 && !sent->data && sent->mark == mark;
}

bool sent_returns(const struct sent_verdict *sent, uint32_t id, const void *data, size_t len)
{
    return sent->type == NFQNL_MSG_VERDICT && sent->id == id && sent->verdict == NF_ACCEPT &&
           sent->queue == 7401 && sent->data && sent->len == len && memcmp(sent->data, data, len) == 0;
}
