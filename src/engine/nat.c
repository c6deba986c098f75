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
                                                       .inside = mapping->inside,
                                                       .external = mapping->external});
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

/* The ranges in the form nat takes them, with room for one more; NULL when memory is short. */
static struct nat_port_range *ranges(const struct config_port_range *list, unsigned count)
{
    struct nat_port_range *out = calloc(count + 1, sizeof *out);
    for (unsigned i = 0; out && i < count; i++)
        out[i] = (struct nat_port_range){list[i].first, list[i].last};
    return out;
}

static struct nat_forward *forwards(const struct config *config)
{
    struct nat_forward *out = calloc(config->forward_count + 1, sizeof *out);
    for (unsigned i = 0; out && i < config->forward_count; i++) {
        const struct config_forward *forward = &config->forwards[i];
        out[i] = (struct nat_forward){forward->external, forward->port, forward->to};
    }
    return out;
}

static struct nat *make_nat(struct engine *engine, const struct config *config, struct qw_time now)
{
    unsigned port_count;
    const struct config_port_range *pool = config_nat_ports(config, &port_count);
    struct nat_port_range *ports = ranges(pool, port_count);
    struct nat_port_range *excluded = ranges(config->nat_exclude.list, config->nat_exclude.count);
    struct nat_forward *fixed = forwards(config);
    const struct nat_options options = {
        .addresses = config->external,
        .address_count = config->external_count,
        .ports = ports,
        .port_count = port_count,
        .excluded = excluded,
        .excluded_count = config->nat_exclude.count,
        .forwards = fixed,
        .forward_count = config->forward_count,
        .filtering = filtering(config->filtering),
        .per_host = config->nat_per_host,
        .hold_down_ns = config->nat_hold_down_s * QW_NS_PER_SECOND,
        .sessions_max = config->flows_max + SESSIONS_SPARE,
        .secret = engine->secret,
        .now = now,
        .changed = changed,
        .context = engine,
    };
    struct nat *nat = ports && excluded && fixed ? nat_new(&options) : NULL;
    free(ports);
    free(excluded);
    free(fixed);
    return nat;
}

bool engine_start_nat(struct engine *engine, const struct config *config, struct qw_time now)
{
    if (config->mode != CONFIG_NAT)
        return true;
    if (!events_init(&engine->events))
        return false;
    engine->external_count = config->external_count;
    atomic_init(&engine->nat_rejects, config->nat_exhausted == CONFIG_REJECT);
    engine->nat = make_nat(engine, config, now);
    return engine->nat != NULL;
}

void engine_end_nat(struct engine *engine)
{
    nat_free(engine->nat);
    events_free(&engine->events);
}

/* ---- the external address ---- */

static void end_unmapped(struct shard *shard, struct flow *flow)
{
    struct qw_endpoint inside = shard_endpoint(flow, shard_inside(flow));
    if (flow->external && !nat_holds(shard->nat, flow->external, &inside))
        flow_finish(shard->flows, flow, FLOW_UNMAPPED);
}

/* In pieces, so that packets need not wait long. */
static void end_flows(struct shard *shard, struct qw_time now)
{
    uint32_t slots = flow_slots(shard->flows), slot = 0;
    while (slot < slots) {
        shard_lock(shard, now);
        for (uint32_t end = slot + SLOTS_AT_ONCE; slot < end && slot < slots; slot++) {
            struct flow *flow = flow_at(shard->flows, slot, now);
            if (flow)
                end_unmapped(shard, flow);
        }
        shard_unlock(shard);
    }
}

void engine_set_external(struct engine *engine, const struct qw_addr *address, struct qw_time now)
{
    if (!engine->nat || !nat_set_address(engine->nat, 0, address, now))
        return;
    struct engine_event event = {.kind = ENGINE_EVENT_ADDRESS_CHANGED, .time = now};
    if (address)
        event.external.addr = *address;
    events_add(&engine->events, &event);
    for (unsigned i = 0; i < engine->shard_count; i++)
        end_flows(&engine->shards[i], now);
}

void engine_set_router_ports(struct engine *engine, const uint64_t ports[static NAT_PORT_WORDS])
{
    if (engine->nat)
        nat_set_router_ports(engine->nat, ports);
}

/* ---- reports ---- */

size_t engine_mappings(struct engine *engine, uint64_t *cursor, struct nat_mapping *out, size_t max)
{
    return engine->nat ? nat_mappings(engine->nat, cursor, out, max) : 0;
}

size_t engine_events(struct engine *engine, uint64_t *after, struct engine_event *out, size_t max)
{
    return engine->nat ? events_read(&engine->events, after, out, max) : 0;
}
