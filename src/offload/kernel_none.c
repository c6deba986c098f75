/* Built without the program. Nobody gets a `struct kernel`, so the rest is never called. */
#include "kernel.h"
#include <stdio.h>

bool kernel_built(void)
{
    return false;
}

struct kernel *kernel_new_for(const struct offload_options *options, struct offload_pins *pins,
                              char error[static OFFLOAD_ERROR_MAX])
{
    (void)options, (void)pins;
    snprintf(error, OFFLOAD_ERROR_MAX,
             "quicward was built without its kernel program: building it needs clang, bpftool and libbpf");
    return NULL;
}

void kernel_free(struct kernel *kernel)
{
    (void)kernel;
}

bool kernel_put(struct kernel *kernel, const struct fast_match *match, const struct fast_record *record)
{
    (void)kernel, (void)match, (void)record;
    return false;
}

bool kernel_look(struct kernel *kernel, const struct fast_match *match, struct fast_record *out)
{
    (void)kernel, (void)match, (void)out;
    return false;
}

bool kernel_take(struct kernel *kernel, const struct fast_match *match, struct fast_record *out)
{
    (void)kernel, (void)match, (void)out;
    return false;
}

struct fast_question *kernel_questions(struct kernel *kernel)
{
    (void)kernel;
    return NULL;
}

bool kernel_ask(struct kernel *kernel, unsigned count)
{
    (void)kernel, (void)count;
    return false;
}

bool kernel_set_port(struct kernel *kernel, uint32_t slot, const struct fast_port *port)
{
    (void)kernel, (void)slot, (void)port;
    return false;
}

struct fast_count kernel_count(struct kernel *kernel, uint32_t slot, enum fast_why why)
{
    (void)kernel, (void)slot, (void)why;
    return (struct fast_count){0};
}

void kernel_clear_counts(struct kernel *kernel, uint32_t slot)
{
    (void)kernel, (void)slot;
}

struct fast_control *kernel_control(struct kernel *kernel)
{
    (void)kernel;
    return NULL;
}

struct fast_gate *kernel_gates(struct kernel *kernel)
{
    (void)kernel;
    return NULL;
}

struct fast_watch *kernel_watch(struct kernel *kernel)
{
    (void)kernel;
    return NULL;
}

struct qw_port_map *kernel_port_maps(struct kernel *kernel)
{
    (void)kernel;
    return NULL;
}

struct qw_known_line *kernel_known_lines(struct kernel *kernel)
{
    (void)kernel;
    return NULL;
}

struct fast_count kernel_dropped(struct kernel *kernel, enum fast_unasked why)
{
    (void)kernel, (void)why;
    return (struct fast_count){0};
}

int kernel_program(struct kernel *kernel, enum offload_place place)
{
    (void)kernel, (void)place;
    return -1;
}

int kernel_attach(struct kernel *kernel, uint32_t ifindex, enum offload_place place)
{
    (void)kernel, (void)ifindex, (void)place;
    return -1;
}

void kernel_detach(struct kernel *kernel, uint32_t ifindex, enum offload_place place, int handle)
{
    (void)kernel, (void)ifindex, (void)place, (void)handle;
}

enum kernel_left kernel_left(const struct kernel *kernel)
{
    (void)kernel;
    return KERNEL_NOTHING_LEFT;
}

unsigned kernel_each(struct kernel *kernel, bool ipv6, struct kernel_cursor *cursor, void *keys,
                     struct fast_record *records)
{
    (void)kernel, (void)ipv6, (void)keys, (void)records;
    cursor->ended = true;
    return 0;
}

struct fast_port kernel_port(struct kernel *kernel, uint32_t slot)
{
    (void)kernel, (void)slot;
    return (struct fast_port){0};
}

void kernel_drop_links(struct kernel *kernel, kernel_wants *wants, void *context)
{
    (void)kernel, (void)wants, (void)context;
}

/* It does not forward for long without its daemon. */
void kernel_drop_filter(uint32_t ifindex)
{
    (void)ifindex;
}

bool kernel_had_link(const struct kernel *kernel, uint32_t ifindex, enum offload_place place)
{
    (void)kernel, (void)ifindex, (void)place;
    return false;
}

bool kernel_open_left(const struct offload_pins *pins, int left[static 2])
{
    (void)pins, (void)left;
    return false;
}

bool kernel_look_left(const int left[static 2], const struct fast_match *match, struct fast_record *out)
{
    (void)left, (void)match, (void)out;
    return false;
}

struct fast_told *kernel_told(struct kernel *kernel)
{
    (void)kernel;
    return NULL;
}

struct fast_limit *kernel_limits(struct kernel *kernel)
{
    (void)kernel;
    return NULL;
}

struct fast_marks *kernel_marks(struct kernel *kernel)
{
    (void)kernel;
    return NULL;
}

struct fast_spins *kernel_spins(struct kernel *kernel)
{
    (void)kernel;
    return NULL;
}

struct fast_cells *kernel_cells(struct kernel *kernel)
{
    (void)kernel;
    return NULL;
}

struct fast_load kernel_load(struct kernel *kernel, uint32_t slot, bool down)
{
    (void)kernel, (void)slot, (void)down;
    return (struct fast_load){0};
}

void kernel_leave_link(int handle)
{
    (void)handle;
}
