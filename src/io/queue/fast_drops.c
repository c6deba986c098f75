#include "fast_drops.h"

/* The maps are empty before the engine writes them: nothing is dropped that it does not know of. */
void fast_drops_start(struct fast_drops *drops, struct engine *engine, struct offload *offload,
                      const struct config *config)
{
    const char *outside[CONFIG_INTERFACES_MAX];
    *drops = (struct fast_drops){0};
    if (!config->offload_unsolicited || config->mode != CONFIG_NAT)
        return;
    for (unsigned i = 0; i < config->outside.count; i++)
        outside[i] = config->outside.names[i];
    struct qw_port_map *maps = offload_drop(offload, outside, config->outside.count);
    if (!engine_show_ports(engine, maps))
        return;
    *drops = (struct fast_drops){.engine = engine, .offload = offload};
    offload_drop_look(offload);
}

void fast_drops_look(struct fast_drops *drops)
{
    if (drops->engine)
        offload_drop_look(drops->offload);
}

void fast_drops_tell(struct fast_drops *drops)
{
    if (!drops->engine)
        return;
    uint64_t dropped = offload_dropped(drops->offload);
    if (dropped != drops->told)
        engine_count_dropped(drops->engine, QW_REASON_UNSOLICITED, dropped - drops->told);
    drops->told = dropped;
}

/* The program goes first: ports that get mappings afterwards are not shown any more. */
void fast_drops_end(struct fast_drops *drops)
{
    if (!drops->engine)
        return;
    offload_drop_end(drops->offload);
    engine_show_ports(drops->engine, NULL);
    fast_drops_tell(drops);
    drops->engine = NULL;
}
