/* Preloaded into a program: one of its own allocations fails (those of its libraries do not). The file
 * FAILING_ALLOCATION has two numbers of four bytes, in the machine's order: how many allocations from now on
 * the one that fails is, 1 for the next, 0 for none; and how many have failed. They may be written at any
 * time. */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct control {
    atomic_int left, failed;
};

static struct control *control;
static uintptr_t program_from, program_to;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

/* The first one is the program. */
static int find_program(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    program_from = UINTPTR_MAX;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, to = from + info->dlpi_phdr[i].p_memsz;
        if (info->dlpi_phdr[i].p_type != PT_LOAD)
            continue;
        program_from = from < program_from ? from : program_from;
        program_to = to > program_to ? to : program_to;
    }
    return 1;
}

/* The programs that this one starts are left alone. */
__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAILING_ALLOCATION");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *memory = MAP_FAILED;
    if (file >= 0) {
        memory = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        close(file);
    }
    unsetenv("LD_PRELOAD");
    dl_iterate_phdr(find_program, NULL);
    if (memory != MAP_FAILED)
        control = memory;
}

static bool fails(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;
    if (!control || at < program_from || at >= program_to || atomic_load(&control->left) <= 0 ||
        atomic_fetch_sub(&control->left, 1) != 1)
        return false;
    atomic_fetch_add(&control->failed, 1);
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : __libc_memalign(alignment, size);
}
