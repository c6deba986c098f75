#include "book.h"
#include <stdlib.h>
#include <string.h>

/* Ids are the daemon's own numbers, in sequence: no stranger chooses them. */
static uint32_t *bucket_of(struct book *book, uint64_t id)
{
    return &book->buckets[(uint32_t)(id * 0x9e3779b97f4a7c15ull >> 32) & book->mask];
}

bool book_open(struct book *book, uint32_t max, struct qw_time now)
{
    uint32_t buckets = 1;
    while (buckets < max && buckets < 1u << 30)
        buckets <<= 1;
    *book = (struct book){.mask = buckets - 1, .max = max, .turned = now.ns / BOOK_SLOT_NS};
    book->flows = calloc(max, sizeof *book->flows);
    book->buckets = malloc(buckets * sizeof *book->buckets);
    if (!book->flows || !book->buckets) {
        book_close(book);
        return false;
    }
    memset(book->buckets, 0xff, buckets * sizeof *book->buckets);
    memset(book->wheel, 0xff, sizeof book->wheel);
    for (uint32_t i = 0; i < max; i++)
        book->flows[i].chain = i + 1 < max ? i + 1 : BOOK_NONE;
    return true;
}

void book_close(struct book *book)
{
    free(book->flows);
    free(book->buckets);
    book->flows = NULL;
    book->buckets = NULL;
}

struct book_flow *book_find(struct book *book, uint64_t id)
{
    for (uint32_t i = *bucket_of(book, id); i != BOOK_NONE; i = book->flows[i].chain)
        if (book->flows[i].id == id)
            return &book->flows[i];
    return NULL;
}

struct book_flow *book_adopt(struct book *book, uint32_t index, uint64_t id)
{
    struct book_flow *flow = &book->flows[index];
    uint32_t *bucket = bucket_of(book, id);
    *flow = (struct book_flow){.id = id, .chain = *bucket, .prev = BOOK_NONE, .next = BOOK_NONE};
    *bucket = index;
    book->count++;
    return flow;
}

void book_adopted(struct book *book)
{
    book->free = BOOK_NONE;
    for (uint32_t i = book->max; i-- > 0;)
        if (book->flows[i].id == 0) {
            book->flows[i].chain = book->free;
            book->free = i;
        }
}

struct book_flow *book_add(struct book *book, uint64_t id)
{
    if (book->free == BOOK_NONE || book->count == book->max)
        return NULL;
    uint32_t index = book->free;
    book->free = book->flows[index].chain;
    return book_adopt(book, index, id);
}

static uint32_t *slot_of(struct book *book, uint64_t due_ns)
{
    uint64_t slot = due_ns / BOOK_SLOT_NS;
    if (slot < book->turned)
        slot = book->turned;
    if (slot >= book->turned + BOOK_SLOTS)
        slot = book->turned + BOOK_SLOTS - 1;
    return &book->wheel[slot % BOOK_SLOTS];
}

/* `prev` of the first in a slot of the wheel says which slot: numbers that no flow has. */
static uint32_t head_of(uint32_t slot)
{
    return BOOK_NONE - 1 - slot;
}

static void unlink_time(struct book *book, struct book_flow *flow)
{
    if (flow->due_ns == 0)
        return;
    if (flow->next != BOOK_NONE)
        book->flows[flow->next].prev = flow->prev;
    if (flow->prev >= head_of(BOOK_SLOTS - 1))
        book->wheel[BOOK_NONE - 1 - flow->prev] = flow->next;
    else
        book->flows[flow->prev].next = flow->next;
    flow->due_ns = 0;
}

void book_at(struct book *book, struct book_flow *flow, uint64_t due_ns)
{
    unlink_time(book, flow);
    uint32_t *slot = slot_of(book, due_ns), index = book_index(book, flow);
    flow->due_ns = due_ns ? due_ns : 1;
    flow->prev = head_of((uint32_t)(slot - book->wheel));
    flow->next = *slot;
    if (*slot != BOOK_NONE)
        book->flows[*slot].prev = index;
    *slot = index;
}

void book_remove(struct book *book, struct book_flow *flow)
{
    unlink_time(book, flow);
    uint32_t *link = bucket_of(book, flow->id), index = book_index(book, flow);
    while (*link != index)
        link = &book->flows[*link].chain;
    *link = flow->chain;
    flow->id = 0;
    flow->chain = book->free;
    book->free = index;
    book->count--;
}

/* A slot is emptied once its time is over, so nothing is asked early. What was beyond the wheel goes round.
 */
struct book_flow *book_due(struct book *book, struct qw_time now)
{
    while ((book->turned + 1) * BOOK_SLOT_NS <= now.ns) {
        uint32_t *slot = &book->wheel[book->turned % BOOK_SLOTS];
        if (*slot == BOOK_NONE) {
            book->turned++;
            continue;
        }
        struct book_flow *flow = &book->flows[*slot];
        uint64_t due_ns = flow->due_ns;
        unlink_time(book, flow);
        if (due_ns <= now.ns)
            return flow;
        book_at(book, flow, due_ns);
    }
    return NULL;
}
