/* A server inside that sends much to a client that nobody has heard of again is a weapon against whom the
 * client's address names. RFC 9000 8.1: at most three times what came from there, until the address is
 * proven. */
#include "walk.h"

#define UDP_HEADERS_V4 28u
#define UDP_HEADERS_V6 48u

/* The RFC counts the payload of UDP datagrams, the flow whole packets. IP options would count as payload. */
static uint64_t payload_of(const struct flow *flow, enum flow_side sender)
{
    uint64_t headers =
        flow->packets[sender] * (flow->key.family == QW_IPV4 ? UDP_HEADERS_V4 : UDP_HEADERS_V6);
    return flow->bytes[sender] > headers ? flow->bytes[sender] - headers : 0;
}

static void tell(struct walk *w, enum flow_side client)
{
    struct qw_endpoint forged = shard_endpoint(w->flow, client),
                       server = shard_endpoint(w->flow, flow_peer(client));
    w->shard->counters.guard_exceeded++;
    walk_tell(w, ENGINE_EVENT_AMPLIFICATION, &forged, &server);
}

/* Of flows that have not returned; the packet is one of the other side than began it, and passes else. A
 * token in the client's Initial says nothing here (RFC 9000 8.1.3): only the server can tell a forged one. */
struct step walk_guard(struct walk *w)
{
    const struct settings *settings = w->worker->settings;
    const struct flow *flow = w->flow;
    enum flow_side client = flow->flags & FLOW_INITIATOR_HI ? FLOW_HI : FLOW_LO;
    if (settings->guard == CONFIG_GUARD_OFF || flow_begun_inside(flow))
        return STEP_CONTINUE;
    uint64_t allowed = settings->guard_factor * payload_of(flow, client);
    if (payload_of(flow, w->sender) + w->view->payload_len <= allowed)
        return STEP_CONTINUE;
    tell(w, client);
    if (settings->guard == CONFIG_GUARD_REPORT)
        return STEP_CONTINUE;
    if (!walk_monitors(w))
        return STEP_DROP(UNPROVEN);
    w->would = QW_REASON_UNPROVEN;
    return STEP_CONTINUE;
}
