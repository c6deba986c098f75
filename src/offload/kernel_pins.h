/* Maps, links and filters by the names under which they are pinned. */
#ifndef OFFLOAD_KERNEL_PINS_H
#define OFFLOAD_KERNEL_PINS_H

#include "kernel.h"

struct program_bpf;

/* The program that is not loaded yet is to use the maps that an earlier process has pinned. What is there and
 * cannot be used is removed. False with errno: try no more. */
bool pinned_take(const struct offload_pins *pins, struct program_bpf *program,
                 const struct offload_options *options, enum kernel_left *left);

/* Pins the maps of a loaded program. False with errno, and nothing stays. */
bool pinned_make(const struct offload_pins *pins, struct program_bpf *program,
                 const struct offload_options *options);

/* The link that is pinned for that interface, with `program` in the place of its own; -1: there is none, or
 * it is a dead one, and goes. */
int pinned_link(const struct offload_pins *pins, const char *kind, uint32_t ifindex, int program);

/* Pins what keeps a link, or a filter's program, under the interface's number. */
void pinned_keep(const struct offload_pins *pins, const char *kind, uint32_t ifindex, int fd);
void pinned_forget(const struct offload_pins *pins, const char *kind, uint32_t ifindex);

#endif
