/* A path, made of a flow, its mapping, and the limits in force. */
#include "life.h"
#include <string.h>

/* ---- may it have one? ---- */

static bool is_quic(const struct flow *flow)
{
    return flow->flags & FLOW_QUIC || flow->state >= FLOW_INITIAL;
}

static bool waits(const struct shard *shard, const struct flow *flow)
{
    if (flow->handshake == FLOW_NONE)
        return false;
    const struct scratch *scratch = &shard->scratch.all[flow->handshake];
    for (unsigned i = 0; i < CONFIRM_ATTEMPTS; i++)
        if (scratch->hellos[i].held > 0)
            return true;
    return false;
}

/* A handshake that may still be one is read to its end, and a question that was answered may be all. */
static bool is_settled(const struct shard *shard, const struct flow *flow)
{
    if (flow->flags & FLOW_UNDECIDED || flow->class <= FLOW_ASKED)
        return false;
    if (is_quic(flow))
        return flow->state == FLOW_CONFIRMED && !waits(shard, flow);
    return flow->handshake == FLOW_NONE;
}

static bool is_hairpin(const struct engine *engine, const struct flow *flow)
{
    return nat_is_external(engine->nat, &flow->key.addr[FLOW_LO]) ||
           nat_is_external(engine->nat, &flow->key.addr[FLOW_HI]);
}

bool path_eligible(const struct engine *engine, const struct shard *shard, const struct flow *flow,
                   const uint64_t *slow)
{
    if (engine->mode == CONFIG_MONITOR || !is_settled(shard, flow) || !settings_is_fast(slow, flow->rule))
        return false;
    if (!engine->nat || flow->key.family != QW_IPV4)
        return true;
    struct qw_endpoint inside = shard_endpoint(flow, shard_inside(flow));
    return flow->flags & FLOW_HOLDS_MAPPING && nat_holds(engine->nat, flow->external, &inside) &&
           !is_hairpin(engine, flow);
}

/* ---- its parts ---- */

/* What the walk still reads of the flow (handshake.c). */
static unsigned flags_of(const struct engine *engine, const struct flow *flow)
{
    if (is_quic(flow))
        return FLOW_PATH_PUNT_LONG;
    if (!engine->paths->reads_quic)
        return 0;
    return flow->flags & FLOW_SETTLED ? FLOW_PATH_PUNT_KNOWN : FLOW_PATH_PUNT_LONG;
}

/* `wire` is how the inside endpoint is called outside. */
static void set_matches(struct flow_path *path, enum flow_side side, const struct qw_endpoint *wire)
{
    const struct flow_key *key = &path->key;
    struct qw_endpoint inside = {key->addr[side], key->port[side]};
    struct qw_endpoint remote = {key->addr[flow_peer(side)], key->port[flow_peer(side)]};
    path->ways[FLOW_PATH_UP].match = (struct qw_tuple){inside, remote, path->family};
    path->ways[FLOW_PATH_DOWN].match = (struct qw_tuple){remote, wire ? *wire : inside, path->family};
}

static void set_rewrites(struct flow_path *path, const struct qw_endpoint *external)
{
    struct flow_path_way *up = &path->ways[FLOW_PATH_UP], *down = &path->ways[FLOW_PATH_DOWN];
    up->rewrite = path_rewrite(&up->match, external, NULL);
    down->rewrite = path_rewrite(&down->match, NULL, &up->match.src);
}

static void set_name(const struct path_book *book, uint8_t name, char out[static FLOW_PATH_INTERFACE_MAX])
{
    if (name != PATH_NO_NAME)
        memcpy(out, book->names[name], FLOW_PATH_INTERFACE_MAX);
}

static void set_way(const struct engine *engine, const struct sizes *sizes, bool quic,
                    enum flow_path_direction direction, struct flow_path_way *way)
{
    uint32_t limit = sizes_limit(sizes, quic, way->to);
    const char *outside = direction == FLOW_PATH_UP ? way->to : way->from;
    way->size_max = limit == SIZES_NONE ? 0 : limit;
    way->limited = throttle_find(engine->throttle, outside);
}

/* Before the client has used what it got there is nothing to measure. */
static struct flow_path_spin spin_of(const struct shard *shard, const struct flow *flow)
{
    const struct measure *m = shard_measure(shard, flow);
    struct flow_path_spin spin = {0};
    if (!flow->measured || !measure_spins(m))
        return spin;
    spin.measured = 1u << FLOW_PATH_UP | 1u << FLOW_PATH_DOWN;
    spin.client = measure_client(m) == shard_inside(flow) ? FLOW_PATH_UP : FLOW_PATH_DOWN;
    memcpy(spin.handshake, m->handshake, sizeof spin.handshake);
    spin.halves[FLOW_PATH_UP] = m->by[shard_inside(flow)];
    spin.halves[FLOW_PATH_DOWN] = m->by[flow_peer(shard_inside(flow))];
    return spin;
}

struct flow_path path_make(struct engine *engine, const struct shard *shard, const struct flow *flow,
                           const struct path_note *note, const struct sizes *sizes)
{
    struct flow_path path = {.id = atomic_load_explicit(&flow->id, memory_order_relaxed),
                             .key = flow->key,
                             .family = (enum qw_family)flow->key.family,
                             .flags = flags_of(engine, flow),
                             .state = (enum flow_state)flow->state,
                             .class = (enum flow_class)flow->class,
                             .hash = flow_hash(engine->secret, &flow->key),
                             .place = throttle_place(shard->places, &flow->key),
                             .timeout_ns = flow_timeout(shard->flows, flow),
                             .last_seen = flow_last_seen(shard->flows, flow),
                             .spin = spin_of(shard, flow)};
    bool mapped = note->external.port != 0;
    set_matches(&path, shard_inside(flow), mapped ? &note->external : NULL);
    if (mapped)
        set_rewrites(&path, &note->external);
    for (unsigned i = 0; i < FLOW_PATH_DIRECTIONS; i++) {
        set_name(engine->paths, note->from[i], path.ways[i].from);
        set_name(engine->paths, note->to[i], path.ways[i].to);
        set_way(engine, sizes, is_quic(flow), (enum flow_path_direction)i, &path.ways[i]);
    }
    return path;
}

struct flow_path path_over(const struct path_entry *entry)
{
    struct flow_path path = {.id = entry->id, .key = entry->key, .family = (enum qw_family)entry->key.family};
    set_matches(&path, (enum flow_side)entry->inside, entry->external.port ? &entry->external : NULL);
    return path;
}
