/* Looks into the engine, which nobody else of the benchmarks does. */
#include "cluster_router.h"
#include "life.h"
#include "measure.h"

struct cluster_place cluster_place(const struct cluster_router *router, uint32_t flow)
{
    const struct qw_tuple tuple = cluster_tuple(router, flow);
    struct flow_key key;
    flow_key_of(&tuple, &key);
    uint64_t hash = flow_hash(router->engine->secret, &key);
    const struct shard *shard = engine_shard(router->engine, hash);
    const struct flow *found = flow_lookup(shard->flows, &key, hash, cluster_now());
    bench_require(found != NULL, "a flow that was just made");
    return (struct cluster_place){(uint32_t)(shard - router->engine->shards), flow_slot(shard->flows, found)};
}
