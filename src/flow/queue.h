/* The queue of one class: a doubly linked list through the records, least recently used at the head. */
#ifndef FLOW_QUEUE_H
#define FLOW_QUEUE_H

#include <quicward/flow.h>

struct queue {
    uint32_t head, tail; /* slots; FLOW_NONE when empty */
    uint32_t count;
};

void queue_init(struct queue *queue);
void queue_append(struct queue *queue, struct flow *flows, uint32_t slot);
void queue_remove(struct queue *queue, struct flow *flows, uint32_t slot);

#endif
