#include "sizes.h"
#include <string.h>

void size_book_init(struct size_book *book, const struct config *config)
{
    pthread_mutex_init(&book->lock, NULL);
    atomic_init(&book->version, 0);
    size_book_change(book, config);
}

void size_book_free(struct size_book *book)
{
    pthread_mutex_destroy(&book->lock);
}

void size_book_change(struct size_book *book, const struct config *config)
{
    pthread_mutex_lock(&book->lock);
    struct sizes *sizes = &book->sizes;
    sizes->smallest = SIZES_NONE;
    sizes->count = config->size_limit_count;
    for (unsigned i = 0; i < sizes->count; i++) {
        sizes->limits[i] = config->size_limits[i];
        if (sizes->limits[i].limit < sizes->smallest)
            sizes->smallest = sizes->limits[i].limit;
    }
    atomic_fetch_add(&book->version, 1);
    pthread_mutex_unlock(&book->lock);
}

const struct sizes *size_book_look(struct size_book *book, struct size_copy *copy)
{
    if (atomic_load_explicit(&book->version, memory_order_acquire) != copy->version) {
        pthread_mutex_lock(&book->lock);
        copy->version = atomic_load_explicit(&book->version, memory_order_relaxed);
        copy->sizes = book->sizes;
        pthread_mutex_unlock(&book->lock);
    }
    return &copy->sizes;
}

static bool concerns(const struct config_size_limit *limit, bool quic, const char *interface)
{
    if (limit->traffic == CONFIG_ONLY_QUIC && !quic)
        return false;
    return limit->interface[0] == '\0' || (interface && strcmp(limit->interface, interface) == 0);
}

uint32_t sizes_limit(const struct sizes *sizes, bool quic, const char *interface)
{
    uint32_t least = SIZES_NONE;
    for (unsigned i = 0; i < sizes->count; i++)
        if (sizes->limits[i].limit < least && concerns(&sizes->limits[i], quic, interface))
            least = sizes->limits[i].limit;
    return least;
}
