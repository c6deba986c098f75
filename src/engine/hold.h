/* The packets that one worker keeps waiting for a ClientHello to become whole, in the order they came. The
 * worker's own: no lock. Bounded by hold.total. */
#ifndef ENGINE_HOLD_H
#define ENGINE_HOLD_H

#include "shard.h"
#include <quicward/policy.h>

struct held {
    uint64_t token;
    struct shard *shard;
    struct flow *flow; /* still the one meant only while its id is `flow_id`: look with the shard locked */
    uint64_t flow_id;
    uint32_t serial; /* of the attempt */
    enum engine_origin from;
    enum flow_side sender;
    struct policy_facts facts; /* for the rules, should the ClientHello not come; names as below */
    char from_interface[CONFIG_INTERFACE_NAME_MAX], to_interface[CONFIG_INTERFACE_NAME_MAX];
    struct qw_time deadline;
};

struct hold_list {
    struct held *waiting;            /* owned; first come first */
    struct engine_release *released; /* owned; decided in this call of the engine */
    size_t count, released_count, capacity;
};

/* False when memory is short; hold_free takes what is there. */
bool hold_init(struct hold_list *list, size_t capacity);
void hold_free(struct hold_list *list);

bool hold_full(const struct hold_list *list);

/* Adds one at the end; false when `capacity` packets wait. */
bool hold_add(struct hold_list *list, const struct held *held);

/* Decides what waits of the flow's attempt `serial`, of all its attempts when 0, and takes it off the list.
 * Returns how many. */
unsigned hold_release(struct hold_list *list, uint64_t flow_id, uint32_t serial, enum engine_action action);

#endif
