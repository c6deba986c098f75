/* The addresses that hosts inside have, as the router's routes say: for inside_prefixes = "auto". Looked at
 * for new flows only. */
#ifndef ENGINE_INSIDE_H
#define ENGINE_INSIDE_H

#include <pthread.h>
#include <quicward/base/prefix_set.h>

struct inside {
    pthread_rwlock_t lock;
    bool known; /* somebody told of them */
    struct qw_prefix_set set;
};

void inside_init(struct inside *inside);
void inside_free(struct inside *inside);

/* False when memory is short, and nothing has changed. Any thread. */
bool inside_replace(struct inside *inside, const struct qw_prefix *prefixes, size_t count);

/* Has a prefix that holds `address`; true as long as nobody told of any. Any thread. */
bool inside_has(struct inside *inside, const struct qw_addr *address, enum qw_family family);

#endif
