/* Flows as they are shown to a fast path, which drops what belongs to none while the rules let nothing in. */
#include "life.h"

/* With engine->lock held. */
void engine_show_closed(struct engine *engine, const struct settings *settings)
{
    if (engine->known)
        __atomic_store_n(&engine->known->closed, settings->closed, __ATOMIC_SEQ_CST);
}

/* Before settings are published that let in what those before did not. With engine->lock held. */
void engine_show_open(struct engine *engine, const struct settings *settings)
{
    if (engine->known)
        __atomic_fetch_and(&engine->known->closed, settings->closed, __ATOMIC_SEQ_CST);
}

/* Shard by shard; the families are closed when all flows are there, and open before any goes. */
void engine_show_flows(struct engine *engine, struct qw_known *known, struct qw_known_line *lines)
{
    pthread_mutex_lock(&engine->lock);
    if (engine->known)
        __atomic_store_n(&engine->known->closed, 0, __ATOMIC_SEQ_CST);
    engine->known = NULL;
    pthread_mutex_unlock(&engine->lock);
    for (unsigned i = 0; i < engine->shard_count; i++) {
        pthread_mutex_lock(&engine->shards[i].lock);
        flow_show(engine->shards[i].flows, known, lines);
        pthread_mutex_unlock(&engine->shards[i].lock);
    }
    pthread_mutex_lock(&engine->lock);
    engine->known = known;
    engine_show_closed(engine, atomic_load_explicit(&engine->settings, memory_order_relaxed));
    pthread_mutex_unlock(&engine->lock);
}
