#include "hold.h"
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

bool hold_init(struct hold_list *list, uint32_t capacity)
{
    uint32_t buckets = 1;
    while (buckets < capacity)
        buckets *= 2;
    *list = (struct hold_list){.capacity = capacity, .mask = buckets - 1, .oldest = NONE, .newest = NONE};
    list->groups = calloc(capacity, sizeof *list->groups);
    list->packets = calloc(capacity, sizeof *list->packets);
    list->heap = calloc(capacity, sizeof *list->heap);
    list->buckets = malloc(buckets * sizeof *list->buckets);
    list->released = calloc(capacity, sizeof *list->released);
    if (!list->groups || !list->packets || !list->heap || !list->buckets || !list->released)
        return false;
    memset(list->buckets, 0xff, buckets * sizeof *list->buckets);
    list->free_group = list->free_packet = 0;
    for (uint32_t i = 0; i < capacity; i++)
        list->groups[i].next = list->packets[i].next = i + 1 < capacity ? i + 1 : NONE;
    return true;
}

void hold_free(struct hold_list *list)
{
    free(list->groups);
    free(list->packets);
    free(list->heap);
    free(list->buckets);
    free(list->released);
}

/* ---- by key ---- */

/* Flow ids and serials count up, and nobody outside chooses them. */
static uint32_t *bucket_of(const struct hold_list *list, struct hold_key key)
{
    return &list->buckets[(key.flow_id * 31 + key.serial) & list->mask];
}

struct hold_group *hold_find(const struct hold_list *list, struct hold_key key)
{
    for (uint32_t i = *bucket_of(list, key); i != NONE; i = list->groups[i].next)
        if (list->groups[i].key.flow_id == key.flow_id && list->groups[i].key.serial == key.serial)
            return &list->groups[i];
    return NULL;
}

static uint32_t number_of(const struct hold_list *list, const struct hold_group *group)
{
    return (uint32_t)(group - list->groups);
}

static void unlink_bucket(struct hold_list *list, const struct hold_group *group)
{
    uint32_t *link = bucket_of(list, group->key);
    while (*link != number_of(list, group))
        link = &list->groups[*link].next;
    *link = group->next;
}

/* ---- by deadline ---- */

static bool before(const struct hold_list *list, uint32_t a, uint32_t b)
{
    const struct hold_group *first = &list->groups[list->heap[a]], *second = &list->groups[list->heap[b]];
    if (first->deadline.ns != second->deadline.ns)
        return first->deadline.ns < second->deadline.ns;
    return first->number < second->number;
}

static void put(struct hold_list *list, uint32_t place, uint32_t group)
{
    list->heap[place] = group;
    list->groups[group].heap = place;
}

static void swap(struct hold_list *list, uint32_t a, uint32_t b)
{
    uint32_t group = list->heap[a];
    put(list, a, list->heap[b]);
    put(list, b, group);
}

static void sift_up(struct hold_list *list, uint32_t place)
{
    for (uint32_t above; place > 0 && before(list, place, above = (place - 1) / 2); place = above)
        swap(list, place, above);
}

static void sift_down(struct hold_list *list, uint32_t place)
{
    for (uint32_t below; (below = 2 * place + 1) < list->group_count; place = below) {
        if (below + 1 < list->group_count && before(list, below + 1, below))
            below++;
        if (before(list, place, below))
            return;
        swap(list, place, below);
    }
}

void hold_until(struct hold_list *list, struct hold_group *group, struct qw_time deadline)
{
    group->deadline = deadline;
    sift_up(list, group->heap);
    sift_down(list, group->heap);
}

struct hold_group *hold_first_due(const struct hold_list *list)
{
    return list->group_count ? &list->groups[list->heap[0]] : NULL;
}

static void leave_heap(struct hold_list *list, const struct hold_group *group)
{
    uint32_t place = group->heap;
    if (place == --list->group_count)
        return;
    put(list, place, list->heap[list->group_count]);
    sift_up(list, place);
    sift_down(list, place);
}

/* ---- by age ---- */

struct hold_group *hold_oldest(const struct hold_list *list)
{
    return list->oldest == NONE ? NULL : &list->groups[list->oldest];
}

struct hold_group *hold_newer(const struct hold_list *list, const struct hold_group *group)
{
    return group->newer == NONE ? NULL : &list->groups[group->newer];
}

static void append(struct hold_list *list, struct hold_group *group)
{
    group->older = list->newest;
    group->newer = NONE;
    if (list->newest == NONE)
        list->oldest = number_of(list, group);
    else
        list->groups[list->newest].newer = number_of(list, group);
    list->newest = number_of(list, group);
}

static void detach(struct hold_list *list, const struct hold_group *group)
{
    if (group->older == NONE)
        list->oldest = group->newer;
    else
        list->groups[group->older].newer = group->newer;
    if (group->newer == NONE)
        list->newest = group->older;
    else
        list->groups[group->newer].older = group->older;
}

/* ---- groups and packets ---- */

static struct hold_group *begin(struct hold_list *list, const struct hold_group *like)
{
    uint32_t number = list->free_group;
    struct hold_group *group = &list->groups[number];
    list->free_group = group->next;
    *group = *like;
    group->last = like->since;
    group->gap_ns = 0;
    group->number = list->begun++;
    group->deadline = (struct qw_time){UINT64_MAX};
    group->first = group->end = NONE;
    uint32_t *bucket = bucket_of(list, group->key);
    group->next = *bucket;
    *bucket = number;
    append(list, group);
    put(list, list->group_count++, number);
    return group;
}

static void end(struct hold_list *list, struct hold_group *group)
{
    unlink_bucket(list, group);
    leave_heap(list, group);
    detach(list, group);
    group->next = list->free_group;
    list->free_group = number_of(list, group);
}

struct hold_group *hold_add(struct hold_list *list, const struct hold_group *like, uint64_t token)
{
    struct hold_group *group = hold_find(list, like->key);
    uint32_t number = list->free_packet;
    if (!group)
        group = begin(list, like);
    list->free_packet = list->packets[number].next;
    list->packets[number] = (struct hold_packet){token, NONE};
    if (group->first == NONE)
        group->first = number;
    else
        list->packets[group->end].next = number;
    group->end = number;
    list->count++;
    return group;
}

unsigned hold_release(struct hold_list *list, struct hold_key key, enum engine_action action)
{
    struct hold_group *group = hold_find(list, key);
    unsigned released = 0;
    if (!group)
        return 0;
    for (uint32_t i = group->first, next; i != NONE; i = next) {
        next = list->packets[i].next;
        list->released[list->released_count++] = (struct engine_release){list->packets[i].token, action};
        list->packets[i].next = list->free_packet;
        list->free_packet = i;
        released++;
    }
    list->count -= released;
    end(list, group);
    return released;
}
