/* Flows of another router on their way in. Nothing of them is believed but what flow_adopt and nat_adopt take
 * too. */
#include "mirror.h"
#include "takeover.h"
#include <stdlib.h>
#include <string.h>

#define SLOTS_AT_ONCE 1024 /* ended under one lock of a shard */

/* ---- a flow of here ---- */

static uint8_t flags_of(const struct engine_mirrored *from, bool inside_hi)
{
    bool begun_inside = from->flags & ENGINE_MIRROR_BEGUN_INSIDE;
    bool client_known = from->flags & ENGINE_MIRROR_CLIENT_KNOWN;
    bool client_inside = from->flags & ENGINE_MIRROR_CLIENT_INSIDE;
    return (uint8_t)((inside_hi ? FLOW_INSIDE_HI : 0) | (begun_inside == inside_hi ? FLOW_INITIATOR_HI : 0) |
                     (client_known ? FLOW_CLIENT_SEEN : 0) |
                     (client_known && client_inside == inside_hi ? FLOW_CLIENT_HI : 0) |
                     (from->flags & ENGINE_MIRROR_SETTLED ? FLOW_SETTLED : 0) |
                     (from->flags & ENGINE_MIRROR_HOLDS_MAPPING ? FLOW_HOLDS_MAPPING : 0) |
                     (from->flags & ENGINE_MIRROR_QUIC ? FLOW_QUIC : 0));
}

/* With the port in the place of a mapping's name, and no id: the table gives one. */
static struct flow flow_of(const struct engine_mirrored *from, uint64_t timeout_ns, struct qw_time now,
                           uint64_t grace_ns)
{
    const struct qw_tuple tuple = {from->inside, from->outside, from->family};
    struct flow flow = {.id = 0};
    bool inside_hi = flow_key_of(&tuple, &flow.key) == FLOW_HI;
    uint64_t idle = qw_time_since(now, from->last_seen);
    uint64_t longest = timeout_ns > grace_ns ? timeout_ns - grace_ns : 0;
    flow.state = (uint8_t)from->state;
    flow.class = (uint8_t)from->class;
    flow.flags = flags_of(from, inside_hi);
    flow.marks = (uint8_t)((from->flags & ENGINE_MIRROR_INHERITED ? FLOW_INHERITED : 0) |
                           (from->flags & ENGINE_MIRROR_CAME_ON ? FLOW_CAME_ON : 0));
    flow.version = from->version;
    flow.rule = FLOW_NO_RULE;
    flow.external = from->external.port;
    if (idle > longest && idle < timeout_ns + grace_ns)
        idle = longest;
    flow.last_seen_ns = now.ns > idle ? now.ns - idle : 0;
    return flow;
}

/* ---- its rule ---- */

/* What the rules of now are called. A reload may hold the names for long; nobody waits for it. */
static struct rule_numbers {
    uint32_t count, *list;
} numbers_of(struct engine *engine)
{
    struct rule_numbers numbers = {0};
    char name[ENGINE_RULE_MAX];
    if (pthread_mutex_trylock(&engine->reloading) != 0)
        return numbers;
    numbers.list = malloc((engine->rules.count + 1) * sizeof *numbers.list);
    for (; numbers.list && numbers.count < engine->rules.count; numbers.count++) {
        rule_ids_name(&engine->rules, (uint16_t)numbers.count, name);
        numbers.list[numbers.count] = engine_mirror_rule(name);
    }
    pthread_mutex_unlock(&engine->reloading);
    return numbers;
}

static bool find_rule(const struct rule_numbers *numbers, uint32_t wanted, uint16_t *out)
{
    *out = FLOW_NO_RULE;
    if (wanted == 0)
        return true;
    for (uint32_t id = 0; id < numbers->count; id++)
        if (numbers->list[id] == wanted) {
            *out = (uint16_t)id;
            return true;
        }
    return false;
}

/* ---- its mapping ---- */

static bool same_endpoint(const struct qw_endpoint *a, const struct qw_endpoint *b)
{
    return qw_endpoint_compare(a, b) == 0;
}

/* The inside endpoint has the external one from now on, or had it already. */
static bool map(struct nat *nat, const struct engine_mirrored *from, struct qw_time now,
                struct engine_mirror_given *given)
{
    const struct nat_mapping wanted = {.inside = from->inside, .external = from->external, .since = now};
    nat_external has = nat_mapping_of(nat, &from->inside);
    if (has != 0) {
        struct qw_endpoint external = nat_endpoint(nat, has);
        bool same = same_endpoint(&external, &from->external);
        given->conflicts += !same;
        return same;
    }
    enum nat_adopted result = nat_adopt_awake(nat, &wanted, now);
    if (result == NAT_ADOPT_TAKEN)
        given->conflicts++;
    else if (result != NAT_ADOPTED)
        given->refused++;
    return result == NAT_ADOPTED;
}

static bool hold(struct nat *nat, const struct engine_mirrored *from, struct flow *flow)
{
    struct nat_claim claim = nat_claim_of(nat, flow->external, (flow->flags & FLOW_HOLDS_MAPPING) != 0,
                                          &from->inside, &from->outside.addr);
    nat_claims_take(nat, &claim, 1);
    flow->external = claim.mapping;
    if (claim.mapping == 0)
        flow->flags &= (uint8_t)~FLOW_HOLDS_MAPPING;
    return claim.mapping != 0;
}

/* ---- one flow ---- */

struct giving {
    struct engine *engine;
    struct qw_time now;
    uint64_t grace_ns;
    struct rule_numbers rules;
    struct engine_mirror_given *given;
};

/* Packets that came before the flow did began it anew: it is what it was on the other router. */
static void raise_twin(struct giving *g, struct shard *shard, const struct flow *record, uint64_t hash)
{
    struct flow *flow = flow_lookup(shard->flows, &record->key, hash, g->now);
    bool same = flow && nat_port(flow->external) == record->external;
    g->given->twins += same;
    g->given->conflicts += !same;
    if (!same || flow->class >= record->class)
        return;
    uint8_t client = FLOW_CLIENT_SEEN | FLOW_CLIENT_HI;
    flow->state = record->state > flow->state ? record->state : flow->state;
    flow->version = flow->version ? flow->version : record->version;
    flow->flags = (uint8_t)((flow->flags & ~client) | (record->flags & (client | FLOW_QUIC)));
    flow_set_class(shard->flows, flow, (enum flow_class)record->class, g->now);
}

static void settle(struct giving *g, struct shard *shard, const struct engine_mirrored *from,
                   struct flow *flow)
{
    struct engine *engine = g->engine;
    bool held = flow->external == 0 || hold(engine->nat, from, flow);
    if (!held || !find_rule(&g->rules, from->rule, &flow->rule)) {
        flow_finish(shard->flows, flow, FLOW_UNMAPPED);
        g->given->refused++;
        return;
    }
    takeover_go_on(engine, shard, flow, takeover_has_peers(flow) ? peers_hash(engine->peers, flow) : 0);
    g->given->adopted++;
}

static bool may_come(const struct engine *engine, const struct engine_mirrored *from)
{
    bool known = from->class < FLOW_CLASSES && from->class > FLOW_ASKED && from->state <= FLOW_CONFIRMED;
    bool mapped = from->external.port != 0;
    return known && (!mapped || (engine->nat && from->family == QW_IPV4)) &&
           (mapped || !(from->flags & ENGINE_MIRROR_HOLDS_MAPPING));
}

static void give(struct giving *g, const struct engine_mirrored *from, const struct shard_settings *settings)
{
    struct engine *engine = g->engine;
    struct flow *flow;
    if (!may_come(engine, from)) {
        g->given->refused++;
        return;
    }
    struct flow record = flow_of(from, settings->timers.idle_ns[from->class], g->now, g->grace_ns);
    uint64_t hash = flow_hash(engine->secret, &record.key);
    struct shard *shard = engine_shard(engine, hash);
    shard_lock(shard, settings, g->now);
    if (record.external == 0 || map(engine->nat, from, g->now, g->given)) {
        enum flow_adopted result = flow_adopt(shard->flows, &record, g->now, &flow);
        if (result == FLOW_ADOPTED)
            settle(g, shard, from, flow);
        else if (result == FLOW_ADOPT_TWIN)
            raise_twin(g, shard, &record, hash);
        else if (result == FLOW_ADOPT_EXPIRED)
            g->given->expired++;
        else
            g->given->refused++;
    }
    shard_unlock(shard);
    paths_flush(engine, NULL, shard);
}

void engine_mirror_give(struct engine *engine, const struct engine_mirrored *flows, size_t count,
                        struct qw_time now, uint64_t grace_ns, struct engine_mirror_given *given)
{
    struct shard_settings settings = engine_shard_settings(engine);
    struct giving giving = {
        .engine = engine, .now = now, .grace_ns = grace_ns, .rules = numbers_of(engine), .given = given};
    for (size_t i = 0; i < count; i++)
        give(&giving, &flows[i], &settings);
    free(giving.rules.list);
}

/* ---- around ---- */

void engine_mirror_settle(struct engine *engine, struct qw_time now)
{
    struct shard_settings settings = engine_shard_settings(engine);
    if (engine->nat)
        nat_adopt_end(engine->nat, now);
    for (unsigned i = 0; i < engine->shard_count; i++) {
        shard_lock(&engine->shards[i], &settings, now);
        flow_order(engine->shards[i].flows, now);
        shard_unlock(&engine->shards[i]);
    }
}

static bool belongs(const struct engine *engine, unsigned owner, const struct flow *flow)
{
    struct engine_mirrored described = {.family = (enum qw_family)flow->key.family,
                                        .inside = shard_endpoint(flow, shard_inside(flow))};
    if (flow->external != 0)
        described.external = nat_endpoint(engine->nat, flow->external);
    return owner == ENGINE_OWNER_ALL || engine_owner_of(engine, &described) == owner;
}

void engine_mirror_clear(struct engine *engine, unsigned owner, struct qw_time now)
{
    struct shard_settings settings = engine_shard_settings(engine);
    for (unsigned i = 0; i < engine->shard_count; i++) {
        struct shard *shard = &engine->shards[i];
        for (uint32_t slot = 0, slots = flow_slots(shard->flows); slot < slots;) {
            shard_lock(shard, &settings, now);
            for (uint32_t end = slot + SLOTS_AT_ONCE; slot < slots && slot < end; slot++) {
                struct flow *flow = flow_at(shard->flows, slot, now);
                if (flow && belongs(engine, owner, flow))
                    flow_finish(shard->flows, flow, FLOW_UNMAPPED);
            }
            shard_unlock(shard);
            paths_flush(engine, NULL, shard);
        }
    }
}

void engine_stand_by(struct engine *engine, bool stands_by)
{
    atomic_store_explicit(&engine->stands_by, stands_by, memory_order_relaxed);
}
