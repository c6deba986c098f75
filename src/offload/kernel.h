/* The maps and programs in the kernel: bpf(2) is used behind this header only. Without the tools that compile
 * the program, kernel_none.c takes its place. */
#ifndef OFFLOAD_KERNEL_H
#define OFFLOAD_KERNEL_H

#include "fast_drop.h"
#include "fast_limit.h"
#include "fast_spin.h"
#include "offload_entry.h"
#include "pins.h"

struct kernel;

bool kernel_built(void);

/* With `pins` (NULL: none; locked, and outlives it) everything is pinned there, and what an earlier process
 * has pinned is gone on with if it is as this one would make it. Else that is removed. NULL, and why. The
 * caller owns it. */
struct kernel *kernel_new_for(const struct offload_options *options, struct offload_pins *pins,
                              char error[static OFFLOAD_ERROR_MAX]);

static inline struct kernel *kernel_new(uint32_t flows_max, struct offload_pins *pins,
                                        char error[static OFFLOAD_ERROR_MAX])
{
    return kernel_new_for(&(struct offload_options){.flows_max = flows_max}, pins, error);
}

/* What is pinned stays and works on. */
void kernel_free(struct kernel *kernel);

/* ---- what an earlier process left ---- */

enum kernel_left { KERNEL_NOTHING_LEFT, KERNEL_TAKEN_OVER, KERNEL_REMOVED };
enum kernel_left kernel_left(const struct kernel *kernel);

/* Some entries of one family, from *cursor (0 at first) on: returns how many, at most KERNEL_EACH, and none
 * does not mean that it is the end. */
#define KERNEL_EACH (2 * FAST_QUESTIONS)
struct kernel_cursor {
    uint32_t line;
    bool ended;
    bool whole; /* at the end: all were read */
};
unsigned kernel_each(struct kernel *kernel, bool ipv6, struct kernel_cursor *cursor, void *keys,
                     struct fast_record *records);

struct fast_port kernel_port(struct kernel *kernel, uint32_t slot);

/* Links and filters of interfaces that nobody `wants` go. */
typedef bool kernel_wants(void *context, uint32_t ifindex, enum offload_place place);
void kernel_drop_links(struct kernel *kernel, kernel_wants *wants, void *context);

/* Takes the filter off, whoever of us has put it there. */
void kernel_drop_filter(uint32_t ifindex);

/* Has an earlier process pinned something at that interface? */
bool kernel_had_link(const struct kernel *kernel, uint32_t ifindex, enum offload_place place);

/* For pins_look: entries that an earlier process has put, by two descriptors, which the caller closes. */
bool kernel_open_left(const struct offload_pins *pins, int left[static 2]);
bool kernel_look_left(const int left[static 2], const struct fast_match *match, struct fast_record *out);

/* False when there is an entry of that match, or no room. */
bool kernel_put(struct kernel *kernel, const struct fast_match *match, const struct fast_record *record);

/* False when there is none. */
bool kernel_look(struct kernel *kernel, const struct fast_match *match, struct fast_record *out);
bool kernel_take(struct kernel *kernel, const struct fast_match *match, struct fast_record *out);

/* The first `count` of FAST_QUESTIONS questions, which are written and read there, are answered by one call.
 * Nobody else puts entries meanwhile. False: the kernel refuses the call, and nothing was asked or taken. */
struct fast_question *kernel_questions(struct kernel *kernel);
bool kernel_ask(struct kernel *kernel, unsigned count);

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

/* Likewise: what of each flow, by its place in the book, was told. */
struct fast_told *kernel_told(struct kernel *kernel);

/* Likewise: one a flow, by its place in the book, if the options said so. */
struct fast_spins *kernel_spins(struct kernel *kernel);

/* Likewise: FAST_PORTS_MAX limits; FAST_MARK_COUNT marks, and cells of two directions, for each of
 * options.limits. */
struct fast_limit *kernel_limits(struct kernel *kernel);
struct fast_marks *kernel_marks(struct kernel *kernel);
struct fast_cells *kernel_cells(struct kernel *kernel);

/* What came of flows that go fast, ever, while the interface was limited; `down`: from outside. */
struct fast_load kernel_load(struct kernel *kernel, uint32_t slot, bool down);

/* Likewise: where it drops what nobody asked for, the port maps of FAST_ADDRESSES_MAX addresses, the filter
 * of flows (its buckets stand in the first), and what was dropped, ever. */
struct fast_watch *kernel_watch(struct kernel *kernel);
struct qw_port_map *kernel_port_maps(struct kernel *kernel);
struct qw_known_line *kernel_known_lines(struct kernel *kernel);
struct fast_count kernel_dropped(struct kernel *kernel, enum fast_unasked why);

/* The program for that place, a file descriptor that the kernel keeps. */
int kernel_program(struct kernel *kernel, enum offload_place place);

/* On the ingress of the interface, in the place of what an earlier process has pinned there, without a moment
 * between. Returns a handle, -1: refused, errno says why. */
int kernel_attach(struct kernel *kernel, uint32_t ifindex, enum offload_place place);
void kernel_detach(struct kernel *kernel, uint32_t ifindex, enum offload_place place, int handle);

/* This process has done with it; what is pinned stays attached. */
void kernel_leave_link(int handle);

#endif
