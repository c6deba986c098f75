#include "program.h"
#include "suite.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const uint8_t HOP[6] = {2, 0, 0, 0, 0, 9};

struct qw_time test_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (struct qw_time){(uint64_t)now.tv_sec * QW_NS_PER_SECOND + (uint64_t)now.tv_nsec};
}

static uint32_t now_ms(void)
{
    return (uint32_t)(test_now().ns / QW_NS_PER_MS);
}

struct kernel *test_kernel(void)
{
    char error[OFFLOAD_ERROR_MAX];
    struct offload_options options = {.flows_max = 1000, .limits = 1};
    struct kernel *kernel = kernel_new_for(&options, NULL, error);
    struct fast_port port = {.ifindex = 1, .mtu = 1500, .carrier = 1};
    if (!kernel) {
        printf("\nskipped, for no program can be loaded here: %s ", error);
        /* Who may not load any gets EPERM; this is the verifier's. */
        CU_ASSERT_PTR_NULL(strstr(error, strerror(EACCES)));
        return NULL;
    }
    kernel_control(kernel)->alive_until_ms = test_now().ns / QW_NS_PER_MS + 3600000;
    kernel_control(kernel)->epoch = 7;
    CU_ASSERT_TRUE(kernel_set_port(kernel, 0, &port) && kernel_set_port(kernel, 1, &port));
    return kernel;
}

bool test_put(struct kernel *kernel, const struct flow_path *path, enum flow_path_direction direction,
              enum offload_place place)
{
    struct fast_match match = entry_match(&path->ways[direction].match);
    struct fast_record record = entry_record(path, direction, 0, 1, place == OFFLOAD_TC ? FAST_TC : 0);
    fast_set_flow(&record, 0, path->hash);
    record.route_epoch = (uint8_t)kernel_control(kernel)->epoch;
    record.route_checked = fast_route_time(now_ms());
    memcpy(record.next_hop, HOP, sizeof HOP);
    record.hop_check = fast_hop_check(record.tag, HOP);
    return kernel_put(kernel, &match, &record);
}

struct frame test_frame(const uint8_t *packet, size_t len)
{
    struct frame frame = {.len = len + 14};
    bool ipv6 = packet[0] >> 4 == 6 && len >= 40; /* the test run refuses shorter ones of that type */
    frame.bytes[12] = ipv6 ? 0x86 : 0x08;
    frame.bytes[13] = ipv6 ? 0xdd : 0x00;
    memcpy(frame.bytes + 14, packet, len);
    return frame;
}

void test_set_vlan(struct kernel *kernel, uint32_t slot, uint16_t tag)
{
    struct fast_port port = {.ifindex = tag ? 100u + tag : 1, .mtu = 1500, .carrier = 1, .tag = tag};
    CU_ASSERT_TRUE(kernel_set_port(kernel, slot, &port));
}

void test_tag(struct frame *frame, uint16_t control)
{
    memmove(frame->bytes + 16, frame->bytes + 12, frame->len - 12);
    frame->bytes[12] = 0x81;
    frame->bytes[13] = 0x00;
    frame->bytes[14] = (uint8_t)(control >> 8);
    frame->bytes[15] = (uint8_t)control;
    frame->len += 4;
}

void test_untag(struct frame *frame)
{
    memmove(frame->bytes + 12, frame->bytes + 16, frame->len - 16);
    frame->len -= 4;
}

#ifdef TEST_BPF
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

static uint32_t run_once(struct kernel *kernel, enum offload_place place, struct frame *frame)
{
    struct frame out = {.len = 0};
    LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame->bytes, .data_size_in = (uint32_t)frame->len,
                .data_out = out.bytes, .data_size_out = sizeof out.bytes, .repeat = 1);
    CU_ASSERT_EQUAL_FATAL(bpf_prog_test_run_opts(kernel_program(kernel, place), &run), 0);
    memcpy(frame->bytes, out.bytes, sizeof out.bytes);
    frame->len = run.data_size_out;
    return run.retval;
}

static bool is_passed(enum offload_place place, uint32_t verdict)
{
    return verdict == (place == OFFLOAD_XDP ? (uint32_t)XDP_PASS : (uint32_t)TC_ACT_OK);
}

bool test_run(struct kernel *kernel, enum offload_place place, struct frame *frame)
{
    uint32_t verdict = run_once(kernel, place, frame);
    bool forwarded = verdict == (place == OFFLOAD_XDP ? (uint32_t)XDP_REDIRECT : (uint32_t)TC_ACT_REDIRECT);
    CU_ASSERT_TRUE(forwarded || is_passed(place, verdict));
    return forwarded;
}

enum test_fate test_fate(struct kernel *kernel, enum offload_place place, const struct frame *frame)
{
    struct frame out = *frame;
    uint32_t verdict = run_once(kernel, place, &out);
    if (verdict == (place == OFFLOAD_XDP ? (uint32_t)XDP_DROP : (uint32_t)TC_ACT_SHOT))
        return TEST_DROPPED;
    return is_passed(place, verdict) ? TEST_PASSED : TEST_FORWARDED;
}

bool test_dropped(struct kernel *kernel, enum offload_place place, const struct frame *frame)
{
    struct frame out = *frame;
    uint32_t verdict = run_once(kernel, place, &out);
    bool dropped = verdict == (place == OFFLOAD_XDP ? (uint32_t)XDP_DROP : (uint32_t)TC_ACT_SHOT);
    CU_ASSERT_TRUE(dropped || is_passed(place, verdict));
    CU_ASSERT_TRUE(out.len == frame->len && memcmp(out.bytes, frame->bytes, frame->len) == 0);
    return dropped;
}
#else
bool test_run(struct kernel *kernel, enum offload_place place, struct frame *frame)
{
    (void)kernel, (void)place, (void)frame;
    return false;
}

enum test_fate test_fate(struct kernel *kernel, enum offload_place place, const struct frame *frame)
{
    (void)kernel, (void)place, (void)frame;
    return TEST_PASSED;
}

bool test_dropped(struct kernel *kernel, enum offload_place place, const struct frame *frame)
{
    (void)kernel, (void)place, (void)frame;
    return false;
}
#endif
