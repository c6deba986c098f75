/* Anonymous stores, and the end of all. */
#include "layout.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum qw_error store_new(const struct store_plan *plan, struct store **out)
{
    *out = NULL;
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return QW_ERR_NO_MEMORY;
    store->fd = -1;
    enum qw_error error = header_make(plan, &store->header);
    if (error == QW_OK) {
        void *memory =
            mmap(NULL, store->header.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        error = memory == MAP_FAILED ? QW_ERR_NO_MEMORY : QW_OK;
        store->memory = memory == MAP_FAILED ? NULL : memory;
    }
    if (error != QW_OK) {
        store_free(store);
        return error;
    }
    store->size = store->header.size;
    header_write(store);
    *out = store;
    return QW_OK;
}

void store_free(struct store *store)
{
    if (!store)
        return;
    if (store->unpublished)
        store_discard(store);
    if (store->memory)
        munmap(store->memory, store->size);
    if (store->fd >= 0)
        close(store->fd);
    free(store);
}
