#include "guard.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void refuse(const char *what)
{
    fprintf(stderr, "guard: %s\n", what);
    exit(1);
}

struct guard guard_new(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), usable = (size / page + 1) * page;
    void *pages = mmap(NULL, usable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect((uint8_t *)pages + usable, page, PROT_NONE) != 0)
        refuse("no memory");
    return (struct guard){.pages = pages, .size = usable};
}

void guard_free(struct guard *guard)
{
    munmap(guard->pages, guard->size + (size_t)sysconf(_SC_PAGESIZE));
}

uint8_t *guard_last(const struct guard *guard, size_t len)
{
    if (len > guard->size)
        refuse("more than was asked for");
    return guard->pages + guard->size - len;
}

uint8_t *guard_copy(const struct guard *guard, const void *data, size_t len)
{
    uint8_t *at = guard_last(guard, len);
    if (len > 0)
        memcpy(at, data, len);
    return at;
}
