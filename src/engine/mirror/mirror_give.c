/* Flows of another router on their way in. Nothing of them is believed but what flow_adopt and nat_adopt take
 * too. */
#include "mirror.h"
#include "takeover.h"
#include <stdlib.h>
#include <string.h>

#define SLOTS_AT_ONCE 64 /* ended under one lock of a shard */

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
    uint32_t count, *list, last; /* last: found last */
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

/* Most flows were admitted by the rule that admitted the one before. */
static bool find_rule(struct rule_numbers *numbers, uint32_t wanted, uint16_t *out)
{
    *out = FLOW_NO_RULE;
    if (wanted == 0)
        return true;
    if (numbers->count == 0)
        return false;
    for (uint32_t tries = 0, id = numbers->last; tries < numbers->count; tries++) {
        if (numbers->list[id] == wanted) {
            *out = (uint16_t)(numbers->last = id);
            return true;
        }
        id = id + 1 < numbers->count ? id + 1 : 0;
    }
    return false;
}

/* ---- one flow ---- */

struct giving {
    struct engine *engine;
    struct qw_time now;
    uint64_t grace_ns;
    const struct shard_settings *settings;
    struct shard *locked; /* NULL: none */
    struct rule_numbers rules;
    struct engine_mirror_given *given;
};

/* A flow on its way in. */
struct gift {
    const struct engine_mirrored *from;
    struct flow record;
    uint64_t hash, peers; /* of its key, and peers_hash */
    struct shard *shard;
    const struct nat_adoption *mapping; /* that it has; NULL: none */
};

static void unlock(struct giving *g)
{
    if (!g->locked)
        return;
    shard_unlock(g->locked);
    paths_flush(g->engine, NULL, g->locked);
    g->locked = NULL;
}

static void lock(struct giving *g, struct shard *shard)
{
    if (shard == g->locked)
        return;
    unlock(g);
    shard_lock(shard, g->settings, g->now);
    g->locked = shard;
}

/* Packets that came before the flow did began it anew: it is what it was on the other router. */
static void raise_twin(struct giving *g, struct shard *shard, const struct flow *record, uint64_t hash)
{
    struct flow *flow = flow_lookup(shard->flows, &record->key, hash, g->now);
    bool same = flow && nat_port(flow->external) == nat_port(record->external);
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

/* The flow is one of its shard from here on, with its mapping. */
static void settle(struct giving *g, const struct gift *gift, struct flow *flow)
{
    if (!find_rule(&g->rules, gift->from->rule, &flow->rule)) {
        flow_finish(gift->shard->flows, flow, FLOW_UNMAPPED);
        g->given->refused++;
        return;
    }
    takeover_go_on(g->engine, gift->shard, flow, gift->peers);
    g->given->adopted++;
}

/* What it held is another flow's, or nobody's. */
static void let_go(struct giving *g, const struct gift *gift)
{
    const struct nat_adoption *held = gift->mapping;
    if (held && held->holds)
        nat_session_end_short(g->engine->nat, held->mapping, &held->inside, &held->remote, g->now);
}

/* The inside endpoint has its mapping, which the flow holds, or the flow does not come. */
static bool is_mapped(struct giving *g, const struct gift *gift)
{
    enum nat_adopted result = gift->mapping ? gift->mapping->result : NAT_ADOPTED;
    g->given->conflicts += result == NAT_ADOPT_TAKEN;
    g->given->refused += result != NAT_ADOPTED && result != NAT_ADOPT_TAKEN;
    return result == NAT_ADOPTED;
}

static void enter(struct giving *g, struct gift *gift)
{
    struct flow *flow;
    if (!is_mapped(g, gift))
        return;
    gift->record.external = gift->mapping ? gift->mapping->mapping : 0;
    lock(g, gift->shard);
    enum flow_adopted result = flow_adopt_own(gift->shard->flows, &gift->record, gift->hash, g->now, &flow);
    if (result == FLOW_ADOPTED) {
        settle(g, gift, flow);
        return;
    }
    if (result == FLOW_ADOPT_TWIN)
        raise_twin(g, gift->shard, &gift->record, gift->hash);
    else if (result == FLOW_ADOPT_EXPIRED)
        g->given->expired++;
    else
        g->given->refused++;
    let_go(g, gift);
}

/* ---- all of them ---- */

/* Flows come in lots. A lot is prepared some lots before it is entered, so that what will be read of memory
 * comes meanwhile: that is most of the time that a flow takes. Locks are held for one lot at the most. */
#define LOT 8
#define LOTS 4

struct lot {
    unsigned count, mapped;
    struct gift gifts[LOT];
    struct nat_adoption mappings[LOT];
};

static bool may_come(const struct engine *engine, const struct engine_mirrored *from)
{
    bool known = from->class < FLOW_CLASSES && from->class > FLOW_ASKED && from->state <= FLOW_CONFIRMED;
    bool mapped = from->external.port != 0;
    return known && (!mapped || (engine->nat && from->family == QW_IPV4)) &&
           (mapped || !(from->flags & ENGINE_MIRROR_HOLDS_MAPPING));
}

static const struct nat_adoption *wish(struct lot *lot, const struct engine_mirrored *from)
{
    if (from->external.port == 0)
        return NULL;
    struct nat_adoption *mapping = &lot->mappings[lot->mapped++];
    mapping->inside = from->inside;
    mapping->external = from->external;
    mapping->remote = from->outside.addr;
    mapping->holds = from->flags & ENGINE_MIRROR_HOLDS_MAPPING;
    return mapping;
}

static void prepare(const struct giving *g, struct lot *lot, const struct engine_mirrored *from)
{
    struct engine *engine = g->engine;
    struct gift *gift = &lot->gifts[lot->count++];
    gift->from = from;
    gift->record = flow_of(from, g->settings->timers.idle_ns[from->class], g->now, g->grace_ns);
    gift->hash = flow_hash(engine->secret, &gift->record.key);
    gift->shard = engine_shard(engine, gift->hash);
    gift->mapping = wish(lot, from);
    flow_fetch_index(gift->shard->flows, gift->hash);
    shares_fetch(&engine->shares, &gift->record);
    if (takeover_has_peers(&gift->record))
        gift->peers = peers_hash(engine->peers, &gift->record);
}

static void prepare_lot(const struct giving *g, struct lot *lot, const struct engine_mirrored *flows,
                        size_t count)
{
    lot->count = lot->mapped = 0;
    for (size_t i = 0; i < count; i++)
        if (may_come(g->engine, &flows[i]))
            prepare(g, lot, &flows[i]);
        else
            g->given->refused++;
    if (lot->mapped > 0)
        nat_adopt_ahead(g->engine->nat, lot->mappings, lot->mapped);
}

static void enter_lot(struct giving *g, struct lot *lot)
{
    if (lot->mapped > 0)
        nat_adopt_flows(g->engine->nat, lot->mappings, lot->mapped, g->now);
    for (unsigned i = 0; i < lot->count; i++)
        enter(g, &lot->gifts[i]);
    unlock(g);
}

void engine_mirror_give(struct engine *engine, const struct engine_mirrored *flows, size_t count,
                        struct qw_time now, uint64_t grace_ns, struct engine_mirror_given *given)
{
    struct shard_settings settings = engine_shard_settings(engine);
    struct giving giving = {.engine = engine,
                            .now = now,
                            .grace_ns = grace_ns,
                            .settings = &settings,
                            .rules = numbers_of(engine),
                            .given = given};
    struct lot lots[LOTS];
    size_t prepared = 0, entered = 0, all = (count + LOT - 1) / LOT;
    for (; entered < all; entered++) {
        for (; prepared < all && prepared < entered + LOTS; prepared++)
            prepare_lot(&giving, &lots[prepared % LOTS], flows + prepared * LOT,
                        count - prepared * LOT < LOT ? count - prepared * LOT : LOT);
        enter_lot(&giving, &lots[entered % LOTS]);
    }
    free(giving.rules.list);
}

/* ---- around ---- */

void engine_mirror_settle(struct engine *engine, struct qw_time now)
{
    struct shard_settings settings = engine_shard_settings(engine);
    if (engine->nat)
        nat_adopt_end(engine->nat, now);
    for (unsigned i = 0; i < engine->shard_count && !engine->mirror; i++) {
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
