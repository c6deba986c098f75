#include "adopted.h"
#include <stdlib.h>

bool adopted_init(struct adopted *adopted, uint64_t longest_ns)
{
    size_t count = (size_t)FLOW_CLASSES * ADOPTED_LANES;
    *adopted =
        (struct adopted){.step_s = (uint32_t)(longest_ns / QW_NS_PER_SECOND / (ADOPTED_LANES - 2)) + 1};
    adopted->lanes = malloc(count * sizeof *adopted->lanes);
    for (size_t i = 0; adopted->lanes && i < count; i++)
        queue_init(&adopted->lanes[i]);
    return adopted->lanes != NULL;
}

void adopted_free(struct adopted *adopted)
{
    free(adopted->lanes);
}

static struct queue *lane_of(struct adopted *adopted, unsigned class, uint32_t second)
{
    return &adopted->lanes[class * ADOPTED_LANES + second / adopted->step_s % ADOPTED_LANES];
}

void adopted_add(struct adopted *adopted, struct flow *flows, uint32_t slot)
{
    unsigned class = flows[slot].class;
    uint32_t second = flows[slot].queued_s;
    if (adopted->counts[class]++ == 0 || second < adopted->first_s[class])
        adopted->first_s[class] = second;
    queue_append(lane_of(adopted, class, second), flows, slot);
}

void adopted_remove(struct adopted *adopted, struct flow *flows, uint32_t slot)
{
    adopted->counts[flows[slot].class]--;
    queue_remove(lane_of(adopted, flows[slot].class, flows[slot].queued_s), flows, slot);
}

/* Lanes that were passed over are empty until a flow comes for one: then they are looked at again. */
uint32_t adopted_oldest(struct adopted *adopted, enum flow_class class)
{
    if (adopted->counts[class] == 0)
        return FLOW_NONE;
    while (lane_of(adopted, class, adopted->first_s[class])->head == FLOW_NONE)
        adopted->first_s[class] += adopted->step_s;
    return lane_of(adopted, class, adopted->first_s[class])->head;
}
