/* Figures that a fast path brings back. */
#include "life.h"
#include <string.h>

/* Whatever its timer says: the figures may be younger. */
static struct flow *find(struct shard *shard, const struct flow_path_figures *figures, uint64_t hash)
{
    struct flow *flow = flow_lookup(shard->flows, &figures->key, hash, (struct qw_time){0});
    bool same = flow && atomic_load_explicit(&flow->id, memory_order_relaxed) == figures->id;
    return same ? flow : NULL;
}

/* The idle timer is that of step_account: what a path is for is wanted from both sides (RFC 4787 REQ-6). */
static void refresh(struct shard *shard, struct flow *flow, struct qw_time seen, struct qw_time now)
{
    if (seen.ns > now.ns)
        seen = now;
    if (seen.ns > flow_last_seen(shard->flows, flow).ns && !flow_is_attempt((enum flow_class)flow->class))
        flow_refresh(shard->flows, flow, seen);
}

/* What is forwarded was answered before: a packet of the side that began the flow is its return. */
static void prove(struct shard *shard, struct flow *flow, const struct flow_path_figures *figures)
{
    unsigned way = flow_begun_inside(flow) ? FLOW_PATH_UP : FLOW_PATH_DOWN;
    bool answered = flow->class == FLOW_ANSWERED || flow->class == FLOW_OUTER_ANSWERED;
    if (!answered || figures->ways[way].packets == 0)
        return;
    flow_set_class(shard->flows, flow, FLOW_RETURNED, flow_last_seen(shard->flows, flow));
    shares_take(shard->shares, flow);
}

/* A flow that was recovered does not know its handshake: what outlived the engine does. */
static bool takes(const struct measure *m, const struct flow_path_spin *spin)
{
    const struct measure joined = {.handshake = {spin->handshake[0] & (MEASURE_PHASE | MEASURE_CLIENT_1), 0}};
    return measure_spins(m) && (memcmp(m->handshake, spin->handshake, sizeof m->handshake) == 0 ||
                                memcmp(m->handshake, joined.handshake, sizeof m->handshake) == 0);
}

/* What the spin bit showed to whoever forwarded the flow. */
static void take_spin(const struct shard *shard, struct flow *flow, const struct flow_path_spin *spin)
{
    struct measure *m = shard_measure(shard, flow);
    if (spin->measured == 0 || !flow->measured || !takes(m, spin))
        return;
    memcpy(m->handshake, spin->handshake, sizeof m->handshake);
    for (unsigned i = 0; i < FLOW_PATH_DIRECTIONS; i++)
        if (spin->measured & 1u << i)
            m->by[i == FLOW_PATH_UP ? shard_inside(flow) : flow_peer(shard_inside(flow))] = spin->halves[i];
}

void paths_add(struct shard *shard, struct flow *flow, const struct flow_path_figures *figures)
{
    enum flow_side inside = shard_inside(flow);
    for (unsigned i = 0; i < FLOW_PATH_DIRECTIONS; i++) {
        enum flow_side sender = i == FLOW_PATH_UP ? inside : flow_peer(inside);
        flow->packets[sender] += figures->ways[i].packets;
        flow->bytes[sender] += figures->ways[i].bytes;
        flow->ce[sender] += figures->ways[i].ce;
        shard->counters.fast_packets += figures->ways[i].packets;
        shard->counters.fast_bytes += figures->ways[i].bytes;
    }
    take_spin(shard, flow, &figures->spin);
}

static bool harvest(struct engine *engine, const struct shard_settings *settings,
                    const struct flow_path_figures *figures, struct qw_time now)
{
    uint64_t hash = flow_hash(engine->secret, &figures->key);
    struct shard *shard = engine_shard(engine, hash);
    shard_lock(shard, settings, now);
    struct flow *flow = find(shard, figures, hash);
    if (flow) {
        paths_add(shard, flow, figures);
        refresh(shard, flow, figures->last_seen, now);
        prove(shard, flow, figures);
        if (figures->over)
            paths_forget(shard, flow);
    }
    shard_unlock(shard);
    return flow != NULL;
}

size_t engine_harvest(struct engine *engine, struct flow_path_figures *figures, size_t count,
                      struct qw_time now)
{
    size_t known = 0;
    struct shard_settings settings = engine_shard_settings(engine);
    for (size_t i = 0; i < count; i++) {
        figures[i].known = harvest(engine, &settings, &figures[i], now);
        known += figures[i].known;
    }
    return known;
}

static void count_dropped(struct engine *engine, uint64_t packets, enum qw_reason reason)
{
    pthread_mutex_lock(&engine->lock);
    engine->retired[QW_COUNTER_packets] += packets;
    engine->retired[QW_COUNTER_dropped] += packets;
    engine->retired[WORKER_REASONS + reason] += packets;
    pthread_mutex_unlock(&engine->lock);
}

void engine_count_dropped(struct engine *engine, uint64_t packets, bool by_default)
{
    count_dropped(engine, packets, QW_REASON_UNSOLICITED);
    if (by_default)
        rule_ids_count_many(&engine->rules, FLOW_NO_RULE, packets);
}

void engine_count_throttled(struct engine *engine, uint64_t packets)
{
    count_dropped(engine, packets, QW_REASON_THROTTLED);
}

void engine_set_fast_throttle(struct engine *engine, const struct throttle_fast *fast)
{
    throttle_set_fast(engine->throttle, fast);
}
