/* What a crash must not lose: where it stands. takeover.c reads it. */
#include "life.h"
#include <stdlib.h>
#include <string.h>

#define SHARD_FLOWS_MIN 4096 /* a smaller share fills up long before the whole does */

/* ---- memory ---- */

unsigned engine_shards(const struct engine_options *options)
{
    if (options->shards)
        return options->shards;
    unsigned shards = 1;
    while (shards < ENGINE_SHARDS_MAX && options->config->flows_max / (2 * shards) >= SHARD_FLOWS_MIN)
        shards *= 2;
    return shards;
}

uint32_t engine_share(uint32_t total, unsigned shards)
{
    return (total + shards - 1) / shards;
}

unsigned engine_parts(const struct engine_options *options, struct store_part out[static STORE_PARTS_MAX])
{
    unsigned shards = engine_shards(options), count = 0;
    for (unsigned i = 0; i < shards && i < ENGINE_SHARDS_MAX; i++)
        out[count++] = flow_part(i, engine_share(options->config->flows_max, shards));
    out[count++] = rule_ids_part();
    if (options->config->mode != CONFIG_NAT)
        return count;
    nat_parts(engine_nat_slots(options->config), out + count);
    return count + NAT_PARTS;
}

const struct store *engine_take_store(struct engine *engine, const struct engine_options *options)
{
    struct store_part parts[STORE_PARTS_MAX];
    struct store_field fields[STORE_FIELDS_MAX];
    struct store_plan plan = {.parts = parts, .fields = fields, .secret = options->secret};
    if (options->store)
        return options->store;
    plan.part_count = engine_parts(options, parts);
    plan.field_count = engine_fields(fields);
    return store_new(&plan, &engine->own_store) == QW_OK ? engine->own_store : NULL;
}
