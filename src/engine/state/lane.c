/* Whose turn a packet is where not all can have one. A flow is known here once it was answered: what a forger
 * needs for that is a server that answers each of his packets, and these answers cost him the same turns. */
#include "life.h"

/* Numbers of sources that nobody can choose to meet (multiply and add, as in shares.c). */
static uint64_t source_of(const struct engine *engine, const struct qw_tuple *tuple, bool inside)
{
    uint64_t source = shares_number(inside ? SHARES_INSIDE : SHARES_OUTSIDE, &tuple->src.addr, tuple->family);
    uint64_t mixed = (source ^ engine->secret.k0) * (engine->secret.k1 | 1);
    return (mixed ^ mixed >> 32) * 0x9e3779b97f4a7c15u;
}

static enum engine_lane lane_of(const struct flow *flow, enum flow_side sender, enum engine_lane newcomer)
{
    if (!flow)
        return newcomer;
    enum flow_side initiator = flow->flags & FLOW_INITIATOR_HI ? FLOW_HI : FLOW_LO;
    if (!flow_is_attempt((enum flow_class)flow->class) || sender != initiator)
        return ENGINE_LANE_KNOWN;
    return flow_begun_inside(flow) ? ENGINE_LANE_INSIDE : ENGINE_LANE_OUTSIDE;
}

enum engine_lane engine_lane_of(struct engine_worker *worker, unsigned index, bool inside, struct qw_time now,
                                uint64_t *source)
{
    enum engine_lane newcomer = inside ? ENGINE_LANE_INSIDE : ENGINE_LANE_OUTSIDE;
    *source = 0;
    if (index >= worker->ahead.count || worker->ahead.packets[index].decoded != QW_OK)
        return newcomer;
    const struct ahead_packet *packet = &worker->ahead.packets[index];
    *source = source_of(worker->engine, &packet->view.tuple, inside);
    if (!packet->hashed)
        return inside ? ENGINE_LANE_KNOWN : newcomer;
    struct shard *shard = engine_shard(worker->engine, packet->hash);
    shard_lock(shard, &worker->settings->shards, now);
    const struct flow *flow = flow_lookup(shard->flows, &packet->key, packet->hash, now);
    enum engine_lane lane = lane_of(flow, packet->sender, newcomer);
    shard_unlock(shard);
    return lane;
}

void engine_pass_over(struct engine_worker *worker)
{
    worker->ahead.next++;
}
