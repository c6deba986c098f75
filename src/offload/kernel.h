/* The maps and programs in the kernel: bpf(2) is used behind this header only. Without the tools that compile
 * the program, kernel_none.c takes its place. */
#ifndef OFFLOAD_KERNEL_H
#define OFFLOAD_KERNEL_H

#include "fast_drop.h"
#include "offload_entry.h"
#include <quicward/offload.h>

struct kernel;

bool kernel_built(void);

/* NULL, and why. The caller owns it. */
struct kernel *kernel_new(uint32_t flows_max, char error[static OFFLOAD_ERROR_MAX]);
void kernel_free(struct kernel *kernel);

/* False when there is an entry of that match, or no room. */
bool kernel_put(struct kernel *kernel, const struct fast_match *match, const struct fast_record *record);

/* False when there is none. */
bool kernel_look(struct kernel *kernel, const struct fast_match *match, struct fast_record *out);
bool kernel_take(struct kernel *kernel, const struct fast_match *match, struct fast_record *out);

/* What was there goes; ifindex 0: nothing follows. */
bool kernel_set_port(struct kernel *kernel, uint32_t slot, const struct fast_port *port);

/* Of one interface, all zero when it cannot be read. What it counted stays when another gets the slot:
 * kernel_clear_counts. */
struct fast_count kernel_count(struct kernel *kernel, uint32_t slot, enum fast_why why);
void kernel_clear_counts(struct kernel *kernel, uint32_t slot);

/* Mapped: writes are seen by the program at once. */
struct fast_control *kernel_control(struct kernel *kernel);

/* Likewise: two a flow. */
struct fast_gate *kernel_gates(struct kernel *kernel);

/* Likewise: where it drops what nobody asked for, the port maps of FAST_ADDRESSES_MAX addresses, the filter
 * of flows (its buckets stand in the first), and what was dropped, ever. */
struct fast_watch *kernel_watch(struct kernel *kernel);
struct qw_port_map *kernel_port_maps(struct kernel *kernel);
struct qw_known_line *kernel_known_lines(struct kernel *kernel);
struct fast_count kernel_dropped(struct kernel *kernel, enum fast_unasked why);

/* The program for that place, a file descriptor that the kernel keeps. */
int kernel_program(struct kernel *kernel, enum offload_place place);

/* On the ingress of the interface. Returns a handle, -1: refused, errno says why. */
int kernel_attach(struct kernel *kernel, uint32_t ifindex, enum offload_place place);
void kernel_detach(struct kernel *kernel, uint32_t ifindex, enum offload_place place, int handle);

#endif
