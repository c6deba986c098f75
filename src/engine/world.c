/* What only mode nat has: its parts, and what the world tells it. */
#include "life.h"
#include <stdlib.h>
#include <string.h>

/* The flow table says when there are too many flows, not this room: its shards are rounded up. */
#define SESSIONS_SPARE 256

#define SLOTS_AT_ONCE 4096 /* records looked at under one lock of a shard */

static void changed(void *context, const struct nat_mapping *mapping, bool created, struct qw_time now)
{
    struct engine *engine = context;
    events_add(&engine->events, &(struct engine_event){.kind = created ? ENGINE_EVENT_MAPPING_CREATED
                                                                       : ENGINE_EVENT_MAPPING_REMOVED,
                                                       .time = now,
                                                       .family = QW_IPV4,
                                                       .inside = mapping->inside,
                                                       .external = mapping->external});
}

static void block_changed(void *context, const struct nat_block *block, bool assigned, struct qw_time now)
{
    struct engine *engine = context;
    events_add(&engine->events, &(struct engine_event){.kind = assigned ? ENGINE_EVENT_BLOCK_ASSIGNED
                                                                        : ENGINE_EVENT_BLOCK_RELEASED,
                                                       .time = now,
                                                       .family = QW_IPV4,
                                                       .inside = {.addr = block->host},
                                                       .external = block->external,
                                                       .last_port = block->last});
}

static enum nat_filtering filtering(enum config_filtering filtering)
{
    switch (filtering) {
    case CONFIG_ENDPOINT_INDEPENDENT:
        return NAT_ENDPOINT_INDEPENDENT;
    case CONFIG_ADDRESS_AND_PORT_DEPENDENT:
        return NAT_ADDRESS_AND_PORT_DEPENDENT;
    case CONFIG_ADDRESS_DEPENDENT:
        break;
    }
    return NAT_ADDRESS_DEPENDENT;
}

/* One for each port; NULL when memory is short. The caller frees it. */
static struct nat_forward *forwards(const struct config *config)
{
    struct nat_forward *out = calloc(config_forwarded_ports(config) + 1, sizeof *out), *next = out;
    for (unsigned i = 0; out && i < config->forward_count; i++) {
        const struct config_forward *forward = &config->forwards[i];
        struct nat_forward one = {forward->external, forward->port, forward->to};
        for (unsigned n = config_forward_ports(forward); n > 0; n--, one.port++, one.inside.port++)
            *next++ = one;
    }
    return out;
}

/* As many again, for those that a reload brings while those before still have mappings. An address that
 * follows an interface is one. */
#define SPARE_SLOTS_MIN 4u

unsigned engine_nat_slots(const struct config *config)
{
    unsigned count = config->external_count;
    unsigned slots = count + (count > SPARE_SLOTS_MIN ? count : SPARE_SLOTS_MIN);
    if (config->external_auto)
        return count;
    return slots < NAT_ADDRESSES_MAX ? slots : NAT_ADDRESSES_MAX;
}

static enum nat_choice choice(const struct config *config)
{
    return config->nat_choice == CONFIG_KEYED ? NAT_KEYED : NAT_RANDOM;
}

static struct nat *make_nat(struct engine *engine, const struct engine_options *from,
                            const struct store *store)
{
    const struct config *config = from->config;
    struct nat_memory memory;
    if (!nat_memory_of(store, &memory))
        return NULL;
    unsigned port_count;
    const struct qw_port_range *ports = config_nat_ports(config, &port_count);
    struct nat_forward *fixed = forwards(config);
    const struct nat_options options = {
        .memory = &memory,
        .addresses = config->external,
        .address_count = config->external_count,
        .uplinks = config->external_uplink,
        .slots = engine_nat_slots(config),
        .ports = ports,
        .port_count = port_count,
        .excluded = config->nat_exclude.list,
        .excluded_count = config->nat_exclude.count,
        .forwards = fixed,
        .forward_count = config_forwarded_ports(config),
        .filtering = filtering(config->filtering),
        .per_host = config->nat_per_host,
        .hold_down_ns = config->nat_hold_down_s * QW_NS_PER_SECOND,
        .sessions_max = config->flows_max + SESSIONS_SPARE,
        .choice = choice(config),
        .secret = engine->secret,
        .kept = from->kept,
        .owners = engine->owners.who,
        .now = from->now,
        .changed = changed,
        .block = config->nat_block,
        .block_changed = block_changed,
        .context = engine,
    };
    struct nat *nat = fixed ? nat_new(&options) : NULL;
    free(fixed);
    return nat;
}

bool engine_start_nat(struct engine *engine, const struct engine_options *options, const struct store *store)
{
    const struct config *config = options->config;
    if (config->mode != CONFIG_NAT)
        return true;
    engine->nat = make_nat(engine, options, store);
    return engine->nat != NULL;
}

void engine_end_nat(struct engine *engine)
{
    nat_free(engine->nat);
}

/* ---- flows that lost their mapping ---- */

typedef void look_at_flow(struct shard *shard, struct flow *flow);

/* In pieces, so that packets need not wait long. */
static void look_at_flows(struct shard *shard, const struct shard_settings *settings, struct qw_time now,
                          look_at_flow *look)
{
    uint32_t slots = flow_slots(shard->flows), slot = 0;
    while (slot < slots) {
        shard_lock(shard, settings, now);
        for (uint32_t end = slot + SLOTS_AT_ONCE; slot < end && slot < slots; slot++) {
            struct flow *flow = flow_at(shard->flows, slot, now);
            if (flow)
                look(shard, flow);
        }
        shard_unlock(shard);
    }
}

static void look_at_all(struct engine *engine, struct qw_time now, look_at_flow *look)
{
    struct shard_settings settings = engine_shard_settings(engine);
    for (unsigned i = 0; i < engine->shard_count; i++) {
        look_at_flows(&engine->shards[i], &settings, now, look);
        paths_flush(engine, NULL, &engine->shards[i]);
    }
}

static bool is_unmapped(const struct shard *shard, const struct flow *flow)
{
    struct qw_endpoint inside = shard_endpoint(flow, shard_inside(flow));
    return flow->external && !nat_holds(shard->nat, flow->external, &inside);
}

static void end_unmapped(struct shard *shard, struct flow *flow)
{
    if (is_unmapped(shard, flow))
        flow_finish(shard->flows, flow, FLOW_UNMAPPED);
}

/* A forward took its endpoint. The flow goes on by another one, as after a NAT rebinding, once its inside
 * speaks: it was admitted, and QUIC follows. */
static void unmap(struct shard *shard, struct flow *flow)
{
    if (is_unmapped(shard, flow))
        shard_unmap(shard, flow);
}

/* ---- another pool ---- */

static void tell_full(const struct engine *engine, FILE *errors)
{
    if (errors)
        fprintf(
            errors,
            "nat.external has too many new addresses while removed addresses still have mappings: %u can be "
            "added now; add fewer, try again later, or restart quicward\n",
            nat_slots_free(engine->nat));
}

/* Of the last packet or tick: a reload has no clock of its own. */
static struct qw_time latest(struct engine *engine)
{
    struct qw_time now = {0};
    for (unsigned i = 0; i < engine->shard_count; i++) {
        pthread_mutex_lock(&engine->shards[i].lock);
        if (engine->shards[i].now.ns > now.ns)
            now = engine->shards[i].now;
        pthread_mutex_unlock(&engine->shards[i].lock);
    }
    return now;
}

static enum qw_error change_nat(struct engine *engine, const struct config *config,
                                const struct nat_forward *fixed, bool *cut)
{
    unsigned port_count;
    const struct qw_port_range *ports = config_nat_ports(config, &port_count);
    const struct nat_pool pool = {
        .addresses = config->external,
        .address_count = config->external_auto ? 0 : config->external_count,
        .uplinks = config->external_uplink,
        .ports = ports,
        .port_count = port_count,
        .excluded = config->nat_exclude.list,
        .excluded_count = config->nat_exclude.count,
        .hold_down_ns = config->nat_hold_down_s * QW_NS_PER_SECOND,
        .choice = choice(config),
        .forwards = fixed,
        .forward_count = config_forwarded_ports(config),
        .filtering = filtering(config->filtering),
        .per_host = config->nat_per_host,
        .now = latest(engine),
    };
    return nat_change(engine->nat, &pool, cut);
}

enum qw_error engine_change_nat(struct engine *engine, const struct config *config, FILE *errors)
{
    bool cut;
    if (!engine->nat)
        return QW_OK;
    struct nat_forward *fixed = forwards(config);
    enum qw_error error = fixed ? change_nat(engine, config, fixed, &cut) : QW_ERR_NO_MEMORY;
    free(fixed);
    if (error == QW_OK && cut)
        look_at_all(engine, latest(engine), unmap);
    if (error != QW_ERR_FULL)
        return error;
    tell_full(engine, errors);
    return QW_ERR_INVALID;
}

/* ---- the external address ---- */

void engine_set_external(struct engine *engine, const struct qw_addr *address, struct qw_time now)
{
    engine_set_external_of(engine, 0, address, now);
}

void engine_set_external_of(struct engine *engine, unsigned interface, const struct qw_addr *address,
                            struct qw_time now)
{
    if (!engine->nat || !nat_set_address(engine->nat, interface, address, now))
        return;
    struct engine_event event = {.kind = ENGINE_EVENT_ADDRESS_CHANGED, .family = QW_IPV4, .time = now};
    if (address)
        event.external.addr = *address;
    events_add(&engine->events, &event);
    look_at_all(engine, now, end_unmapped);
}

void engine_set_router_ports(struct engine *engine, const uint64_t ports[static QW_PORT_WORDS])
{
    if (engine->nat)
        nat_set_router_ports(engine->nat, ports);
}

bool engine_show_ports(struct engine *engine, struct qw_port_map *out)
{
    if (engine->nat)
        nat_show_ports(engine->nat, out);
    return engine->nat != NULL;
}

/* ---- reports ---- */

unsigned engine_addresses(struct engine *engine, struct qw_addr out[static NAT_ADDRESSES_MAX])
{
    static const struct qw_addr NONE;
    struct nat_listed listed[NAT_ADDRESSES_MAX];
    unsigned known = 0, count = engine->nat ? nat_listed(engine->nat, listed) : 0;
    for (unsigned i = 0; i < count; i++) {
        out[known] = nat_address(engine->nat, listed[i].slot);
        known += !qw_addr_equal(&out[known], &NONE);
    }
    return known;
}

size_t engine_mappings(struct engine *engine, uint64_t *cursor, struct nat_mapping *out, size_t max)
{
    return engine->nat ? nat_mappings(engine->nat, cursor, out, max) : 0;
}
