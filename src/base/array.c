#include <quicward/base/array.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE                                                                                            \
    ((size_t)2 << 20) /* of x86-64, and of arm64 with pages of 4 KiB; elsewhere it is but a multiple */

static void *huge(size_t bytes)
{
    size_t whole = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    void *memory = aligned_alloc(HUGE_PAGE, whole);
    if (memory)
        madvise(memory, whole, MADV_HUGEPAGE); /* a kernel without them refuses, and all is as ever */
    return memory;
}

void *qw_array(size_t count, size_t size)
{
    if (size != 0 && count > (SIZE_MAX - HUGE_PAGE) / size)
        return NULL;
    size_t bytes = count * size;
    void *memory = bytes >= 2 * HUGE_PAGE ? huge(bytes) : malloc(bytes ? bytes : 1);
    if (memory)
        memset(memory, 0, bytes);
    return memory;
}
