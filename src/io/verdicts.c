#include "verdicts.h"
#include <assert.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>

void verdicts_start(struct verdicts *verdicts, uint16_t queue)
{
    verdicts->queue = queue;
    verdicts->binding++;
    verdicts->held = 0;
    verdicts_clear(verdicts);
}

void verdicts_clear(struct verdicts *verdicts)
{
    verdicts->accepts = false;
    verdicts->len = 0;
}

static void put(struct verdicts *verdicts, int type, uint32_t id, int verdict)
{
    assert(verdicts->len + VERDICT_MESSAGE_SIZE <= sizeof(verdicts->messages));
    struct nlmsghdr *message = nfq_nlmsg_put(verdicts->messages + verdicts->len, type, verdicts->queue);
    nfq_nlmsg_verdict_put(message, (int)id, verdict);
    verdicts->len += message->nlmsg_len;
}

void verdicts_finish(struct verdicts *verdicts)
{
    if (verdicts->accepts)
        put(verdicts, NFQNL_MSG_VERDICT_BATCH, verdicts->last, NF_ACCEPT);
    verdicts->accepts = false;
}

void verdicts_accept(struct verdicts *verdicts, uint32_t id)
{
    if (verdicts->held > 0) {
        put(verdicts, NFQNL_MSG_VERDICT, id, NF_ACCEPT);
        return;
    }
    verdicts->accepts = true;
    verdicts->last = id;
}

void verdicts_drop(struct verdicts *verdicts, uint32_t id)
{
    put(verdicts, NFQNL_MSG_VERDICT, id, NF_DROP);
}

void verdicts_hold(struct verdicts *verdicts)
{
    verdicts_finish(verdicts);
    verdicts->held++;
}

uint64_t verdicts_token(const struct verdicts *verdicts, uint32_t id)
{
    return (uint64_t)verdicts->binding << 32 | id;
}

void verdicts_release(struct verdicts *verdicts, uint64_t token, bool accept)
{
    if (token >> 32 != verdicts->binding)
        return;
    assert(verdicts->held > 0);
    verdicts->held--;
    put(verdicts, NFQNL_MSG_VERDICT, (uint32_t)token, accept ? NF_ACCEPT : NF_DROP);
}

/* One call writes at most one message, and a run that goes on needs room for its own. */
bool verdicts_full(const struct verdicts *verdicts)
{
    return verdicts->len + 2 * VERDICT_MESSAGE_SIZE > sizeof(verdicts->messages);
}
