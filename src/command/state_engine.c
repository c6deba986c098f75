#include "state_engine.h"
#include <quicward/io.h>
#include <stdlib.h>
#include <string.h>

static bool flows_part(const struct store *store, unsigned number, struct store_region *out)
{
    return store_region(store, flow_part(number, 0).name, out) && out->record_size == sizeof(struct flow);
}

static uint64_t count_flows(const struct store *store)
{
    struct store_region region;
    uint64_t count = 0;
    for (unsigned i = 0; flows_part(store, i, &region); i++)
        count += region.count;
    return count;
}

/* The time of the last packet: the clock of another boot says nothing here. */
static struct qw_time last_seen(const struct store *store)
{
    struct store_region region;
    uint64_t last = 0;
    for (unsigned i = 0; flows_part(store, i, &region); i++) {
        const struct flow *flows = region.records;
        for (uint64_t slot = 0; slot < region.count; slot++)
            if (flows[slot].id != 0 && flows[slot].last_seen_ns > last)
                last = flows[slot].last_seen_ns;
    }
    return (struct qw_time){last};
}

static struct config_forward *forwards_of(const struct nat_memory *memory, unsigned *count)
{
    size_t there = nat_memory_forwards(memory, NULL, 0);
    struct nat_forward *list = calloc(there + 1, sizeof(*list));
    struct config_forward *out = calloc(there + 1, sizeof(*out));
    if (list && out)
        there = nat_memory_forwards(memory, list, there);
    for (size_t i = 0; list && out && i < there; i++)
        out[i] =
            (struct config_forward){.external = list[i].address, .port = list[i].port, .to = list[i].inside};
    free(list);
    *count = out ? (unsigned)there : 0;
    return out;
}

/* Every port may have a mapping: which ones the daemon hands out is not in the file. */
static enum qw_error as_nat(const struct nat_memory *memory, struct config *config)
{
    static struct qw_port_range all = {1, 65535};
    if (memory->addresses.count == 0 || memory->addresses.count > NAT_ADDRESSES_MAX)
        return QW_ERR_INVALID;
    config->mode = CONFIG_NAT;
    config->external_count = (unsigned)memory->addresses.count;
    config->nat_ports = (struct config_ports){1, &all};
    config->forwards = forwards_of(memory, &config->forward_count);
    return config->forwards ? QW_OK : QW_ERR_NO_MEMORY;
}

static enum qw_error make(const struct store *store, struct config *config, struct state_engine *out)
{
    struct nat_memory memory;
    uint64_t flows = count_flows(store);
    enum qw_error code = QW_OK;
    if (flows == 0 || flows > UINT32_MAX / 2)
        return QW_ERR_INVALID;
    config->mode = CONFIG_FIREWALL;
    config->flows_max = (uint32_t)flows;
    if (nat_memory_of(store, &memory))
        code = as_nat(&memory, config);
    const struct engine_options options = {
        .config = config, .secret = store_secret(store), .now = out->now, .shards = 1};
    if (code == QW_OK)
        code = engine_new(&options, &out->engine);
    return code == QW_OK ? engine_recover(out->engine, store, out->now, 1, &out->counts) : code;
}

enum qw_error state_engine_make(const struct store *store, struct state_engine *out)
{
    struct config config;
    struct store_boot boot, of = store_boot_of(store);
    *out = (struct state_engine){0};
    out->this_boot = io_boot(&boot) && memcmp(&boot, &of, sizeof(boot)) == 0;
    out->layout = store_layout(store);
    enum qw_error code = engine_adapt(store, &out->adapted);
    if (code != QW_OK)
        return code;
    if (out->adapted)
        store = out->adapted;
    out->now = out->this_boot ? io_now() : last_seen(store);
    config_defaults(&config);
    code = make(store, &config, out);
    free(config.forwards);
    return code;
}

void state_engine_free(struct state_engine *made)
{
    engine_free(made->engine);
    store_free(made->adapted);
}
