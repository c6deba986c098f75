/* The flows that have entries: by id, and by when they are asked next. Bounded, allocated once, O(1). */
#ifndef OFFLOAD_BOOK_H
#define OFFLOAD_BOOK_H

#include "offload_entry.h"

#define BOOK_NONE UINT32_MAX
#define BOOK_SLOT_NS (100 * QW_NS_PER_MS) /* of the wheel: 409 s around; what is later goes round again */
#define BOOK_SLOTS 4096u

/* What was seen of a gate (gates.h). */
struct book_gate {
    struct qw_time sampled; /* since when `passed` packets went to the queue */
    uint32_t passed;
    bool pauses; /* the direction does, `sampled` after the program was told, 0 before */
};

struct book_flow {
    uint64_t id; /* 0: free */
    struct flow_key key;
    struct fast_match matches[FLOW_PATH_DIRECTIONS];
    uint8_t ports[FLOW_PATH_DIRECTIONS][2]; /* in and out */
    struct qw_time last_seen;               /* as far as it was told */
    uint64_t timeout_ns;
    uint64_t due_ns;
    uint32_t chain;      /* next of its bucket, or of the free ones */
    uint32_t prev, next; /* in its slot of the wheel */
    uint32_t sweep;      /* the book's when it was put */
    bool measured;       /* so are its records */
    bool settled;        /* offload_settle was told that it lives */
    bool waits;          /* a gate of it is closed */
    uint32_t waiting_at; /* then: its place among those that wait */
    struct qw_time waits_since;
    struct book_gate gates[FLOW_PATH_DIRECTIONS];
};

struct book {
    struct book_flow *flows; /* owned */
    uint32_t *buckets;       /* owned; a power of two */
    uint32_t wheel[BOOK_SLOTS];
    uint32_t mask, max, count, free;
    uint64_t turned; /* slots since 0 that were emptied */
    uint32_t sweep;
};

/* False when memory is short; nothing is left then. */
bool book_open(struct book *book, uint32_t max, struct qw_time now);
void book_close(struct book *book);

static inline uint32_t book_index(const struct book *book, const struct book_flow *flow)
{
    return (uint32_t)(flow - book->flows);
}

/* NULL: there is none. */
struct book_flow *book_find(struct book *book, uint64_t id);

/* A new one, all zero but its id (never 0), with no time. NULL when the book is full. There is none of that
 * id. */
struct book_flow *book_add(struct book *book, uint64_t id);

/* The same in that place, which is free and below `max`; until book_adopted nothing else is added or removed.
 */
struct book_flow *book_adopt(struct book *book, uint32_t index, uint64_t id);
void book_adopted(struct book *book);

void book_remove(struct book *book, struct book_flow *flow);

/* Again at `due_ns`; instead of before. */
void book_at(struct book *book, struct book_flow *flow, uint64_t due_ns);

/* One whose time has come; it has none afterwards. NULL: no more now. */
struct book_flow *book_due(struct book *book, struct qw_time now);

#endif
