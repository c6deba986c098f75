/* Paths that are in use before any packet came: by a program that outlived the process which told it. */
#include "life.h"

static struct flow *find(struct shard *shard, const struct flow_path *path, uint64_t hash)
{
    struct flow *flow = flow_lookup(shard->flows, &path->key, hash, (struct qw_time){0});
    const struct qw_endpoint *inside = &path->ways[FLOW_PATH_UP].match.src;
    struct qw_endpoint is = flow ? shard_endpoint(flow, shard_inside(flow)) : (struct qw_endpoint){0};
    return flow && qw_addr_equal(&is.addr, &inside->addr) && is.port == inside->port ? flow : NULL;
}

static bool is_as_it_was(const struct flow_path *is, const struct flow_path *was)
{
    const struct qw_endpoint *a = &is->ways[FLOW_PATH_DOWN].match.dst,
                             *b = &was->ways[FLOW_PATH_DOWN].match.dst;
    return a->port == b->port && qw_addr_equal(&a->addr, &b->addr);
}

/* With the shard locked. What is no path any more is told as such by the flow's next packet. */
static bool adopt(struct engine *engine, struct shard *shard, const struct flow *flow, struct flow_path *path)
{
    if (!path_eligible(engine, shard, flow, engine->paths->slow) ||
        !paths_note_adopted(engine, shard, flow, path))
        return false;
    struct flow_path now = path_make(engine, shard, flow, &shard->paths->all[flow_slot(shard->flows, flow)],
                                     &engine->paths->sizes);
    bool same = is_as_it_was(&now, path);
    *path = now;
    return same;
}

bool engine_path_adopt(struct engine *engine, struct flow_path *path)
{
    path->id = 0;
    if (!engine->paths)
        return false;
    flow_key_of(&path->ways[FLOW_PATH_UP].match, &path->key);
    uint64_t hash = flow_hash(engine->secret, &path->key);
    struct shard *shard = engine_shard(engine, hash);
    bool done = false;
    pthread_mutex_lock(&engine->paths->reader);
    paths_take_settings(engine);
    pthread_mutex_lock(&shard->lock);
    const struct flow *flow = find(shard, path, hash);
    if (flow) {
        path->id = atomic_load_explicit(&flow->id, memory_order_relaxed);
        done = adopt(engine, shard, flow, path);
    }
    pthread_mutex_unlock(&shard->lock);
    pthread_mutex_unlock(&engine->paths->reader);
    return done;
}
