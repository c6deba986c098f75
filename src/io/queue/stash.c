#include "stash.h"
#include "verdicts.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* 17 pages: room for the longest packet and its verdict's header, and no power of two, by which the slots
 * would compete for the same places in the processor's cache. */
#define SLOT_SIZE ((size_t)17 * 4096)

_Static_assert(SLOT_SIZE >= VERDICT_HEAD + VERDICT_BYTES_MAX + VERDICT_TAIL, "a slot takes any packet");

static struct stash_slot *slot_of(const struct stash *stash, uint32_t number)
{
    return &stash->slots[number - 1];
}

static uint8_t *bytes_of(const struct stash *stash, uint32_t number)
{
    return stash->memory + (number - 1) * SLOT_SIZE + VERDICT_HEAD;
}

static void push(struct stash *stash, uint32_t *list, uint32_t number)
{
    slot_of(stash, number)->next = *list;
    *list = number;
}

static uint32_t pop(struct stash *stash, uint32_t *list)
{
    uint32_t number = *list;
    if (number != STASH_NO_SLOT)
        *list = slot_of(stash, number)->next;
    return number;
}

/* Without huge pages: the first byte of one would cost 2 MiB. */
static uint8_t *reserve(size_t size)
{
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    madvise(memory, size, MADV_NOHUGEPAGE);
    return memory;
}

bool stash_open(struct stash *stash, uint32_t capacity)
{
    size_t size = capacity * SLOT_SIZE;
    *stash = (struct stash){.capacity = capacity};
    if (capacity == 0 || capacity > STASH_SLOTS_MAX || size / SLOT_SIZE != capacity)
        return false;
    stash->memory = reserve(size);
    stash->slots = calloc(capacity, sizeof(*stash->slots));
    if (!stash->memory || !stash->slots) {
        stash_close(stash);
        return false;
    }
    for (uint32_t number = capacity; number > 0; number--)
        push(stash, &stash->free, number);
    stash->next = pop(stash, &stash->free);
    return true;
}

void stash_close(struct stash *stash)
{
    if (stash->memory)
        munmap(stash->memory, stash->capacity * SLOT_SIZE);
    free(stash->slots);
    *stash = (struct stash){0};
}

uint32_t stash_next(const struct stash *stash)
{
    return stash->next;
}

bool stash_keep(struct stash *stash, uint64_t owner, const uint8_t *data, size_t len)
{
    uint32_t number = stash->next;
    if (number == STASH_NO_SLOT || len > VERDICT_BYTES_MAX)
        return false;
    *slot_of(stash, number) = (struct stash_slot){.owner = owner, .len = (uint32_t)len, .taken = true};
    memcpy(bytes_of(stash, number), data, len);
    stash->next = pop(stash, &stash->free);
    return true;
}

uint8_t *stash_take(struct stash *stash, uint32_t slot, uint64_t owner, size_t *len)
{
    if (slot == STASH_NO_SLOT || slot > stash->capacity)
        return NULL;
    struct stash_slot *kept = slot_of(stash, slot);
    if (!kept->taken || kept->owner != owner)
        return NULL;
    kept->taken = false;
    *len = kept->len;
    push(stash, &stash->leaving, slot);
    return bytes_of(stash, slot);
}

void stash_reuse(struct stash *stash)
{
    for (uint32_t number; (number = pop(stash, &stash->leaving)) != STASH_NO_SLOT;)
        push(stash, &stash->free, number);
    if (stash->next == STASH_NO_SLOT)
        stash->next = pop(stash, &stash->free);
}

bool stash_starved(const struct stash *stash)
{
    return stash->next == STASH_NO_SLOT && stash->leaving != STASH_NO_SLOT;
}
