#include "verdicts.h"
#include <assert.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>

/* A token: 15 bits of the binding, 17 of the slot, 32 of the id. A queue is bound again once a second at most
 * and no packet is held for hours, so the bindings that tokens still name differ in 15 bits. */
#define SLOT_BITS 17
#define SLOT_MASK ((UINT64_C(1) << SLOT_BITS) - 1)
#define BINDING_MASK 0x7fffu

_Static_assert(STASH_SLOTS_MAX <= SLOT_MASK, "a slot's number fits");
_Static_assert(VERDICT_HEAD == VERDICT_MESSAGE_SIZE + sizeof(struct nlattr), "a message, one more attribute");

void verdicts_start(struct verdicts *verdicts, uint16_t queue)
{
    verdicts->queue = queue;
    verdicts->binding = (verdicts->binding + 1) & BINDING_MASK;
    verdicts->held = 0;
    verdicts_clear(verdicts);
}

void verdicts_clear(struct verdicts *verdicts)
{
    verdicts->accepts = false;
    verdicts->len = verdicts->messages_len = 0;
    verdicts->count = verdicts->written = 0;
    if (verdicts->stash)
        stash_reuse(verdicts->stash);
}

static void add_piece(struct verdicts *verdicts, char *data, size_t len)
{
    struct iovec *last = verdicts->count > 0 ? &verdicts->pieces[verdicts->count - 1] : NULL;
    assert(verdicts->written < VERDICTS_MAX);
    if (last && (char *)last->iov_base + last->iov_len == data)
        last->iov_len += len;
    else
        verdicts->pieces[verdicts->count++] = (struct iovec){data, len};
    verdicts->written++;
    verdicts->len += len;
}

static struct nlmsghdr *put_message(const struct verdicts *verdicts, char *at, int type, uint32_t id,
                                    int verdict)
{
    struct nlmsghdr *message = nfq_nlmsg_put(at, type, verdicts->queue);
    nfq_nlmsg_verdict_put(message, (int)id, verdict);
    return message;
}

static void put(struct verdicts *verdicts, int type, uint32_t id, int verdict)
{
    assert(verdicts->messages_len + VERDICT_MESSAGE_SIZE <= sizeof(verdicts->messages));
    char *at = verdicts->messages + verdicts->messages_len;
    const struct nlmsghdr *message = put_message(verdicts, at, type, id, verdict);
    verdicts->messages_len += message->nlmsg_len;
    add_piece(verdicts, at, message->nlmsg_len);
}

/* The message's last attribute is the packet: only its header has to be written. */
static void put_changed(struct verdicts *verdicts, uint32_t id, uint8_t *data, size_t len)
{
    char *at = (char *)data - VERDICT_HEAD;
    struct nlmsghdr *message = put_message(verdicts, at, NFQNL_MSG_VERDICT, id, NF_ACCEPT);
    struct nlattr *payload = mnl_nlmsg_get_payload_tail(message);
    payload->nla_type = NFQA_PAYLOAD;
    payload->nla_len = (uint16_t)(sizeof(*payload) + len);
    message->nlmsg_len += (uint32_t)MNL_ALIGN(payload->nla_len);
    add_piece(verdicts, at, message->nlmsg_len);
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

void verdicts_accept_marked(struct verdicts *verdicts, uint32_t id, uint32_t mark)
{
    verdicts_finish(verdicts);
    assert(verdicts->messages_len + VERDICT_MARKED_SIZE <= sizeof(verdicts->messages));
    char *at = verdicts->messages + verdicts->messages_len;
    struct nlmsghdr *message = put_message(verdicts, at, NFQNL_MSG_VERDICT, id, NF_ACCEPT);
    nfq_nlmsg_verdict_put_mark(message, mark);
    verdicts->messages_len += message->nlmsg_len;
    add_piece(verdicts, at, message->nlmsg_len);
}

void verdicts_accept_changed(struct verdicts *verdicts, uint32_t id, uint8_t *data, size_t len)
{
    verdicts_finish(verdicts);
    put_changed(verdicts, id, data, len);
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

static uint32_t slot_in(uint64_t token)
{
    return (uint32_t)(token >> 32 & SLOT_MASK);
}

bool verdicts_hold_changed(struct verdicts *verdicts, uint64_t token, const uint8_t *data, size_t len)
{
    struct stash *stash = verdicts->stash;
    verdicts_hold(verdicts);
    return stash && stash_next(stash) == slot_in(token) && stash_keep(stash, token, data, len);
}

uint64_t verdicts_token(const struct verdicts *verdicts, uint32_t id)
{
    uint64_t slot = verdicts->stash ? stash_next(verdicts->stash) : STASH_NO_SLOT;
    return (uint64_t)verdicts->binding << (32 + SLOT_BITS) | slot << 32 | id;
}

void verdicts_release(struct verdicts *verdicts, uint64_t token, bool accept)
{
    size_t len = 0;
    uint8_t *kept = verdicts->stash ? stash_take(verdicts->stash, slot_in(token), token, &len) : NULL;
    if (token >> (32 + SLOT_BITS) != verdicts->binding)
        return;
    assert(verdicts->held > 0);
    verdicts->held--;
    if (accept && kept)
        put_changed(verdicts, (uint32_t)token, kept, len);
    else
        put(verdicts, NFQNL_MSG_VERDICT, (uint32_t)token, accept ? NF_ACCEPT : NF_DROP);
}

/* One call writes at most two messages: its own, and that of a run, which it either ends or leaves for the
 * next. */
bool verdicts_full(const struct verdicts *verdicts)
{
    return verdicts->written + 2 > VERDICTS_MAX || verdicts->len >= VERDICTS_BYTES ||
           (verdicts->stash && stash_starved(verdicts->stash));
}
