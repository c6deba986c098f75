#include "copy.h"
#include <stdlib.h>
#include <string.h>

static size_t words_of(uint64_t slots)
{
    return (size_t)((slots + 63) / 64);
}

bool copy_make(struct copy *copy, uint64_t slots)
{
    *copy = (struct copy){.records = calloc((size_t)slots, RECORD_SIZE),
                          .proven = calloc(words_of(slots), sizeof *copy->proven),
                          .slots = slots};
    if (copy->records && copy->proven)
        return true;
    copy_free(copy);
    return false;
}

void copy_free(struct copy *copy)
{
    free(copy->records);
    free(copy->proven);
    *copy = (struct copy){.slots = 0};
}

static uint8_t *record_at(const struct copy *copy, uint64_t slot)
{
    return copy->records + slot * RECORD_SIZE;
}

static bool is_proven(const struct copy *copy, uint64_t slot)
{
    return copy->proven[slot / 64] >> slot % 64 & 1;
}

/* All of its bytes count: those of another flow may begin as those of the one before. */
static void put_one(struct copy *copy, uint64_t slot, const uint8_t *bytes)
{
    if (memcmp(record_at(copy, slot), bytes, RECORD_SIZE) == 0)
        return;
    memcpy(record_at(copy, slot), bytes, RECORD_SIZE);
    copy->proven[slot / 64] &= ~(UINT64_C(1) << slot % 64);
}

static void put_some(struct copy *copy, uint64_t first, uint64_t count, const uint8_t *bytes)
{
    if (count == 0 || memcmp(record_at(copy, first), bytes, count * RECORD_SIZE) == 0)
        return;
    for (uint64_t i = 0; i < count; i++)
        put_one(copy, first + i, bytes + i * RECORD_SIZE);
}

/* A string may end within a record. */
void copy_put(struct copy *copy, uint64_t first, uint64_t count, const void *bytes, size_t len)
{
    static const uint8_t EMPTY[RECORD_SIZE];
    uint64_t whole = len / RECORD_SIZE < count ? len / RECORD_SIZE : count;
    put_some(copy, first, whole, bytes);
    if (whole < count && len % RECORD_SIZE != 0) {
        uint8_t last[RECORD_SIZE] = {0};
        memcpy(last, (const uint8_t *)bytes + whole * RECORD_SIZE, len % RECORD_SIZE);
        put_one(copy, first + whole++, last);
    }
    for (; whole < count; whole++)
        put_one(copy, first + whole, EMPTY);
}

void copy_prove(struct copy *copy, const struct record_terms *terms, uint64_t first, uint64_t count)
{
    struct engine_mirrored flow;
    for (uint64_t slot = first; slot < first + count; slot++)
        if (!is_proven(copy, slot) && record_read(terms, record_at(copy, slot), &flow) == RECORD_FLOW)
            copy->proven[slot / 64] |= UINT64_C(1) << slot % 64;
}

void copy_distrust(struct copy *copy)
{
    if (copy->proven)
        memset(copy->proven, 0, words_of(copy->slots) * sizeof *copy->proven);
}

enum record_result copy_read(const struct copy *copy, const struct record_terms *terms, uint64_t slot,
                             struct engine_mirrored *out)
{
    if (!is_proven(copy, slot))
        return record_read(terms, record_at(copy, slot), out);
    record_decode(record_at(copy, slot), out);
    return RECORD_FLOW;
}

uint64_t copy_count(const struct copy *copy)
{
    uint64_t count = 0;
    for (uint64_t slot = 0; slot < copy->slots; slot++)
        count += record_at(copy, slot)[0] != 0;
    return count;
}
