#include "hint_views.h"
#include "shard.h"

static struct engine_direction direction(const struct shard *shard, const struct flow *flow,
                                         enum flow_side sender)
{
    return (struct engine_direction){flow->packets[sender], flow->bytes[sender], flow->ce[sender],
                                     shard_measure(shard, flow)->ect1[sender]};
}

static enum flow_side client_side(const struct flow *flow)
{
    unsigned flag = flow->flags & FLOW_CLIENT_SEEN ? FLOW_CLIENT_HI : FLOW_INITIATOR_HI;
    return flow->flags & flag ? FLOW_HI : FLOW_LO;
}

static enum engine_hello_state hello_state(const struct flow *flow)
{
    if (flow->marks & FLOW_HELLO_UNREADABLE)
        return ENGINE_HELLO_UNREADABLE;
    if (flow->marks & FLOW_HELLO_PARTIAL)
        return ENGINE_HELLO_PARTIAL;
    return flow->names != FLOW_NONE ? ENGINE_HELLO_READ : ENGINE_HELLO_NONE;
}

/* The scratch knows for as long as there is room for it. */
static bool is_refused(const struct shard *shard, const struct flow *flow)
{
    if (flow->handshake == FLOW_NONE || shard->monitors)
        return false;
    const struct scratch *scratch = &shard->scratch.all[flow->handshake];
    for (unsigned i = 0; i < scratch->confirm.in_use; i++)
        if (scratch->hellos[i].verdict == VERDICT_REFUSED)
            return true;
    return false;
}

struct engine_flow shard_report(const struct shard *shard, const struct flow *flow)
{
    enum flow_side client = client_side(flow), server = flow_peer(client);
    uint64_t idle = qw_time_since(shard->now, flow_last_seen(shard->flows, flow));
    uint64_t timeout = flow_timeout(shard->flows, flow);
    struct engine_flow report = {
        .id = atomic_load_explicit(&flow->id, memory_order_relaxed),
        .family = (enum qw_family)flow->key.family,
        .client_known = (flow->flags & FLOW_CLIENT_SEEN) != 0,
        .client = shard_endpoint(flow, client),
        .server = shard_endpoint(flow, server),
        .state = (enum flow_state)flow->state,
        .version = flow->version,
        .undecided = (flow->flags & FLOW_UNDECIDED) != 0,
        .idle_ms = idle / QW_NS_PER_MS,
        .expires_ms = idle < timeout ? (timeout - idle) / QW_NS_PER_MS : 0,
        .up = direction(shard, flow, client),
        .down = direction(shard, flow, server),
    };
    measure_report(shard_measure(shard, flow), (uint32_t)(shard->now.ns / 1000), &report.rtt);
    rule_ids_name(shard->rules, flow->rule, report.rule);
    struct qw_endpoint inside = shard_endpoint(flow, shard_inside(flow));
    report.mapped = shard->nat && nat_holds(shard->nat, flow->external, &inside);
    if (report.mapped)
        report.external = nat_endpoint(shard->nat, flow->external);
    report.continues = hint_views_of(shard, report.id);
    report.placed = shard->throttled;
    if (report.placed)
        report.place = throttle_place(shard->places, &flow->key);
    report.refused = flow->state != FLOW_CONFIRMED && is_refused(shard, flow);
    if (flow->names != FLOW_NONE)
        report.hello = shard->names.all[flow->names].hello;
    report.hello.state = hello_state(flow);
    return report;
}
