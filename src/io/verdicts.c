#include "verdicts.h"
#include <assert.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>

void verdicts_start(struct verdicts *verdicts, uint16_t queue)
{
    verdicts->queue = queue;
    verdicts->accepts = false;
    verdicts->count = 0;
    verdicts->len = 0;
}

static void put(struct verdicts *verdicts, int type, uint32_t id, int verdict)
{
    struct nlmsghdr *message = nfq_nlmsg_put(verdicts->messages + verdicts->len, type, verdicts->queue);
    nfq_nlmsg_verdict_put(message, (int)id, verdict);
    verdicts->len += message->nlmsg_len;
}

void verdicts_accept(struct verdicts *verdicts, uint32_t id)
{
    assert(verdicts->count < VERDICTS_MAX);
    verdicts->count++;
    verdicts->accepts = true;
    verdicts->last = id;
}

void verdicts_drop(struct verdicts *verdicts, uint32_t id)
{
    assert(verdicts->count < VERDICTS_MAX);
    verdicts->count++;
    put(verdicts, NFQNL_MSG_VERDICT, id, NF_DROP);
}

void verdicts_finish(struct verdicts *verdicts)
{
    if (verdicts->accepts)
        put(verdicts, NFQNL_MSG_VERDICT_BATCH, verdicts->last, NF_ACCEPT);
}
