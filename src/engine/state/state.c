/* What a crash must not lose: where it stands, and how it is taken over from an earlier process. */
#include "life.h"
#include <quicward/quic.h>
#include <stdlib.h>
#include <string.h>

#define SHARD_FLOWS_MIN 4096 /* a smaller share fills up long before the whole does */

/* ---- memory ---- */

unsigned engine_shards(const struct engine_options *options)
{
    if (options->shards)
        return options->shards;
    unsigned shards = 1;
    while (shards < ENGINE_SHARDS_MAX && options->config->flows_max / (2 * shards) >= SHARD_FLOWS_MIN)
        shards *= 2;
    return shards;
}

uint32_t engine_share(uint32_t total, unsigned shards)
{
    return (total + shards - 1) / shards;
}

unsigned engine_parts(const struct engine_options *options, struct store_part out[static STORE_PARTS_MAX])
{
    unsigned shards = engine_shards(options), count = 0;
    for (unsigned i = 0; i < shards && i < ENGINE_SHARDS_MAX; i++)
        out[count++] = flow_part(i, engine_share(options->config->flows_max, shards));
    out[count++] = rule_ids_part();
    if (options->config->mode != CONFIG_NAT)
        return count;
    nat_parts(engine_nat_slots(options->config), out + count);
    return count + NAT_PARTS;
}

const struct store *engine_take_store(struct engine *engine, const struct engine_options *options)
{
    struct store_part parts[STORE_PARTS_MAX];
    struct store_field fields[STORE_FIELDS_MAX];
    struct store_plan plan = {.parts = parts, .fields = fields, .secret = options->secret};
    if (options->store)
        return options->store;
    plan.part_count = engine_parts(options, parts);
    plan.field_count = engine_fields(fields);
    return store_new(&plan, &engine->own_store) == QW_OK ? engine->own_store : NULL;
}

/* ---- taking over ---- */

struct takeover {
    struct engine *engine;
    uint16_t *rules; /* owned: ids of now by ids of then */
    uint64_t rule_count;
};

static struct flow_table *choose(void *context, const struct flow *record, uint64_t *hash)
{
    struct takeover *takeover = context;
    struct engine *engine = takeover->engine;
    enum flow_side side = record->flags & FLOW_INSIDE_HI ? FLOW_HI : FLOW_LO;
    struct qw_endpoint inside = shard_endpoint(record, side);
    if (engine->nat && record->external != 0)
        nat_fetch_session(engine->nat, record->external, &inside, &record->key.addr[flow_peer(side)]);
    shares_fetch(&engine->shares, record);
    *hash = flow_hash(engine->secret, &record->key);
    return engine_shard(engine, *hash)->flows;
}

static bool take_rule(const struct takeover *takeover, struct flow *flow)
{
    if (flow->rule == FLOW_NO_RULE)
        return true;
    if (flow->rule >= takeover->rule_count || takeover->rules[flow->rule] == FLOW_NO_RULE)
        return false;
    flow->rule = takeover->rules[flow->rule];
    return true;
}

/* The flow's endpoint outside must be what it was: another would be another flow to its server. */
static bool take_mapping(const struct takeover *takeover, struct flow *flow)
{
    struct nat *nat = takeover->engine->nat;
    enum flow_side side = shard_inside(flow);
    struct qw_endpoint inside = shard_endpoint(flow, side);
    const struct qw_addr *remote = &flow->key.addr[flow_peer(side)];
    if (flow->external == 0)
        return true;
    if (!nat || flow->key.family != QW_IPV4)
        return false;
    bool holds = flow->flags & FLOW_HOLDS_MAPPING;
    nat_external mapping = holds ? nat_adopt_session_at(nat, nat_port(flow->external), &inside, remote)
                                 : nat_mapping_of(nat, &inside);
    if (mapping == 0 || nat_port(mapping) != nat_port(flow->external))
        return false;
    flow->external = mapping;
    return true;
}

/* Connections that its client may go on with from another port. */
static void take_peer(struct engine *engine, struct shard *shard, struct flow *flow)
{
    bool answered = !flow_is_attempt((enum flow_class)flow->class);
    bool goes_on = flow->marks & (FLOW_INHERITED | FLOW_CAME_ON) && answered;
    if (flow->state == FLOW_CONFIRMED || goes_on)
        peers_list(engine->peers, shard, flow);
}

/* Its figures begin anew. */
static void take_measure(const struct shard *shard, struct flow *flow)
{
    if (flow->state != FLOW_CONFIRMED || !quic_version_known(flow->version))
        return;
    measure_join(shard_measure(shard, flow), (flow->flags & FLOW_CLIENT_HI) != 0);
    flow->measured = true;
}

static bool taken(void *context, struct flow_table *table, struct flow *flow, uint64_t hash)
{
    const struct takeover *takeover = context;
    struct engine *engine = takeover->engine;
    (void)table;
    if (!take_rule(takeover, flow) || !take_mapping(takeover, flow))
        return false;
    struct shard *shard = engine_shard(engine, hash);
    take_peer(engine, shard, flow);
    take_measure(shard, flow);
    shares_take(&engine->shares, flow);
    return true;
}

/* Their names tell them: the file of rules may have changed. */
static bool take_names(struct takeover *takeover, const struct store *from)
{
    struct store_region memory;
    if (!store_region(from, rule_ids_part().name, &memory) || memory.record_size != ENGINE_RULE_MAX)
        return true;
    const char(*names)[ENGINE_RULE_MAX] = memory.records;
    uint64_t count = 0;
    while (count < memory.count && count < FLOW_NO_RULE && names[count][0] != '\0')
        count++;
    takeover->rules = malloc((count + 1) * sizeof *takeover->rules);
    if (!takeover->rules)
        return false;
    pthread_mutex_lock(&takeover->engine->reloading);
    bool room = rule_ids_reserve(&takeover->engine->rules, (uint32_t)count);
    for (uint64_t id = 0; id < count && room; id++) {
        char name[ENGINE_RULE_MAX];
        memcpy(name, names[id], sizeof name);
        takeover->rules[id] = rule_ids_adopt(&takeover->engine->rules, name);
    }
    pthread_mutex_unlock(&takeover->engine->reloading);
    takeover->rule_count = room ? count : 0;
    return room;
}

static enum qw_error take_mappings(struct engine *engine, const struct store *from, struct qw_time now,
                                   struct nat_recovery *counts)
{
    struct nat_memory memory;
    if (!engine->nat || !nat_memory_of(from, &memory))
        return QW_OK; /* it ran in another mode */
    return nat_recover(engine->nat, &memory, now, counts);
}

static enum qw_error take_flows(struct takeover *takeover, const struct store *from, struct qw_time now,
                                struct flow_recovery *counts)
{
    struct engine *engine = takeover->engine;
    struct store_region memory;
    for (unsigned part = 0; store_region(from, flow_part(part, 0).name, &memory); part++) {
        for (unsigned i = 0; i < engine->shard_count; i++)
            flow_continue_ids(engine->shards[i].flows, &memory);
        if (!flow_recover(&memory, choose, taken, takeover, now, counts))
            return QW_ERR_INVALID;
    }
    bool ordered = true;
    for (unsigned i = 0; i < engine->shard_count; i++)
        ordered &= flow_order(engine->shards[i].flows, now);
    return ordered ? QW_OK : QW_ERR_NO_MEMORY;
}

static enum qw_error recover(struct engine *engine, const struct store *from, struct qw_time now,
                             struct engine_recovery *counts)
{
    struct takeover takeover = {.engine = engine};
    enum qw_error error = take_names(&takeover, from) ? QW_OK : QW_ERR_NO_MEMORY;
    if (error == QW_OK)
        error = take_mappings(engine, from, now, &counts->nat);
    if (error == QW_OK)
        error = take_flows(&takeover, from, now, &counts->flows);
    if (engine->nat)
        counts->unheld += nat_adopt_end(engine->nat, now);
    free(takeover.rules);
    return error;
}

enum qw_error engine_recover(struct engine *engine, const struct store *from, struct qw_time now,
                             struct engine_recovery *counts)
{
    struct store *adapted;
    enum qw_error error = engine_adapt(from, &adapted);
    if (error == QW_OK)
        error = recover(engine, adapted ? adapted : from, now, counts);
    store_free(adapted);
    return error;
}
