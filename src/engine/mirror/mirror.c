/* Slots that changed, on their way out. */
#include "mirror.h"
#include <quicward/base/fetch.h>
#include <stdlib.h>
#include <string.h>

/* A shard is locked for so many slots at once: for some microseconds. */
#define AGAIN_AT_ONCE 4096
#define LOOK_AT_ONCE 512
#define TAKE_AT_ONCE 64

/* ---- life ---- */

bool mirror_start(struct engine *engine)
{
    struct mirror *mirror = calloc(1, sizeof *mirror);
    if (!mirror)
        return false;
    engine->mirror = mirror;
    mirror->shards = engine->shard_count;
    mirror->slots = flow_slots(engine->shards[0].flows);
    mirror->told_s = calloc((size_t)mirror->shards * mirror->slots, sizeof *mirror->told_s);
    bool whole = mirror->told_s != NULL;
    for (unsigned i = 0; i < engine->shard_count; i++)
        whole &= flow_marks_start(engine->shards[i].flows);
    if (whole)
        memset(mirror->told_s, 0xff, (size_t)mirror->shards * mirror->slots * sizeof *mirror->told_s);
    return whole;
}

void mirror_end(struct engine *engine)
{
    if (!engine->mirror)
        return;
    free(engine->mirror->told_s);
    free(engine->mirror);
    engine->mirror = NULL;
}

struct engine_mirror_size engine_mirror_size(const struct engine *engine)
{
    return (struct engine_mirror_size){engine->shard_count, flow_slots(engine->shards[0].flows)};
}

/* FNV-1a: known on both sides, and nobody gains by two names with one number. */
uint32_t engine_mirror_rule(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    return hash ? hash : 1;
}

/* ---- one slot ---- */

static unsigned flags_of(const struct flow *flow)
{
    bool client_hi = (flow->flags & FLOW_CLIENT_HI) != 0, inside_hi = (flow->flags & FLOW_INSIDE_HI) != 0;
    return (flow_begun_inside(flow) ? ENGINE_MIRROR_BEGUN_INSIDE : 0u) |
           (flow->flags & FLOW_CLIENT_SEEN ? ENGINE_MIRROR_CLIENT_KNOWN : 0u) |
           (flow->flags & FLOW_CLIENT_SEEN && client_hi == inside_hi ? ENGINE_MIRROR_CLIENT_INSIDE : 0u) |
           (flow->flags & FLOW_SETTLED ? ENGINE_MIRROR_SETTLED : 0u) |
           (flow->flags & FLOW_HOLDS_MAPPING ? ENGINE_MIRROR_HOLDS_MAPPING : 0u) |
           (flow->flags & FLOW_QUIC ? ENGINE_MIRROR_QUIC : 0u) |
           (flow->marks & FLOW_INHERITED ? ENGINE_MIRROR_INHERITED : 0u) |
           (flow->marks & FLOW_CAME_ON ? ENGINE_MIRROR_CAME_ON : 0u);
}

static uint32_t rule_of(const struct shard *shard, const struct flow *flow)
{
    char name[ENGINE_RULE_MAX];
    if (flow->rule == FLOW_NO_RULE)
        return 0;
    rule_ids_name(shard->rules, flow->rule, name);
    return engine_mirror_rule(name);
}

/* False when its mapping has ended: the next packet of its inside makes another. */
static bool external_of(const struct shard *shard, const struct flow *flow, struct qw_endpoint *out)
{
    struct qw_endpoint inside = shard_endpoint(flow, shard_inside(flow));
    *out = (struct qw_endpoint){.port = 0};
    if (flow->external == 0)
        return true;
    if (!nat_holds(shard->nat, flow->external, &inside))
        return false;
    *out = nat_endpoint(shard->nat, flow->external);
    return true;
}

/* A question and its answer are over before anybody could take them over. */
static bool is_told(const struct flow *flow)
{
    return flow->class > FLOW_ASKED && !(flow->flags & FLOW_UNDECIDED);
}

static bool describe(const struct shard *shard, const struct flow *flow, struct engine_mirrored *out)
{
    enum flow_side inside = shard_inside(flow);
    if (atomic_load_explicit(&flow->id, memory_order_relaxed) == 0 || !is_told(flow))
        return false;
    out->family = (enum qw_family)flow->key.family;
    out->inside = shard_endpoint(flow, inside);
    out->outside = shard_endpoint(flow, flow_peer(inside));
    out->state = (enum flow_state)flow->state;
    out->class = (enum flow_class)flow->class;
    out->flags = flags_of(flow);
    out->version = flow->version;
    out->rule = rule_of(shard, flow);
    out->last_seen = flow_last_seen(shard->flows, flow);
    return external_of(shard, flow, &out->external);
}

static uint32_t *told_at(const struct mirror *mirror, unsigned shard, uint32_t slot)
{
    return &mirror->told_s[(size_t)shard * mirror->slots + slot];
}

static uint32_t second_of(struct qw_time time)
{
    return (uint32_t)(time.ns / QW_NS_PER_SECOND) + 1;
}

/* False when there is nothing to tell: no flow, and none was told. */
static bool tell(struct engine *engine, unsigned number, uint32_t slot, struct engine_mirror_slot *out)
{
    const struct shard *shard = &engine->shards[number];
    uint32_t *told_s = told_at(engine->mirror, number, slot);
    *out = (struct engine_mirror_slot){.shard = number, .slot = slot};
    out->live = describe(shard, &shard->records[slot], &out->flow);
    if (!out->live)
        out->flow = (struct engine_mirrored){.family = 0};
    bool news = out->live || *told_s != 0;
    *told_s = out->live ? second_of(out->flow.last_seen) : 0;
    return news;
}

/* ---- all of them ---- */

/* Takes marks; what will be read of their slots begins to come, for all of them at once. */
static size_t take_marks(struct engine *engine, unsigned number, uint32_t *from,
                         uint32_t slots[static TAKE_AT_ONCE], size_t max)
{
    const struct shard *shard = &engine->shards[number];
    size_t count = 0;
    while (count < max && count < TAKE_AT_ONCE) {
        uint32_t slot = flow_take_mark(shard->flows, *from);
        *from = slot == FLOW_NONE ? engine->mirror->slots : slot + 1;
        if (slot == FLOW_NONE)
            break;
        qw_fetch_all(&shard->records[slot], sizeof *shard->records);
        qw_fetch(told_at(engine->mirror, number, slot));
        slots[count++] = slot;
    }
    return count;
}

static size_t take_of(struct engine *engine, unsigned number, uint32_t *from, struct engine_mirror_slot *out,
                      size_t max)
{
    struct shard *shard = &engine->shards[number];
    uint32_t slots[TAKE_AT_ONCE];
    size_t count = 0;
    pthread_mutex_lock(&shard->lock);
    size_t marks = take_marks(engine, number, from, slots, max);
    for (size_t i = 0; i < marks && engine->nat; i++)
        nat_fetch(engine->nat, shard->records[slots[i]].external);
    for (size_t i = 0; i < marks; i++)
        count += tell(engine, number, slots[i], &out[count]);
    pthread_mutex_unlock(&shard->lock);
    return count;
}

size_t engine_mirror_take(struct engine *engine, uint64_t *cursor, struct engine_mirror_slot *out, size_t max)
{
    const struct mirror *mirror = engine->mirror;
    size_t count = 0;
    while (mirror && count == 0 && *cursor < (uint64_t)mirror->shards * mirror->slots) {
        unsigned number = (unsigned)(*cursor / mirror->slots);
        uint32_t from = (uint32_t)(*cursor % mirror->slots);
        count = take_of(engine, number, &from, out, max);
        *cursor = (uint64_t)number * mirror->slots + from;
    }
    if (count == 0)
        *cursor = 0;
    return count;
}

/* Slots that exist. With `empty` those without a flow are told of too: nobody knows what was told of them. */
static void mark_some(struct engine *engine, unsigned number, uint32_t slot, uint32_t count, bool empty)
{
    struct shard *shard = &engine->shards[number];
    pthread_mutex_lock(&shard->lock);
    flow_mark_slots(shard->flows, slot, count);
    for (uint32_t at = slot; at < slot + count; at++)
        if (!empty)
            *told_at(engine->mirror, number, at) = 0;
        else if (*told_at(engine->mirror, number, at) == 0)
            *told_at(engine->mirror, number, at) = UINT32_MAX;
    pthread_mutex_unlock(&shard->lock);
}

static void mark(struct engine *engine, unsigned number, uint32_t slot, uint32_t count, bool empty)
{
    uint32_t slots = engine->mirror->slots, end = slot < slots && count < slots - slot ? slot + count : slots;
    for (uint32_t left; slot < end; slot += left < AGAIN_AT_ONCE ? left : AGAIN_AT_ONCE) {
        left = end - slot;
        mark_some(engine, number, slot, left < AGAIN_AT_ONCE ? left : AGAIN_AT_ONCE, empty);
    }
}

void engine_mirror_again(struct engine *engine, uint32_t shard, uint32_t slot, uint32_t count)
{
    if (engine->mirror && shard < engine->shard_count)
        mark(engine, shard, slot, count, true);
}

void engine_mirror_all(struct engine *engine, bool empty)
{
    for (unsigned i = 0; engine->mirror && i < engine->shard_count; i++)
        mark(engine, i, 0, engine->mirror->slots, empty);
}

bool engine_mirror_pending(struct engine *engine)
{
    bool pending = false;
    for (unsigned i = 0; engine->mirror && i < engine->shard_count && !pending; i++) {
        pthread_mutex_lock(&engine->shards[i].lock);
        pending = flow_is_marked(engine->shards[i].flows, 0);
        pthread_mutex_unlock(&engine->shards[i].lock);
    }
    return pending;
}

static void look_at(struct engine *engine, unsigned number, uint32_t slot, uint32_t old_s)
{
    struct shard *shard = &engine->shards[number];
    const struct flow *flow = &shard->records[slot];
    uint32_t told_s = *told_at(engine->mirror, number, slot);
    /* What was not told is marked, and no packet of the shard is younger: most flows need not be fetched. */
    if (told_s == 0 || second_of(shard->now) < (uint64_t)told_s + old_s)
        return;
    if (atomic_load_explicit(&flow->id, memory_order_relaxed) == 0 || !is_told(flow))
        return;
    if (second_of(flow_last_seen(shard->flows, flow)) >= (uint64_t)told_s + old_s)
        flow_mark(shard->flows, flow);
}

void engine_mirror_look(struct engine *engine, uint64_t *cursor, uint32_t budget, uint64_t old_ns)
{
    const struct mirror *mirror = engine->mirror;
    if (!mirror)
        return;
    uint64_t all = (uint64_t)mirror->shards * mirror->slots;
    while (budget > 0) {
        unsigned number = (unsigned)(*cursor / mirror->slots);
        uint32_t slot = (uint32_t)(*cursor % mirror->slots), first = slot;
        pthread_mutex_lock(&engine->shards[number].lock);
        for (; slot < mirror->slots && slot - first < budget && slot - first < LOOK_AT_ONCE; slot++)
            look_at(engine, number, slot, (uint32_t)(old_ns / QW_NS_PER_SECOND));
        pthread_mutex_unlock(&engine->shards[number].lock);
        budget -= slot - first;
        *cursor = ((uint64_t)number * mirror->slots + slot) % all;
        if (slot == mirror->slots && *cursor == 0)
            return;
    }
}
