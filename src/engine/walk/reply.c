/* What the sender is told. The steps note it under the lock of a shard; it is made and limited here, without
 * one, and before a byte of the packet changes: it quotes the packet as it was sent. */
#include "walk.h"

static enum qw_error make(const struct walk *w, struct icmp_message *out)
{
    const struct engine_packet *packet = w->packet;
    if (w->wanted.kind == REPLY_TOO_BIG)
        return icmp_too_big(packet->data, packet->captured, w->wanted.mtu, out);
    if (w->wanted.kind == REPLY_UNREACHABLE)
        return icmp_host_unreachable(packet->data, packet->captured, out);
    return icmp_prohibited(packet->data, packet->captured, out);
}

/* RFC 1812 4.3.2.8: not too many. Errors that clients need to find the path's MTU have a limit of their own.
 */
static bool within_limit(const struct walk *w, const struct qw_addr *to)
{
    struct engine *engine = w->worker->engine;
    struct icmp_limiter *limiter = w->wanted.kind == REPLY_TOO_BIG ? engine->ptb_limiter : engine->limiter;
    pthread_mutex_lock(&engine->limiter_lock);
    bool within = icmp_limiter_take(limiter, to, w->now);
    pthread_mutex_unlock(&engine->limiter_lock);
    return within;
}

static unsigned counter(enum reply_kind kind, bool sent)
{
    if (kind == REPLY_TOO_BIG)
        return sent ? QW_COUNTER_ptbs : QW_COUNTER_ptbs_refused;
    return sent ? QW_COUNTER_replies : QW_COUNTER_replies_refused;
}

const struct icmp_message *walk_reply(const struct walk *w)
{
    struct icmp_message *reply = &w->worker->reply;
    if (make(w, reply) != QW_OK)
        return NULL;
    bool sent = within_limit(w, &reply->to);
    worker_count(w->worker, counter(w->wanted.kind, sent), 1);
    return sent ? reply : NULL;
}
