/* Built without the program. Nobody gets a `struct kernel`, so the rest is never called. */
#include "kernel.h"
#include <stdio.h>

bool kernel_built(void)
{
    return false;
}

struct kernel *kernel_new(uint32_t flows_max, char error[static OFFLOAD_ERROR_MAX])
{
    (void)flows_max;
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
