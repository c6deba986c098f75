#include "suite.h"
#include "suites.h"
#include "verdicts.h"
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <string.h>

/* One message, as the kernel reads it. */
struct sent {
    int type;
    uint16_t queue;
    uint32_t id, verdict;
};

static unsigned parse(const struct verdicts *verdicts, struct sent *out, unsigned max)
{
    int left = (int)verdicts->len;
    unsigned count = 0;
    const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)verdicts->messages;
    for (; mnl_nlmsg_ok(message, left) && count < max; message = mnl_nlmsg_next(message, &left)) {
        const struct nfgenmsg *generic = mnl_nlmsg_get_payload(message);
        const struct nlattr *attribute = mnl_nlmsg_get_payload_offset(message, sizeof(*generic));
        struct nfqnl_msg_verdict_hdr header;
        CU_ASSERT_EQUAL(message->nlmsg_len, VERDICT_MESSAGE_SIZE);
        CU_ASSERT_EQUAL(message->nlmsg_flags, NLM_F_REQUEST);
        CU_ASSERT_EQUAL(message->nlmsg_type >> 8, NFNL_SUBSYS_QUEUE);
        CU_ASSERT_EQUAL(mnl_attr_get_type(attribute), NFQA_VERDICT_HDR);
        CU_ASSERT_EQUAL_FATAL(mnl_attr_get_payload_len(attribute), sizeof(header));
        memcpy(&header, mnl_attr_get_payload(attribute), sizeof(header));
        out[count++] = (struct sent){message->nlmsg_type & 0xff, ntohs(generic->res_id), ntohl(header.id),
                                     ntohl(header.verdict)};
    }
    CU_ASSERT_EQUAL(left, 0);
    return count;
}

static bool is(const struct sent *sent, int type, uint32_t id, uint32_t verdict)
{
    return sent->type == type && sent->id == id && sent->verdict == verdict && sent->queue == 7401;
}

static void accepts_in_one(void)
{
    struct verdicts verdicts;
    struct sent sent[4];
    verdicts_start(&verdicts, 7401);
    for (uint32_t id = 10; id < 10 + VERDICTS_MAX; id++)
        verdicts_accept(&verdicts, id);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL(verdicts.count, VERDICTS_MAX);
    CU_ASSERT_EQUAL_FATAL(parse(&verdicts, sent, 4), 1);
    CU_ASSERT_TRUE(is(&sent[0], NFQNL_MSG_VERDICT_BATCH, 10 + VERDICTS_MAX - 1, NF_ACCEPT));
}

static void drops_go_first(void)
{
    struct verdicts verdicts;
    struct sent sent[8];
    verdicts_start(&verdicts, 7401);
    verdicts_accept(&verdicts, 1);
    verdicts_drop(&verdicts, 2);
    verdicts_accept(&verdicts, 3);
    verdicts_drop(&verdicts, 4);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(parse(&verdicts, sent, 8), 3);
    CU_ASSERT_TRUE(is(&sent[0], NFQNL_MSG_VERDICT, 2, NF_DROP));
    CU_ASSERT_TRUE(is(&sent[1], NFQNL_MSG_VERDICT, 4, NF_DROP));
    CU_ASSERT_TRUE(is(&sent[2], NFQNL_MSG_VERDICT_BATCH, 3, NF_ACCEPT));
}

static void drops_alone(void)
{
    struct verdicts verdicts;
    struct sent sent[VERDICTS_MAX + 1];
    verdicts_start(&verdicts, 7401);
    for (uint32_t id = 0; id < VERDICTS_MAX; id++)
        verdicts_drop(&verdicts, id);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(parse(&verdicts, sent, VERDICTS_MAX + 1), VERDICTS_MAX);
    for (uint32_t id = 0; id < VERDICTS_MAX; id++)
        CU_ASSERT_TRUE(is(&sent[id], NFQNL_MSG_VERDICT, id, NF_DROP));
}

static void fullest_batch_fits(void)
{
    struct verdicts verdicts;
    struct sent sent[VERDICTS_MAX + 1];
    verdicts_start(&verdicts, 7401);
    for (uint32_t id = 0; id < VERDICTS_MAX - 1; id++)
        verdicts_drop(&verdicts, id);
    verdicts_accept(&verdicts, VERDICTS_MAX - 1);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL(parse(&verdicts, sent, VERDICTS_MAX + 1), VERDICTS_MAX);
    CU_ASSERT_TRUE(verdicts.len <= sizeof(verdicts.messages));
}

/* The last packet decides, not the largest number: the kernel compares by signed distance. */
static void ids_wrap(void)
{
    struct verdicts verdicts;
    struct sent sent[4];
    verdicts_start(&verdicts, 7401);
    verdicts_accept(&verdicts, 0xfffffffe);
    verdicts_drop(&verdicts, 0xffffffff);
    verdicts_accept(&verdicts, 0);
    verdicts_accept(&verdicts, 1);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(parse(&verdicts, sent, 4), 2);
    CU_ASSERT_TRUE(is(&sent[0], NFQNL_MSG_VERDICT, 0xffffffff, NF_DROP));
    CU_ASSERT_TRUE(is(&sent[1], NFQNL_MSG_VERDICT_BATCH, 1, NF_ACCEPT));
}

static void each_batch_starts_anew(void)
{
    struct verdicts verdicts;
    struct sent sent[4];
    verdicts_start(&verdicts, 7401);
    verdicts_accept(&verdicts, 5);
    verdicts_finish(&verdicts);
    verdicts_start(&verdicts, 7401);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL(verdicts.len, 0);
    CU_ASSERT_EQUAL(verdicts.count, 0);
    verdicts_start(&verdicts, 7401);
    verdicts_drop(&verdicts, 6);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(parse(&verdicts, sent, 4), 1);
    CU_ASSERT_TRUE(is(&sent[0], NFQNL_MSG_VERDICT, 6, NF_DROP));
}

void verdicts_suite(void)
{
    static const struct test TESTS[] = {
        {"F6: accepts of a batch are one message", accepts_in_one},
        {"F6: drops go before the accept that would cover them", drops_go_first},
        {"drops alone bring no accept", drops_alone},
        {"the longest batch fits", fullest_batch_fits},
        {"F6: ids wrap around", ids_wrap},
        {"nothing is left of the batch before", each_batch_starts_anew},
    };
    TEST_SUITE("verdicts", TESTS);
}
