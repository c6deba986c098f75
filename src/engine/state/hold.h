/* The packets that one worker keeps waiting for a ClientHello to become whole, grouped by attempt. The
 * worker's own: no lock. Bounded by hold.total. Adding, releasing and finding the next deadline look at no
 * other attempt but for the log2(hold.total) steps of a heap. */
#ifndef ENGINE_HOLD_H
#define ENGINE_HOLD_H

#include "shard.h"
#include <quicward/policy.h>

/* The attempt that a packet waits for. */
struct hold_key {
    uint64_t flow_id, serial;
};

/* What waits of one attempt. */
struct hold_group {
    struct hold_key key;
    struct shard *shard;
    struct flow *flow; /* still the one meant only while its id is `flow_id`: look with the shard locked */
    enum engine_origin from;
    enum flow_side sender;
    struct policy_facts facts; /* for the rules, should the ClientHello not come; names as below */
    char from_interface[CONFIG_INTERFACE_NAME_MAX], to_interface[CONFIG_INTERFACE_NAME_MAX];
    struct qw_time since, last; /* when the first and the last of its packets came */
    uint64_t gap_ns;            /* the longest time between two of them */
    struct qw_time deadline;    /* read only: hold_until changes it */
    /* private */
    uint64_t number;       /* counts up: of two with one deadline the older is due first */
    uint32_t first, end;   /* its packets, in the order they came */
    uint32_t heap;         /* its place there */
    uint32_t older, newer; /* by when they began */
    uint32_t next;         /* in its bucket, or free */
};

struct hold_list {
    struct hold_group *groups; /* owned */
    struct hold_packet {
        uint64_t token;
        uint32_t next; /* of its group, or free */
    } * packets;       /* owned */
    uint32_t *buckets; /* owned; groups by key */
    uint32_t *heap;    /* owned; groups, the earliest deadline first */
    uint32_t mask, free_group, free_packet, oldest, newest;
    uint32_t group_count, count, capacity; /* groups and packets that wait; packets that may */
    uint64_t begun;                        /* groups so far */
    struct engine_release *released;       /* owned; decided in this call of the engine */
    size_t released_count;
};

/* `capacity` of at least 1. False when memory is short; hold_free takes what is there. */
bool hold_init(struct hold_list *list, uint32_t capacity);
void hold_free(struct hold_list *list);

static inline bool hold_full(const struct hold_list *list)
{
    return list->count == list->capacity;
}

/* The group of that attempt, NULL when nothing waits of it. Valid until something is added or released. */
struct hold_group *hold_find(const struct hold_list *list, struct hold_key key);

/* Adds a packet to what waits like `group`, of which key, shard, flow, from, sender, facts, the interfaces
 * and `since` count when it is the attempt's first. The list must not be full. The group, for hold_until. */
struct hold_group *hold_add(struct hold_list *list, const struct hold_group *group, uint64_t token);

/* Another deadline. */
void hold_until(struct hold_list *list, struct hold_group *group, struct qw_time deadline);

/* The group whose time is over first, and the one that has waited longest; NULL when nothing waits. */
struct hold_group *hold_first_due(const struct hold_list *list);
struct hold_group *hold_oldest(const struct hold_list *list);

/* For a look at all of them: the one that began next, NULL after the last. */
struct hold_group *hold_newer(const struct hold_list *list, const struct hold_group *group);

/* Decides what waits of the attempt and takes it off the list. Returns how many packets. */
unsigned hold_release(struct hold_list *list, struct hold_key key, enum engine_action action);

#endif
