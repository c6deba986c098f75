#include "rule_ids.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN 64

_Static_assert(FLOW_NO_RULE == UINT16_MAX, "a table of empty slots is made of bytes 0xff");

struct store_part rule_ids_part(void)
{
    return (struct store_part){"rules", 0, ENGINE_RULE_MAX, FLOW_NO_RULE};
}

bool rule_ids_init(struct rule_ids *ids, const struct store *store, struct qw_hash_key secret)
{
    struct store_region memory;
    *ids = (struct rule_ids){.secret = secret};
    if (!store || !store_region(store, rule_ids_part().name, &memory) ||
        memory.record_size != ENGINE_RULE_MAX || memory.count < FLOW_NO_RULE)
        return false;
    ids->names = memory.records;
    for (unsigned id = 0; id < FLOW_NO_RULE && ids->names[id][0] != '\0'; id++)
        memset(ids->names[id], 0, ENGINE_RULE_MAX); /* of whoever had the memory before */
    ids->hits = calloc(FLOW_NO_RULE + 1, sizeof *ids->hits);
    return ids->hits && rule_ids_reserve(ids, 0);
}

void rule_ids_free(struct rule_ids *ids)
{
    free(ids->hits);
    free(ids->slots);
}

/* The slot that holds the name, or the empty one where it belongs. */
static uint16_t *slot_of(const struct rule_ids *ids, const char *name)
{
    uint32_t mask = ids->slot_count - 1;
    uint32_t at = (uint32_t)qw_hash(ids->secret, (const uint8_t *)name, strlen(name)) & mask;
    while (ids->slots[at] != FLOW_NO_RULE && strcmp(ids->names[ids->slots[at]], name) != 0)
        at = (at + 1) & mask;
    return &ids->slots[at];
}

bool rule_ids_reserve(struct rule_ids *ids, uint32_t more)
{
    uint32_t free_ids = FLOW_NO_RULE - ids->count, slots = ids->slot_count ? ids->slot_count : SLOTS_MIN;
    while (slots < 2 * (ids->count + (more < free_ids ? more : free_ids)))
        slots *= 2;
    if (slots == ids->slot_count)
        return true;
    uint16_t *made = malloc(slots * sizeof *made);
    if (!made)
        return false;
    memset(made, 0xff, slots * sizeof *made);
    free(ids->slots);
    ids->slots = made;
    ids->slot_count = slots;
    for (uint32_t id = 0; id < ids->count; id++)
        *slot_of(ids, ids->names[id]) = (uint16_t)id;
    return true;
}

static void copy_name(char out[static ENGINE_RULE_MAX], const char *name)
{
    size_t len = strnlen(name, ENGINE_RULE_MAX - 1);
    memcpy(out, name, len);
    out[len] = '\0';
}

uint16_t rule_ids_of(struct rule_ids *ids, const char *name)
{
    char kept[ENGINE_RULE_MAX];
    copy_name(kept, name);
    uint16_t *slot = slot_of(ids, kept);
    if (*slot != FLOW_NO_RULE || ids->count >= FLOW_NO_RULE)
        return *slot;
    copy_name(ids->names[ids->count], kept);
    return *slot = (uint16_t)ids->count++;
}

static bool is_name(const char name[static ENGINE_RULE_MAX])
{
    size_t len = strnlen(name, ENGINE_RULE_MAX);
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '-')
            return false;
    return len > 0 && len < ENGINE_RULE_MAX;
}

uint16_t rule_ids_adopt(struct rule_ids *ids, const char name[static ENGINE_RULE_MAX])
{
    return is_name(name) ? rule_ids_of(ids, name) : FLOW_NO_RULE;
}

void rule_ids_name(const struct rule_ids *ids, uint16_t id, char out[static ENGINE_RULE_MAX])
{
    out[0] = '\0';
    if (id != FLOW_NO_RULE)
        copy_name(out, ids->names[id]);
}
