/* What an earlier process left is taken over. A million flows take a while, and nobody judges packets
 * meanwhile: so threads share the parts of the store, and each locks the shards that it puts flows into. */
#include "takeover.h"
#include <quicward/quic.h>
#include <stdlib.h>
#include <string.h>

struct takeover {
    struct engine *engine;
    const struct store *from;
    struct qw_time now;
    uint16_t *rules; /* owned: ids of now by ids of then */
    uint64_t rule_count;
    _Atomic unsigned next; /* the part, or the shard, that nobody has begun with */
    atomic_bool failed;    /* a part of another form, or memory was short */
};

/* One thread's. */
struct taker {
    struct takeover *all;
    struct shard *locked; /* NULL: none */
    struct nat_claim claims[FLOW_OFFERS];
    uint64_t peers[FLOW_OFFERS]; /* hashes */
    struct flow_recovery counts;
};

/* ---- flows, some at a time ---- */

bool takeover_has_peers(const struct flow *flow)
{
    bool answered = !flow_is_attempt((enum flow_class)flow->class);
    bool goes_on = flow->marks & (FLOW_INHERITED | FLOW_CAME_ON) && answered;
    return flow->state == FLOW_CONFIRMED || goes_on;
}

/* What a program forwarded was not told to the process that was killed. */
static void recall(const struct takeover *all, struct flow_offer *offer, enum flow_side side)
{
    const struct path_recall *recall = all->engine->paths ? &all->engine->paths->recall : NULL;
    struct flow *record = &offer->record;
    if (!recall || !recall->ask || record->class >= FLOW_CLASSES ||
        qw_time_since(all->now, (struct qw_time){record->last_seen_ns}) < flow_timeout(offer->table, record))
        return;
    struct qw_tuple up = {shard_endpoint(record, side), shard_endpoint(record, flow_peer(side)),
                          (enum qw_family)record->key.family};
    uint64_t seen_ns = recall->ask(recall->context, &up).ns;
    if (seen_ns > record->last_seen_ns && seen_ns <= all->now.ns)
        record->last_seen_ns = seen_ns;
}

static void choose(void *context, struct flow_offer *offer, unsigned index)
{
    struct taker *taker = context;
    struct engine *engine = taker->all->engine;
    const struct flow *record = &offer->record;
    enum flow_side side = record->flags & FLOW_INSIDE_HI ? FLOW_HI : FLOW_LO;
    struct qw_endpoint inside = shard_endpoint(record, side);
    if (engine->nat)
        taker->claims[index] =
            nat_claim_of(engine->nat, record->external, (record->flags & FLOW_HOLDS_MAPPING) != 0, &inside,
                         &record->key.addr[flow_peer(side)]);
    if (takeover_has_peers(record))
        taker->peers[index] = peers_hash(engine->peers, record);
    shares_fetch(&engine->shares, record);
    offer->hash = flow_hash(engine->secret, &record->key);
    offer->table = engine_shard(engine, offer->hash)->flows;
    recall(taker->all, offer, side);
}

static void unlock(struct taker *taker)
{
    if (taker->locked)
        pthread_mutex_unlock(&taker->locked->lock);
    taker->locked = NULL;
}

/* Flows of one part belong to one shard, unless the sizes changed: it stays locked. */
static void turn(void *context, const struct flow_offer *offer)
{
    struct taker *taker = context;
    struct shard *shard = engine_shard(taker->all->engine, offer->hash);
    if (shard == taker->locked)
        return;
    unlock(taker);
    pthread_mutex_lock(&shard->lock);
    taker->locked = shard;
}

static bool take_rule(const struct takeover *all, struct flow *flow)
{
    if (flow->rule == FLOW_NO_RULE)
        return true;
    if (flow->rule >= all->rule_count || all->rules[flow->rule] == FLOW_NO_RULE)
        return false;
    flow->rule = all->rules[flow->rule];
    return true;
}

/* Only IPv4 is translated. */
static bool may_claim(const struct engine *engine, const struct flow *flow)
{
    return flow->external == 0 || (engine->nat && flow->key.family == QW_IPV4);
}

/* The flow's endpoint outside must be what it was: another would be another flow to its server. */
static void take_mappings(struct taker *taker, struct flow_offer *offers, unsigned count)
{
    struct nat *nat = taker->all->engine->nat;
    for (unsigned i = 0; i < count; i++)
        if (!offers[i].flow || offers[i].refused)
            taker->claims[i].was = 0;
    nat_claims_take(nat, taker->claims, count);
    for (unsigned i = 0; i < count; i++)
        if (offers[i].flow && taker->claims[i].was != 0) {
            offers[i].flow->external = taker->claims[i].mapping;
            offers[i].refused = taker->claims[i].mapping == 0;
        }
}

/* Its figures begin anew. */
static void take_measure(const struct shard *shard, struct flow *flow)
{
    if (flow->state != FLOW_CONFIRMED || !quic_version_known(flow->version))
        return;
    measure_join(shard_measure(shard, flow), (flow->flags & FLOW_CLIENT_HI) != 0);
    flow->measured = true;
}

void takeover_go_on(struct engine *engine, struct shard *shard, struct flow *flow, uint64_t peers)
{
    if (takeover_has_peers(flow))
        peers_list_at(engine->peers, shard, flow, peers);
    take_measure(shard, flow);
    shares_take(&engine->shares, flow);
}

static void go_on(struct taker *taker, const struct flow_offer *offer, uint64_t peers)
{
    struct engine *engine = taker->all->engine;
    turn(taker, offer);
    takeover_go_on(engine, engine_shard(engine, offer->hash), offer->flow, peers);
}

static void taken(void *context, struct flow_offer *offers, unsigned count)
{
    struct taker *taker = context;
    const struct engine *engine = taker->all->engine;
    for (unsigned i = 0; i < count; i++)
        if (offers[i].flow)
            offers[i].refused = !take_rule(taker->all, offers[i].flow) || !may_claim(engine, offers[i].flow);
    if (engine->nat)
        take_mappings(taker, offers, count);
    for (unsigned i = 0; i < count; i++)
        if (offers[i].flow && !offers[i].refused && takeover_has_peers(offers[i].flow))
            peers_look(engine->peers, taker->peers[i]);
    for (unsigned i = 0; i < count; i++)
        if (offers[i].flow && !offers[i].refused)
            go_on(taker, &offers[i], taker->peers[i]);
}

/* ---- threads ---- */

static void *take_parts(void *argument)
{
    struct taker *taker = argument;
    struct takeover *all = taker->all;
    const struct flow_taker callbacks = {.context = taker, .choose = choose, .turn = turn, .taken = taken};
    struct store_region memory;
    while (store_region(all->from, flow_part(atomic_fetch_add(&all->next, 1), 0).name, &memory))
        if (!flow_recover(&memory, &callbacks, all->now, &taker->counts))
            all->failed = true;
    unlock(taker);
    return NULL;
}

static void *order_shards(void *argument)
{
    struct takeover *all = ((struct taker *)argument)->all;
    for (unsigned i; (i = atomic_fetch_add(&all->next, 1)) < all->engine->shard_count;)
        if (!flow_order(all->engine->shards[i].flows, all->now))
            all->failed = true;
    return NULL;
}

/* Whatever cannot be begun beside this thread is done by it. */
static void share_out(struct taker *takers, unsigned count, void *(*body)(void *))
{
    pthread_t threads[ENGINE_RECOVERY_THREADS_MAX];
    unsigned begun = 1;
    takers[0].all->next = 0;
    while (begun < count && pthread_create(&threads[begun], NULL, body, &takers[begun]) == 0)
        begun++;
    body(&takers[0]);
    while (begun-- > 1)
        pthread_join(threads[begun], NULL);
}

static void add_counts(struct flow_recovery *to, const struct flow_recovery *from)
{
    for (unsigned i = 0; i < FLOW_ADOPT_RESULTS; i++)
        to->results[i] += from->results[i];
    to->refused += from->refused;
}

static enum qw_error take_flows(struct takeover *takeover, unsigned threads, struct flow_recovery *counts)
{
    const struct engine *engine = takeover->engine;
    struct taker takers[ENGINE_RECOVERY_THREADS_MAX];
    struct store_region memory;
    for (unsigned part = 0; store_region(takeover->from, flow_part(part, 0).name, &memory); part++)
        for (unsigned i = 0; i < engine->shard_count; i++)
            flow_continue_ids(engine->shards[i].flows, &memory);
    for (unsigned i = 0; i < threads; i++)
        takers[i] = (struct taker){.all = takeover};
    share_out(takers, threads, take_parts);
    for (unsigned i = 0; i < threads; i++)
        add_counts(counts, &takers[i].counts);
    if (takeover->failed)
        return QW_ERR_INVALID;
    share_out(takers, threads, order_shards);
    return takeover->failed ? QW_ERR_NO_MEMORY : QW_OK;
}

/* ---- all of it ---- */

/* Their names tell them: the file of rules may have changed. */
static bool take_names(struct takeover *takeover)
{
    struct store_region memory;
    if (!store_region(takeover->from, rule_ids_part().name, &memory) || memory.record_size != ENGINE_RULE_MAX)
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

static enum qw_error take_nat(const struct takeover *takeover, struct nat_recovery *counts)
{
    struct nat *nat = takeover->engine->nat;
    struct nat_memory memory;
    if (!nat || !nat_memory_of(takeover->from, &memory))
        return QW_OK; /* it ran in another mode */
    return nat_recover(nat, &memory, takeover->now, counts);
}

static enum qw_error recover(struct takeover *takeover, unsigned threads, struct engine_recovery *counts)
{
    enum qw_error error = take_names(takeover) ? QW_OK : QW_ERR_NO_MEMORY;
    if (error == QW_OK)
        error = take_nat(takeover, &counts->nat);
    if (error == QW_OK)
        error = take_flows(takeover, threads, &counts->flows);
    if (takeover->engine->nat)
        counts->unheld += nat_adopt_end(takeover->engine->nat, takeover->now);
    free(takeover->rules);
    return error;
}

static unsigned bounded(unsigned threads)
{
    if (threads > ENGINE_RECOVERY_THREADS_MAX)
        return ENGINE_RECOVERY_THREADS_MAX;
    return threads > 0 ? threads : 1;
}

enum qw_error engine_recover(struct engine *engine, const struct store *from, struct qw_time now,
                             unsigned threads, struct engine_recovery *counts)
{
    struct store *adapted;
    enum qw_error error = engine_adapt(from, &adapted);
    if (error != QW_OK)
        return error;
    struct takeover takeover = {.engine = engine, .from = adapted ? adapted : from, .now = now};
    error = recover(&takeover, bounded(threads), counts);
    store_free(adapted);
    return error;
}
