/* Whose the packet is: the record of its 5-tuple. */
#include "walk.h"

/* What was found out ahead holds unless another mapping was met since. */
static void take_key(struct walk *w, const struct qw_tuple *tuple)
{
    const struct ahead_packet *ahead = w->ahead;
    if (ahead && ahead->hashed && ahead->mapping == w->mapping) {
        w->sender = ahead->sender;
        w->key = ahead->key;
        w->hash = ahead->hash;
        return;
    }
    w->sender = flow_key_of(tuple, &w->key);
    w->hash = flow_hash(w->worker->engine->secret, &w->key);
}

void walk_find(struct walk *w, const struct qw_tuple *tuple)
{
    struct engine *engine = w->worker->engine;
    take_key(w, tuple);
    w->shard = engine_shard(engine, w->hash);
    shard_lock(w->shard, &w->worker->settings->shards, w->now);
    w->flow = flow_lookup(w->shard->flows, &w->key, w->hash, w->now);
    w->flow_id = w->flow ? atomic_load_explicit(&w->flow->id, memory_order_relaxed) : 0;
}

struct step step_find(struct walk *w)
{
    walk_find(w, &w->view->tuple);
    return STEP_CONTINUE;
}
