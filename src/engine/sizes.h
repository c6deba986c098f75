/* The size limits in force. Every packet is compared with them, so each worker has a copy of its own and
 * takes a new one when the number of the version says so. */
#ifndef ENGINE_SIZES_H
#define ENGINE_SIZES_H

#include <pthread.h>
#include <quicward/config.h>
#include <stdatomic.h>

#define SIZES_NONE UINT32_MAX

struct sizes {
    uint32_t smallest; /* nothing up to this long is limited; SIZES_NONE without limits */
    unsigned count;
    struct config_size_limit limits[CONFIG_SIZE_LIMITS_MAX];
};

struct size_book {
    pthread_mutex_t lock;
    atomic_uint version; /* of `sizes`, which is read and written with the lock held */
    struct sizes sizes;
};

struct size_copy {
    unsigned version; /* 0: none taken yet */
    struct sizes sizes;
};

void size_book_init(struct size_book *book, const struct config *config);
void size_book_free(struct size_book *book);
void size_book_change(struct size_book *book, const struct config *config);

/* The worker's copy, brought up to date. */
const struct sizes *size_book_look(struct size_book *book, struct size_copy *copy);

/* What a packet of that kind that leaves by `interface` (NULL: not known) may measure at most; SIZES_NONE
 * without a limit. */
uint32_t sizes_limit(const struct sizes *sizes, bool quic, const char *interface);

#endif
