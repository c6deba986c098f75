/* Adopted flows until their next packet, by the second of their last one. They come in any order, and a queue
 * has its order from the order in which flows come: so they have places of their own, in which each operation
 * is O(1) and nobody has to be sorted while packets wait. */
#ifndef FLOW_ADOPTED_H
#define FLOW_ADOPTED_H

#include "queue.h"

#define ADOPTED_LANES 512

struct adopted {
    struct queue *lanes; /* owned; ADOPTED_LANES of each class, each of `step_s` seconds; they come again */
    uint32_t step_s;
    uint32_t first_s[FLOW_CLASSES]; /* no flow was last seen before that */
    uint32_t counts[FLOW_CLASSES];
};

/* For timers up to `longest_ns`: flows with a longer one may be found too young. False when memory is short.
 */
bool adopted_init(struct adopted *adopted, uint64_t longest_ns);
void adopted_free(struct adopted *adopted);

/* By the flow's class and queued_s, which stay as they are in between. */
void adopted_add(struct adopted *adopted, struct flow *flows, uint32_t slot);
void adopted_remove(struct adopted *adopted, struct flow *flows, uint32_t slot);

/* The one of a class that was last seen first, to a lane's seconds; FLOW_NONE: there is none. */
uint32_t adopted_oldest(struct adopted *adopted, enum flow_class class);

#endif
