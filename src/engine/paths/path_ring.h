/* A bounded ring from one thread to another, without a lock. */
#ifndef ENGINE_PATH_RING_H
#define ENGINE_PATH_RING_H

#include <quicward/engine_path.h>
#include <stdatomic.h>

#define PATH_RING 1024 /* entries; power of two */

struct path_entry {
    uint64_t id;
    uint32_t slot;
    uint8_t shard;
    uint8_t kind; /* enum flow_path_kind */
    /* of END */
    uint8_t inside; /* enum flow_side */
    struct flow_key key;
    struct qw_endpoint external; /* port 0: it had none */
};

struct path_ring {
    struct path_entry *entries; /* owned; NULL: there is no ring */
    atomic_uint written;        /* by the producer; both count on without end */
    char apart[64];             /* each side writes to a cache line of its own */
    atomic_uint read;           /* by the consumer */
};

/* False when memory is short. */
bool path_ring_init(struct path_ring *ring);
void path_ring_free(struct path_ring *ring);

/* False when it is full. Producer only. */
bool path_ring_put(struct path_ring *ring, const struct path_entry *entry);

/* Takes up to `max`; returns how many. Consumer only. */
unsigned path_ring_take(struct path_ring *ring, struct path_entry *out, unsigned max);

#endif
