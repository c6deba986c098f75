/* The program as the kernel runs it, one packet at a time (BPF_PROG_TEST_RUN). */
#ifndef TEST_OFFLOAD_PROGRAM_H
#define TEST_OFFLOAD_PROGRAM_H

#include "kernel.h"

#define FRAME_MAX 4096

struct frame {
    _Alignas(8) uint8_t bytes[FRAME_MAX];
    size_t len; /* Ethernet header included */
};

/* The boot clock. */
struct qw_time test_now(void);

/* A kernel whose ports 0 and 1 are the loopback interface; alive for an hour. NULL: may not be loaded here.
 */
struct kernel *test_kernel(void);

/* Puts the path's direction with a next hop that is known. */
bool test_put(struct kernel *kernel, const struct flow_path *path, enum flow_path_direction direction,
              enum offload_place place);

/* An Ethernet frame to the loopback interface, around an IP packet. */
struct frame test_frame(const uint8_t *packet, size_t len);

/* The kernel's port `slot` is VLAN `tag` over the loopback interface, or that itself with 0. */
void test_set_vlan(struct kernel *kernel, uint32_t slot, uint16_t tag);

/* Puts a tag in front of what the frame has, or takes the first one away. */
void test_tag(struct frame *frame, uint16_t control);
void test_untag(struct frame *frame);

/* Was it forwarded? Else it must have been passed on. *frame is what came out. */
bool test_run(struct kernel *kernel, enum offload_place place, struct frame *frame);

/* What became of it. */
enum test_fate { TEST_PASSED, TEST_FORWARDED, TEST_DROPPED };
enum test_fate test_fate(struct kernel *kernel, enum offload_place place, const struct frame *frame);

/* Was it dropped? Else it must have been passed on, untouched. */
bool test_dropped(struct kernel *kernel, enum offload_place place, const struct frame *frame);

/* Runs a packet, and compares: forwarded it is as the engine would have made it, byte for byte, else
 * untouched. True when it was forwarded. */
bool test_compare(struct kernel *kernel, enum offload_place place, const struct flow_path_way *way,
                  const uint8_t *packet, size_t len);

#endif
