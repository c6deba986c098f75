#include "path_ring.h"
#include <stdlib.h>

bool path_ring_init(struct path_ring *ring)
{
    atomic_init(&ring->written, 0);
    atomic_init(&ring->read, 0);
    ring->entries = calloc(PATH_RING, sizeof *ring->entries);
    return ring->entries != NULL;
}

void path_ring_free(struct path_ring *ring)
{
    free(ring->entries);
    ring->entries = NULL;
}

bool path_ring_put(struct path_ring *ring, const struct path_entry *entry)
{
    unsigned at = atomic_load_explicit(&ring->written, memory_order_relaxed);
    if (at - atomic_load_explicit(&ring->read, memory_order_acquire) == PATH_RING)
        return false;
    ring->entries[at % PATH_RING] = *entry;
    atomic_store_explicit(&ring->written, at + 1, memory_order_release);
    return true;
}

unsigned path_ring_take(struct path_ring *ring, struct path_entry *out, unsigned max)
{
    unsigned at = atomic_load_explicit(&ring->read, memory_order_relaxed), count = 0;
    unsigned end = atomic_load_explicit(&ring->written, memory_order_acquire);
    while (at != end && count < max)
        out[count++] = ring->entries[at++ % PATH_RING];
    atomic_store_explicit(&ring->read, at, memory_order_release);
    return count;
}
