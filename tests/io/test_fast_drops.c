/* What the kernel's program drops, the engine would have dropped as unsolicited: random packets, while
 * mappings, forwards and addresses come and go. The program judges first, as it does in service. */
#include "fast_drops.h"
#include "packets.h"
#include "random.h"
#include "suite.h"
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <quicward/io.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SKIPPED 77 /* to ctest */
#define ETHERNET 14
#define FRAME_MAX 2048

static const uint8_t MAC[6] = {2, 0, 0, 0, 0, 7};

enum { HOSTS = 20, ADDRESSES = 4, FORWARDS = 3 };

struct scene {
    struct config config;
    struct config_forward forwards[FORWARDS];
    struct engine *engine;
    struct engine_worker *worker;
    struct offload *offload;
    struct fast_drops drops;
    struct qw_time now;
    uint64_t random;
    bool fresh; /* the program knows the addresses of today */
    unsigned long dropped, accepted;
    unsigned long left; /* plain packets that the engine alone dropped, though the program knew */
};

static unsigned roll(struct scene *s, unsigned sides)
{
    return test_random(&s->random) % sides;
}

/* ---- the configuration ---- */

static struct qw_addr address(unsigned n)
{
    return qw_addr_v4((const uint8_t[4]){198, 51, 100, (uint8_t)(7 + n)});
}

/* Another set of addresses and forwards each time; ports around which mappings are many. */
static void choose_config(struct scene *s)
{
    s->config.external_count = 1 + roll(s, ADDRESSES);
    for (unsigned i = 0; i < s->config.external_count; i++)
        s->config.external[i] = address(i);
    s->config.forward_count = roll(s, FORWARDS + 1);
    for (unsigned i = 0; i < s->config.forward_count; i++)
        s->forwards[i] =
            (struct config_forward){.external = roll(s, s->config.external_count),
                                    .port = (uint16_t)(5000 + 100 * i + roll(s, 100)),
                                    .to = {.addr = qw_addr_v4((const uint8_t[4]){10, 0, 9, (uint8_t)i}),
                                           .port = (uint16_t)(443 + i)}};
    s->config.forwards = s->forwards;
}

static struct config first_config(void)
{
    static struct qw_port_range ports = {5000, 5600};
    struct config config;
    config_defaults(&config);
    config.mode = CONFIG_NAT;
    config.flows_max = 2000;
    config.nat_ports = (struct config_ports){1, &ports};
    config.filtering = CONFIG_ENDPOINT_INDEPENDENT;
    config.nat_per_host = 400;
    config.nat_hold_down_s = 120;
    config.initials_rate = config.initials_per_source = 0;
    snprintf(config.inside.names[config.inside.count++], CONFIG_INTERFACE_NAME_MAX, "lan0");
    snprintf(config.outside.names[config.outside.count++], CONFIG_INTERFACE_NAME_MAX, "wan0");
    return config;
}

/* ---- packets ---- */

static size_t packet_to(struct scene *s, uint8_t *out, const char *from, const char *to)
{
    static const uint8_t PAYLOAD[600];
    return test_udp(out, FRAME_MAX - ETHERNET, from, to, PAYLOAD, roll(s, 3) ? roll(s, 40) : roll(s, 600));
}

static struct engine_verdict judge(struct scene *s, enum engine_origin from, uint8_t *packet, size_t len)
{
    bool out = from == ENGINE_INSIDE;
    const struct engine_packet is = {.data = packet,
                                     .writable = packet,
                                     .captured = len,
                                     .wire_len = (uint32_t)len,
                                     .from = from,
                                     .from_interface = out ? "lan0" : "wan0",
                                     .to_interface = out ? "wan0" : NULL,
                                     .unrouted = !out};
    struct engine_verdict verdict;
    engine_handle(s->worker, &is, s->now, &verdict);
    return verdict;
}

static void send_out(struct scene *s)
{
    char from[64], to[64];
    uint8_t packet[FRAME_MAX];
    snprintf(from, sizeof from, "10.0.0.%u:%u", 1 + roll(s, HOSTS), 3000 + roll(s, 40));
    snprintf(to, sizeof to, "203.0.113.%u:443", 1 + roll(s, 3));
    judge(s, ENGINE_INSIDE, packet, packet_to(s, packet, from, to));
}

static bool program_drops(struct scene *s, enum offload_place place, const uint8_t *packet, size_t len)
{
    uint8_t frame[FRAME_MAX] = {0};
    struct xdp_md xdp = {.data_end = (uint32_t)len + ETHERNET, .ingress_ifindex = if_nametoindex("wan0")};
    struct __sk_buff skb = {.ifindex = if_nametoindex("wan0")};
    memcpy(frame, MAC, sizeof MAC);
    bool v6 = packet[0] >> 4 == 6 && len >= 40; /* the test run refuses shorter ones of that type */
    frame[12] = v6 ? 0x86 : 0x08;
    frame[13] = v6 ? 0xdd : 0x00;
    memcpy(frame + ETHERNET, packet, len);
    LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = (uint32_t)len + ETHERNET);
    run.ctx_in = place == OFFLOAD_XDP ? (void *)&xdp : (void *)&skb;
    run.ctx_size_in = place == OFFLOAD_XDP ? sizeof xdp : sizeof skb;
    CU_ASSERT_EQUAL_FATAL(bpf_prog_test_run_opts(offload_program(s->offload, place), &run), 0);
    return run.retval == (place == OFFLOAD_XDP ? (uint32_t)XDP_DROP : (uint32_t)TC_ACT_SHOT);
}

/* To a port around those that mappings have, at times to any; one in eight is broken. */
static size_t random_packet(struct scene *s, uint8_t *out, bool *whole)
{
    char from[64], to[64];
    unsigned port = roll(s, 4) ? 4990 + roll(s, 620) : roll(s, 65536);
    snprintf(from, sizeof from, "203.0.113.%u:%u", 1 + roll(s, 6), 440 + roll(s, 6));
    snprintf(to, sizeof to, "198.51.100.%u:%u", 7 + roll(s, ADDRESSES + 1), port);
    size_t len = packet_to(s, out, from, to);
    *whole = roll(s, 8) != 0;
    for (unsigned i = *whole ? 0 : 1 + roll(s, 3); i > 0; i--)
        out[roll(s, 28)] ^= (uint8_t)(1 << roll(s, 8));
    return len;
}

static bool is_ours(const struct scene *s, const uint8_t *packet)
{
    return packet[19] >= 7 && packet[19] < 7 + s->config.external_count;
}

static void receive(struct scene *s)
{
    uint8_t packet[FRAME_MAX];
    bool whole;
    size_t len = random_packet(s, packet, &whole);
    bool dropped = program_drops(s, roll(s, 2) ? OFFLOAD_XDP : OFFLOAD_TC, packet, len);
    struct engine_verdict verdict = judge(s, ENGINE_OUTSIDE, packet, len);
    bool unsolicited = verdict.action == ENGINE_DROP && verdict.reason == QW_REASON_UNSOLICITED;
    CU_ASSERT_FALSE_FATAL(dropped && !unsolicited);
    s->dropped += dropped;
    s->left += unsolicited && whole && !dropped && s->fresh && is_ours(s, packet);
    s->accepted += verdict.action == ENGINE_ACCEPT;
}

/* ---- what changes ---- */

static void reload(struct scene *s)
{
    struct config before = s->config;
    struct config_forward forwards[FORWARDS];
    memcpy(forwards, s->forwards, sizeof forwards);
    s->fresh = false;
    choose_config(s);
    if (engine_reload(s->engine, &s->config, NULL) == QW_OK)
        return;
    s->config = before; /* too many new addresses */
    memcpy(s->forwards, forwards, sizeof forwards);
}

static void step(struct scene *s)
{
    unsigned what = roll(s, 4000);
    s->now = qw_time_add(s->now, roll(s, 4000) * 1000);
    if (what == 0)
        reload(s);
    else if (what < 4)
        s->now = qw_time_add(s->now, (1 + roll(s, 130)) * QW_NS_PER_SECOND);
    else if (what < 8) {
        fast_drops_look(&s->drops);
        s->fresh = true;
    } else if (what < 600)
        send_out(s);
    else
        receive(s);
    if (what % 64 == 0)
        engine_tick(s->worker, s->now, 100);
}

/* ---- life ---- */

static struct qw_time boot_now(void)
{
    return io_now();
}

static void start(struct scene *s, struct offload *offload, enum config_mode mode)
{
    char error[OFFLOAD_ERROR_MAX];
    *s = (struct scene){.config = first_config(), .offload = offload, .now = {1000 * QW_NS_PER_SECOND}};
    s->random = 17;
    s->config.mode = mode;
    if (mode == CONFIG_NAT)
        choose_config(s);
    const struct engine_options options = {.config = &s->config, .secret = {3, 4}, .now = s->now};
    CU_ASSERT_EQUAL_FATAL(engine_new(&options, &s->engine), QW_OK);
    s->worker = engine_worker_new(s->engine);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s->worker);
    CU_ASSERT_TRUE_FATAL(offload_attach(offload, "wan0", OFFLOAD_XDP, error));
    CU_ASSERT_TRUE_FATAL(offload_attach(offload, "lan0", OFFLOAD_XDP, error));
    offload_alive(offload, qw_time_add(boot_now(), 3600 * QW_NS_PER_SECOND));
    send_out(s); /* a mapping or flow from before */
    fast_drops_start(&s->drops, s->engine, offload, &s->config);
}

static void stop(struct scene *s)
{
    fast_drops_end(&s->drops);
    engine_worker_free(s->worker);
    engine_free(s->engine);
}

static unsigned long steps_wanted(void)
{
    const char *text = getenv("QW_PACKETS");
    return text ? strtoul(text, NULL, 10) : 60000;
}

static uint64_t unsolicited(struct engine *engine)
{
    struct engine_stats stats;
    engine_stats(engine, &stats);
    CU_ASSERT_EQUAL(stats.counters.packets, stats.counters.accepted + stats.counters.dropped);
    return stats.reasons[QW_REASON_UNSOLICITED];
}

static struct offload *the_offload;

static void never_falsely(void)
{
    static struct scene s;
    start(&s, the_offload, CONFIG_NAT);
    for (unsigned long i = steps_wanted(); i > 0; i--)
        step(&s);
    printf("%lu dropped, %lu accepted ", s.dropped, s.accepted);
    CU_ASSERT_TRUE(s.dropped > steps_wanted() / 4 && s.accepted > steps_wanted() / 50);
    CU_ASSERT_TRUE(s.left < s.dropped / 1000); /* a mapping that ends with the packet's look at it */
    uint64_t before = unsolicited(s.engine);
    fast_drops_tell(&s.drops);
    CU_ASSERT_EQUAL(unsolicited(s.engine), before + s.dropped);
    fast_drops_tell(&s.drops);
    CU_ASSERT_EQUAL(unsolicited(s.engine), before + s.dropped);
    stop(&s);
    uint8_t packet[FRAME_MAX];
    size_t len = packet_to(&s, packet, "203.0.113.1:443", "198.51.100.7:700");
    CU_ASSERT_FALSE(program_drops(&s, OFFLOAD_XDP, packet, len));
}

/* ---- by flows ---- */

/* One in four is of IPv6; what is not addressed to the inside has the router or others as its receiver. */
static size_t random_of_flow(struct scene *s, uint8_t *out, bool *inside)
{
    char from[64], to[64];
    unsigned host = 2 + roll(s, HOSTS), port = 3000 + roll(s, 40), far = 1 + roll(s, 4), where = roll(s, 8);
    bool v6 = roll(s, 4) == 0;
    *inside = where > 1;
    snprintf(from, sizeof from, v6 ? "[2001:db8:9::%u]:443" : "203.0.113.%u:443", far);
    if (where == 0)
        snprintf(to, sizeof to, v6 ? "[2001:db8:1::1]:%u" : "10.0.0.1:%u", port);
    else if (where == 1)
        snprintf(to, sizeof to, v6 ? "[2001:db8:8::1]:%u" : "198.18.0.1:%u", port);
    else
        snprintf(to, sizeof to, v6 ? "[2001:db8:1::%u]:%u" : "10.0.0.%u:%u", host, port);
    return packet_to(s, out, from, to);
}

static void send_flow(struct scene *s)
{
    char from[64], to[64];
    uint8_t packet[FRAME_MAX];
    bool v6 = roll(s, 4) == 0;
    snprintf(from, sizeof from, v6 ? "[2001:db8:1::%u]:%u" : "10.0.0.%u:%u", 2 + roll(s, HOSTS),
             3000 + roll(s, 40));
    snprintf(to, sizeof to, v6 ? "[2001:db8:9::%u]:443" : "203.0.113.%u:443", 1 + roll(s, 4));
    judge(s, ENGINE_INSIDE, packet, packet_to(s, packet, from, to));
}

static void receive_flow(struct scene *s)
{
    uint8_t packet[FRAME_MAX];
    bool inside;
    size_t len = random_of_flow(s, packet, &inside);
    for (unsigned i = roll(s, 16) ? 0 : 1 + roll(s, 3); i > 0; i--)
        packet[roll(s, 24)] ^= (uint8_t)(1 << roll(s, 8));
    bool dropped = program_drops(s, roll(s, 2) ? OFFLOAD_XDP : OFFLOAD_TC, packet, len);
    CU_ASSERT_FALSE_FATAL(dropped && !inside && packet[19] == 1 && packet[0] == 0x45);
    struct engine_verdict verdict = judge(s, ENGINE_OUTSIDE, packet, len);
    bool unsolicited = verdict.action == ENGINE_DROP && verdict.reason == QW_REASON_UNSOLICITED;
    CU_ASSERT_FALSE_FATAL(dropped && !unsolicited);
    s->dropped += dropped;
    s->left += unsolicited && !dropped;
    s->accepted += verdict.action == ENGINE_ACCEPT;
}

/* What opens a side: a default, a rule of one family, an answer to QUIC. */
static void reload_rules(struct scene *s)
{
    static char name[] = "in";
    static struct qw_prefix prefix = {.family = QW_IPV6, .bits = 32};
    static struct config_rule rule = {
        .name = name, .direction = CONFIG_IN, .to = {1, &prefix}, .to_port = {0, NULL}};
    prefix.addr = qw_addr_v6((const uint8_t[16]){0x20, 1, 0x0d, 0xb8});
    unsigned what = roll(s, 16);
    rule.action = roll(s, 2) ? CONFIG_ACCEPT : CONFIG_DROP;
    s->config.rules = &rule;
    s->config.rule_count = what == 1;
    s->config.default_in = what == 2 ? CONFIG_ACCEPT : what == 3 ? CONFIG_REJECT : CONFIG_DROP;
    s->config.quic = what == 4 ? CONFIG_QUIC_BLOCK : CONFIG_QUIC_INSPECT;
    CU_ASSERT_EQUAL_FATAL(engine_reload(s->engine, &s->config, NULL), QW_OK);
}

static void step_of_flows(struct scene *s)
{
    unsigned what = roll(s, 4000);
    s->now = qw_time_add(s->now, roll(s, 4000) * 1000);
    if (what == 0)
        reload_rules(s);
    else if (what < 3)
        s->now = qw_time_add(s->now, (1 + roll(s, 130)) * QW_NS_PER_SECOND);
    else if (what < 600)
        send_flow(s);
    else
        receive_flow(s);
    if (what % 64 == 0)
        engine_tick(s->worker, s->now, 100);
}

static uint64_t hits_of_default(struct engine *engine)
{
    struct engine_rule rule;
    uint64_t hits = 0;
    for (uint32_t i = 0; engine_rule(engine, i, &rule); i++)
        hits = rule.hits;
    return hits;
}

static void never_a_flow(void)
{
    static struct scene s;
    start(&s, the_offload, CONFIG_FIREWALL);
    for (unsigned long i = steps_wanted(); i > 0; i--)
        step_of_flows(&s);
    printf("%lu dropped, %lu left, %lu accepted ", s.dropped, s.left, s.accepted);
    CU_ASSERT_TRUE(s.dropped > steps_wanted() / 8 && s.accepted > steps_wanted() / 50);
    uint64_t before = unsolicited(s.engine), hits = hits_of_default(s.engine);
    fast_drops_tell(&s.drops);
    CU_ASSERT_EQUAL(unsolicited(s.engine), before + s.dropped);
    CU_ASSERT_EQUAL(hits_of_default(s.engine), hits + s.dropped);
    stop(&s);
}

static void only_when_asked(void)
{
    static struct scene s;
    uint8_t packet[FRAME_MAX];
    start(&s, the_offload, CONFIG_NAT);
    size_t len = packet_to(&s, packet, "203.0.113.1:443", "198.51.100.7:700");
    CU_ASSERT_TRUE(program_drops(&s, OFFLOAD_XDP, packet, len));
    fast_drops_end(&s.drops);
    CU_ASSERT_FALSE(program_drops(&s, OFFLOAD_XDP, packet, len));
    s.config.offload_unsolicited = false;
    fast_drops_start(&s.drops, s.engine, s.offload, &s.config);
    CU_ASSERT_FALSE(program_drops(&s, OFFLOAD_XDP, packet, len));
    s.config.offload_unsolicited = true;
    s.config.mode = CONFIG_MONITOR;
    fast_drops_start(&s.drops, s.engine, s.offload, &s.config);
    CU_ASSERT_FALSE(program_drops(&s, OFFLOAD_XDP, packet, len));
    s.config.mode = CONFIG_NAT;
    fast_drops_start(&s.drops, s.engine, s.offload, &s.config);
    CU_ASSERT_TRUE(program_drops(&s, OFFLOAD_XDP, packet, len));
    stop(&s);
}

static bool drops_from(struct scene *s, const char *from, enum offload_place place)
{
    uint8_t packet[FRAME_MAX];
    return program_drops(s, place, packet, packet_to(s, packet, from, "10.0.0.9:3000"));
}

/* A tick of the kernel's clock, at 100 a second. */
static void next_tick(void)
{
    usleep(11000);
}

/* One question holds for all, but no longer than a tick, and not where a rule names sources. */
static void where_it_goes(void)
{
    static const enum offload_place PLACES[] = {OFFLOAD_XDP, OFFLOAD_TC};
    static struct scene s;
    start(&s, the_offload, CONFIG_FIREWALL);
    for (unsigned i = 0; i < 2; i++) {
        CU_ASSERT_TRUE(drops_from(&s, "203.0.113.1:443", PLACES[i]) &&
                       drops_from(&s, "203.0.113.2:443", PLACES[i]));
        CU_ASSERT_EQUAL_FATAL(system("ip route add 10.0.0.9/32 via 192.0.2.2"), 0);
        next_tick();
        CU_ASSERT_FALSE(drops_from(&s, "203.0.113.1:443", PLACES[i]));
        CU_ASSERT_EQUAL_FATAL(system("ip route del 10.0.0.9/32"), 0);
        CU_ASSERT_EQUAL_FATAL(
            system("ip rule add from 203.0.113.1 lookup 77 && ip route add default via 192.0.2.2 table 77"),
            0);
        fast_drops_look(&s.drops);
        for (unsigned n = 0; n < 100; n++) {
            CU_ASSERT_TRUE(drops_from(&s, "203.0.113.2:443", PLACES[i]));
            CU_ASSERT_FALSE(drops_from(&s, "203.0.113.1:443", PLACES[i]));
        }
        CU_ASSERT_EQUAL_FATAL(system("ip rule del from 203.0.113.1 lookup 77 && ip route flush table 77"), 0);
        fast_drops_look(&s.drops);
        next_tick();
        CU_ASSERT_TRUE(drops_from(&s, "203.0.113.1:443", PLACES[i]));
    }
    stop(&s);
}

static bool drops_from6(struct scene *s, const char *from, enum offload_place place)
{
    uint8_t packet[FRAME_MAX];
    return program_drops(s, place, packet, packet_to(s, packet, from, "[2001:db8:1::9]:3000"));
}

/* A route of IPv6 may name sources itself. Nobody tells the program. */
static void where_it_goes_from(void)
{
    static const enum offload_place PLACES[] = {OFFLOAD_XDP, OFFLOAD_TC};
    static const char ASTRAY[] = "[2001:db8:9::1]:443", OTHER[] = "[2001:db8:9::2]:443";
    static struct scene s;
    start(&s, the_offload, CONFIG_FIREWALL);
    for (unsigned i = 0; i < 2; i++) {
        CU_ASSERT_TRUE(drops_from6(&s, ASTRAY, PLACES[i]) && drops_from6(&s, OTHER, PLACES[i]));
        CU_ASSERT_EQUAL_FATAL(
            system("ip -6 route add 2001:db8:1::9/128 from 2001:db8:9::1/128 via 2001:db8:2::2 dev wan0"), 0);
        next_tick();
        for (unsigned n = 0; n < 100; n++) {
            CU_ASSERT_TRUE(drops_from6(&s, OTHER, PLACES[i]));
            CU_ASSERT_FALSE(drops_from6(&s, ASTRAY, PLACES[i]));
        }
        CU_ASSERT_EQUAL_FATAL(system("ip -6 route del 2001:db8:1::9/128 from 2001:db8:9::1/128"), 0);
        next_tick();
        CU_ASSERT_TRUE(drops_from6(&s, OTHER, PLACES[i]) && drops_from6(&s, ASTRAY, PLACES[i]));
    }
    stop(&s);
}

static bool has_links(void)
{
    return system(
               "ip link add wan0 address 02:00:00:00:00:07 type veth peer name far0 && "
               "ip link set wan0 up && ip link set far0 up && "
               "ip link add lan0 type veth peer name near0 && ip link set lan0 up && ip link set near0 up && "
               "ip link set lo up && ip addr add 10.0.0.1/24 dev lan0 && ip addr add 192.0.2.1/24 dev wan0 "
               "&& "
               "ip addr add 2001:db8:1::1/64 dev lan0 nodad && ip addr add 2001:db8:2::1/64 dev wan0 nodad "
               "&& "
               "ip route add default via 192.0.2.2 && ip -6 route add default via 2001:db8:2::2 && "
               "echo 1 >/proc/sys/net/ipv4/ip_forward && echo 1 >/proc/sys/net/ipv6/conf/all/forwarding") ==
           0;
}

int main(void)
{
    static const struct test TESTS[] = {
        {"X8 S2: what the program drops the engine would have dropped as unsolicited", never_falsely},
        {"X8 S2 F3: what the program drops for want of a flow the engine would have dropped too",
         never_a_flow},
        {"X8 S2: where a packet would go is asked again after a tick, and for each source where rules name "
         "them",
         where_it_goes},
        {"X8 S2: it is asked for each source, too, where routes of IPv6 name them", where_it_goes_from},
        {"X8 M1: a switch turns it off, and mode monitor does", only_when_asked},
    };
    char error[OFFLOAD_ERROR_MAX];
    if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0 || !has_links()) {
        puts("skipped: no network of its own");
        return SKIPPED;
    }
    the_offload = offload_new(2000, NULL, boot_now(), error);
    if (!the_offload) {
        printf("skipped: %s\n", error);
        return SKIPPED;
    }
    TEST_SUITE("unsolicited packets", TESTS);
    int status = test_main();
    offload_free(the_offload);
    return status;
}
