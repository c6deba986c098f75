#include "queue.h"

void queue_init(struct queue *queue)
{
    *queue = (struct queue){.head = FLOW_NONE, .tail = FLOW_NONE, .count = 0};
}

void queue_append(struct queue *queue, struct flow *flows, uint32_t slot)
{
    flows[slot].older = queue->tail;
    flows[slot].newer = FLOW_NONE;
    if (queue->tail == FLOW_NONE)
        queue->head = slot;
    else
        flows[queue->tail].newer = slot;
    queue->tail = slot;
    queue->count++;
}

void queue_remove(struct queue *queue, struct flow *flows, uint32_t slot)
{
    uint32_t older = flows[slot].older, newer = flows[slot].newer;
    if (older == FLOW_NONE)
        queue->head = newer;
    else
        flows[older].newer = newer;
    if (newer == FLOW_NONE)
        queue->tail = older;
    else
        flows[newer].older = older;
    queue->count--;
}
