#include "hold.h"
#include <stdlib.h>

bool hold_init(struct hold_list *list, size_t capacity)
{
    *list = (struct hold_list){.capacity = capacity};
    list->waiting = calloc(capacity, sizeof *list->waiting);
    list->released = calloc(capacity, sizeof *list->released);
    return list->waiting && list->released;
}

void hold_free(struct hold_list *list)
{
    free(list->waiting);
    free(list->released);
}

bool hold_full(const struct hold_list *list)
{
    return list->count == list->capacity;
}

bool hold_add(struct hold_list *list, const struct held *held)
{
    if (hold_full(list))
        return false;
    list->waiting[list->count++] = *held;
    return true;
}

/* A pass over what waits: a few packets mostly, hold.total at worst, and once a decision only. */
unsigned hold_release(struct hold_list *list, uint64_t flow_id, uint32_t serial, enum engine_action action)
{
    size_t kept = 0;
    unsigned released = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct held *held = &list->waiting[i];
        if (held->flow_id == flow_id && (serial == 0 || held->serial == serial)) {
            list->released[list->released_count++] = (struct engine_release){held->token, action};
            released++;
        } else
            list->waiting[kept++] = *held;
    }
    list->count = kept;
    return released;
}
