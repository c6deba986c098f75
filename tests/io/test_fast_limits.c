/* The kernel's program beside an engine with a throttle: packets of the same flows, both ways, fare the same,
 * whatever share is in force. */
#include "fast_limits.h"
#include "packets.h"
#include "random.h"
#include "suite.h"
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <quicward/io.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SKIPPED 77 /* to ctest */
#define ETHERNET 14
#define FRAME_MAX 2048

enum { FLOWS = 100, ROUNDS = 24 };

static const uint8_t MACS[2][6] = {{2, 0, 0, 0, 0, 8}, {2, 0, 0, 0, 0, 7}}; /* of lan0 and wan0 */
static const char *const NAMES[2] = {"lan0", "wan0"};

struct scene {
    struct config config;
    struct config_throttle throttle;
    struct engine *engine;
    struct engine_worker *worker;
    struct offload *offload;
    struct fast_limits limits;
    struct qw_time now;
    uint64_t random;
};

static size_t packet_of(unsigned flow, bool up, uint8_t out[FRAME_MAX - ETHERNET])
{
    char inside[64], outside[64];
    static const uint8_t PAYLOAD[400];
    bool v6 = flow % 2;
    snprintf(inside, sizeof inside, v6 ? "[2001:db8:1::2]:%u" : "10.0.0.2:%u", 3000 + flow);
    snprintf(outside, sizeof outside, v6 ? "[2001:db8:2::2]:443" : "192.0.2.2:443");
    return test_udp(out, FRAME_MAX - ETHERNET, up ? inside : outside, up ? outside : inside, PAYLOAD,
                    1 + flow % 300);
}

static struct engine_verdict by_engine(struct scene *s, unsigned flow, bool up)
{
    uint8_t packet[FRAME_MAX];
    size_t len = packet_of(flow, up, packet);
    const struct engine_packet is = {.data = packet,
                                     .writable = packet,
                                     .captured = len,
                                     .wire_len = (uint32_t)len,
                                     .from = up ? ENGINE_INSIDE : ENGINE_OUTSIDE,
                                     .from_interface = NAMES[!up],
                                     .to_interface = NAMES[up]};
    struct engine_verdict verdict;
    engine_handle(s->worker, &is, s->now, &verdict);
    return verdict;
}

static uint32_t by_program(struct scene *s, unsigned flow, bool up)
{
    uint8_t frame[FRAME_MAX] = {0}, out[FRAME_MAX];
    size_t len = packet_of(flow, up, frame + ETHERNET) + ETHERNET;
    struct xdp_md xdp = {.data_end = (uint32_t)len, .ingress_ifindex = if_nametoindex(NAMES[!up])};
    memcpy(frame, MACS[!up], sizeof MACS[0]);
    frame[12] = flow % 2 ? 0x86 : 0x08;
    frame[13] = flow % 2 ? 0xdd : 0x00;
    LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = (uint32_t)len, .data_out = out,
                .data_size_out = sizeof out, .ctx_in = &xdp, .ctx_size_in = sizeof xdp);
    CU_ASSERT_EQUAL_FATAL(bpf_prog_test_run_opts(offload_program(s->offload, OFFLOAD_XDP), &run), 0);
    return run.retval;
}

static struct qw_time nothing_waits(void *context)
{
    (void)context;
    return qw_time_add(io_now(), QW_NS_PER_SECOND);
}

/* All flows are known to both, and go fast. */
static void begin_flows(struct scene *s)
{
    struct flow_path_event event;
    struct flow_path_figures figures;
    bool resync = false;
    for (unsigned flow = 0; flow < FLOWS; flow++) {
        CU_ASSERT_EQUAL(by_engine(s, flow, true).action, ENGINE_ACCEPT);
        CU_ASSERT_EQUAL(by_engine(s, flow, false).action, ENGINE_ACCEPT);
    }
    while (engine_paths(s->engine, &event, 1, &resync) > 0) {
        event.path.last_seen = io_now();
        offload_apply(s->offload, &event, 1, io_now(), &figures);
        offload_settle(s->offload, event.path.id, io_now());
    }
    while (offload_waiting(s->offload) > 0)
        offload_open(s->offload, io_now(), nothing_waits, NULL);
}

static void choose(struct scene *s, unsigned share, bool spare_small)
{
    s->config.throttle_count = 1;
    s->config.throttle_floor = s->config.throttle_ceiling = share;
    s->config.throttle_spare_small = spare_small;
    CU_ASSERT_EQUAL_FATAL(engine_reload(s->engine, &s->config, NULL), QW_OK);
}

static void start(struct scene *s, struct offload *offload)
{
    char error[OFFLOAD_ERROR_MAX];
    *s = (struct scene){.offload = offload, .now = {1000 * QW_NS_PER_SECOND}, .random = 3};
    config_defaults(&s->config);
    s->config.mode = CONFIG_FIREWALL;
    s->config.flows_max = 2 * FLOWS;
    snprintf(s->config.inside.names[s->config.inside.count++], CONFIG_INTERFACE_NAME_MAX, "lan0");
    snprintf(s->config.outside.names[s->config.outside.count++], CONFIG_INTERFACE_NAME_MAX, "wan0");
    snprintf(s->throttle.interface, sizeof s->throttle.interface, "wan0");
    s->throttle.direction = CONFIG_OUT;
    s->throttle.capacity = 1000000000;
    s->config.throttles = &s->throttle; /* a reload will add it */
    s->config.throttle_floor = s->config.throttle_ceiling = 0;
    const struct engine_options options = {
        .config = &s->config, .secret = {3, 4}, .now = s->now, .paths = true};
    CU_ASSERT_EQUAL_FATAL(engine_new(&options, &s->engine), QW_OK);
    s->worker = engine_worker_new(s->engine);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s->worker);
    for (unsigned i = 0; i < 2; i++)
        CU_ASSERT_TRUE_FATAL(offload_attach(offload, NAMES[i], OFFLOAD_XDP, error));
    offload_alive(offload, qw_time_add(io_now(), 3600 * QW_NS_PER_SECOND));
    fast_limits_start(&s->limits, s->engine, offload);
    begin_flows(s);
}

static uint64_t throttled(struct engine *engine)
{
    struct engine_stats stats;
    engine_stats(engine, &stats);
    return stats.reasons[QW_REASON_THROTTLED];
}

/* The first packet of a direction opens its gate, and finds the next hop. */
static unsigned long compare(struct scene *s)
{
    unsigned long dropped = 0;
    for (unsigned i = 0; i < 2 * FLOWS; i++) {
        unsigned flow = test_random(&s->random) % FLOWS;
        bool up = test_random(&s->random) % 2;
        struct engine_verdict verdict = by_engine(s, flow, up);
        uint32_t fate = by_program(s, flow, up);
        bool blocked = verdict.action == ENGINE_DROP && verdict.reason == QW_REASON_THROTTLED;
        CU_ASSERT_EQUAL(fate, blocked ? (uint32_t)XDP_DROP : (uint32_t)XDP_REDIRECT);
        dropped += blocked;
    }
    return dropped;
}

static struct offload *the_offload;

static void fare_alike(void)
{
    static struct scene s;
    unsigned long dropped = 0;
    start(&s, the_offload);
    for (unsigned round = 0; round < ROUNDS; round++) {
        choose(&s, round == 0 ? 0 : round == 1 ? 100 : test_random(&s.random) % 101, round % 2);
        s.now = qw_time_add(s.now, 300 * QW_NS_PER_MS);
        engine_tick(s.worker, s.now, 10);
        dropped += compare(&s);
    }
    s.now = qw_time_add(s.now, 300 * QW_NS_PER_MS);
    engine_tick(s.worker, s.now, 10);
    uint64_t before = throttled(s.engine);
    CU_ASSERT_EQUAL(before, dropped);
    fast_limits_tell(&s.limits);
    CU_ASSERT_EQUAL(throttled(s.engine), 2 * dropped); /* each packet was shown to both */
    struct throttle_view view[THROTTLE_LIMITS_MAX];
    CU_ASSERT_EQUAL(engine_throttles(s.engine, view), 1);
    CU_ASSERT_TRUE(dropped > FLOWS && view[0].dropped > 0 && view[0].flows_hit > FLOWS / 4);
    printf("%lu dropped ", dropped);
    fast_limits_end(&s.limits);
    engine_worker_free(s.worker);
    engine_free(s.engine);
}

static bool has_links(void)
{
    return system(
               "ip link add wan0 address 02:00:00:00:00:07 type veth peer name far0 && "
               "ip link add lan0 address 02:00:00:00:00:08 type veth peer name near0 && "
               "for i in wan0 far0 lan0 near0 lo; do ip link set $i up; done && "
               "ip addr add 10.0.0.1/24 dev lan0 && ip addr add 192.0.2.1/24 dev wan0 && "
               "ip addr add 2001:db8:1::1/64 dev lan0 nodad && ip addr add 2001:db8:2::1/64 dev wan0 nodad "
               "&& "
               "for a in 10.0.0.2 2001:db8:1::2; do ip neigh add $a lladdr 02:00:00:00:00:01 dev lan0; done "
               "&& "
               "for a in 192.0.2.2 2001:db8:2::2; do ip neigh add $a lladdr 02:00:00:00:00:02 dev wan0; done "
               "&& "
               "echo 1 >/proc/sys/net/ipv4/ip_forward && echo 1 >/proc/sys/net/ipv6/conf/all/forwarding") ==
           0;
}

int main(void)
{
    static const struct test TESTS[] = {
        {"P1 P2 X6: what a throttle blocks, which a reload added, the program drops, and all of it is "
         "counted",
         fare_alike},
    };
    char error[OFFLOAD_ERROR_MAX];
    static const struct config FIRST = {.outside = {.count = 1}}; /* without throttles */
    const struct offload_options options = {
        .flows_max = 2 * FLOWS, .limits = fast_limits_room(&FIRST), .spin = true};
    if (unshare(CLONE_NEWNET) != 0 || !has_links())
        return SKIPPED;
    the_offload = offload_new_for(&options, NULL, io_now(), error);
    if (!the_offload) {
        printf("skipped: %s\n", error);
        return SKIPPED;
    }
    TEST_SUITE("fast path: limits beside the engine", TESTS);
    int result = test_main();
    offload_free(the_offload);
    return result;
}
