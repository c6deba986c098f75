/* The spin bit of flows that go fast: the record's byte and the kernel's program against the functions that
 * the engine has. */
#include "flows.h"
#include "offload_state.h"
#include "packets.h"
#include "program.h"
#include "random.h"
#include "suite.h"
#include "suites.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Codes rise with silences, and say at least them, at most half more. */
static void codes(void)
{
    uint8_t last = 0;
    for (uint32_t ms = 0; ms < 40000; ms++) {
        uint8_t code = fast_quiet_code(ms);
        CU_ASSERT_TRUE(code >= last && code < 32);
        CU_ASSERT_TRUE(ms > 0x7fff || fast_quiet_ms(code) >= ms);
        CU_ASSERT_TRUE(ms > 0x7fff || fast_quiet_ms(code) <= ms + ms / 2);
        last = code;
    }
}

static void silences(void)
{
    CU_ASSERT_EQUAL(fast_silence(0, 5000, 4), 0); /* no packet before */
    CU_ASSERT_EQUAL(fast_silence(5000, 5000, 4), 0);
    CU_ASSERT_EQUAL(fast_silence(5000, 5004, 4), 0);
    CU_ASSERT_EQUAL(fast_silence(5000, 5005, 4), 5);
    CU_ASSERT_EQUAL(fast_silence(5004, 5000, 4), 0); /* by another processor's clock */
    CU_ASSERT_EQUAL(fast_silence(UINT32_MAX - 2, 7, 4), 10);
}

/* ---- beside the engine ---- */

/* A client and a server with 20 + 30 ms from here, that send `per_ms` packets a millisecond each. */
struct both {
    struct fast_spins fast;
    struct fast_record records[2];
    struct measure_half halves[2]; /* of the same packets, exactly timed */
    uint64_t random;
};

static void begin(struct both *both)
{
    *both = (struct both){.random = 7};
    for (unsigned way = 0; way < 2; way++)
        both->records[way] = (struct fast_record){.spin = FAST_SPIN_ONE, .flags = way ? FAST_SERVER : 0};
}

static void packet(struct both *both, unsigned way, bool one, uint32_t us)
{
    struct fast_record *record = &both->records[way];
    struct measure_half *me = &both->halves[way];
    uint32_t gap = us - me->last, ms = us / 4000 * 4; /* a tick of 4 ms */
    me->last = us;
    if (measure_agrees(me, one))
        measure_no_edges(me, 1, gap, us);
    else
        measure_flip(me, &both->halves[!way], way, one, gap, us);
    uint32_t silence = fast_silence(record->last_seen_ms, ms, 4);
    if (fast_spin_agrees(record->spin, one, record->last_seen_ms == ms))
        record->spin = fast_spin_quiet(record->spin, silence);
    else
        record->spin = fast_spin_flip(&both->fast, record, way, one, silence, us);
    record->last_seen_ms = ms;
    record->packets++;
}

/* Both ends send all the time; what they hear is 20 or 30 ms old when it comes, and as long on its way back.
 */
static void transfer(struct both *both, unsigned packets_a_ms, unsigned seconds, unsigned random_bits)
{
    static bool client[200000], server[200000]; /* what they send, by ms */
    memset(client, 0, sizeof client);
    memset(server, 0, sizeof server);
    for (uint32_t ms = 200; ms < 200 + 1000 * seconds; ms++) {
        client[ms] = !server[ms - 25]; /* the far end's 15 ms, and ours 10 */
        server[ms] = client[ms - 25];
        for (unsigned i = 0; i < packets_a_ms; i++)
            for (unsigned way = 0; way < 2; way++) {
                bool sent = way ? server[ms - 15] : client[ms - 10];
                if (test_random(&both->random) % 100 < random_bits)
                    sent = test_random(&both->random) % 2;
                packet(both, way, sent, 1000 * ms + 1000 * i / packets_a_ms + 100 * way);
            }
    }
}

static void as_exact(void)
{
    static struct both both;
    for (unsigned rate = 1; rate <= 20; rate += 19) {
        begin(&both);
        transfer(&both, rate, 20, 0);
        for (unsigned way = 0; way < 2; way++) {
            const struct measure_half *fast = &both.fast.halves[way], *exact = &both.halves[way];
            CU_ASSERT_EQUAL(fast->edge, exact->edge);
            CU_ASSERT_DOUBLE_EQUAL((double)fast->min, (double)exact->min, 0.05 * exact->min);
            CU_ASSERT_TRUE(measure_tight(fast) >= 8 && measure_tight(exact) >= 8);
            CU_ASSERT_DOUBLE_EQUAL((double)fast->smoothed, (double)exact->smoothed, 0.1 * exact->smoothed);
        }
    }
    CU_ASSERT_DOUBLE_EQUAL((double)(both.fast.halves[0].smoothed + both.fast.halves[1].smoothed), 50000,
                           5000);
}

/* Random bits are found out, cost one flip a tick then, and stay found out. */
static void random_bits(void)
{
    static struct both both;
    begin(&both);
    transfer(&both, 10, 20, 100);
    for (unsigned way = 0; way < 2; way++) {
        CU_ASSERT_TRUE(both.halves[way].noise > FAST_SPIN_NOISE);
        CU_ASSERT_TRUE(both.fast.halves[way].noise > FAST_SPIN_NOISE);
        CU_ASSERT_TRUE(both.records[way].spin & FAST_SPIN_NOISY);
    }
}

/* ---- in the kernel ---- */

static void send_one(struct kernel *kernel, enum offload_place place, const struct flow_path *path,
                     unsigned way, bool one)
{
    char from[QW_ENDPOINT_TEXT_MAX], to[QW_ENDPOINT_TEXT_MAX];
    uint8_t bytes[FRAME_MAX], data[50] = {one ? 0x60 : 0x40};
    qw_endpoint_text(&path->ways[way].match.src, path->family, from);
    qw_endpoint_text(&path->ways[way].match.dst, path->family, to);
    test_compare(kernel, place, &path->ways[way], bytes,
                 test_udp(bytes, FRAME_MAX, from, to, data, sizeof data));
}

static struct offload *room(void)
{
    char error[OFFLOAD_ERROR_MAX];
    struct offload_options options = {.flows_max = 10, .spin = true};
    struct offload *offload = offload_new_for(&options, NULL, test_now(), error);
    static const char *const NAMES[] = {"lan", "wan"};
    struct fast_port port = {.ifindex = 1, .mtu = 1500, .carrier = 1};
    for (unsigned i = 0; offload && i < 2; i++) {
        struct offload_port *at = &offload->ports.all[i];
        snprintf(at->name, sizeof at->name, "%s", NAMES[i]);
        at->place = OFFLOAD_XDP;
        at->ifindex = 1;
        at->xdp = at->tc = -1;
        CU_ASSERT_TRUE(kernel_set_port(offload->kernel, i, &port));
    }
    if (offload)
        offload_alive(offload, (struct qw_time){test_now().ns + 3600 * QW_NS_PER_SECOND});
    return offload;
}

static struct flow_path measured_path(void)
{
    struct flow_path path = test_path(1, "10.0.0.5:4000", "192.0.2.1:5000", "198.51.100.7:443");
    path.last_seen = test_now();
    path.spin = (struct flow_path_spin){.measured = 3,
                                        .client = FLOW_PATH_UP,
                                        .handshake = {5, 6},
                                        .halves = {{.smoothed = 9000, .edge = 7}}};
    return path;
}

/* The next hop is known, as after the first packet. */
static void open_way(struct kernel *kernel, const struct flow_path *path, unsigned way)
{
    static const uint8_t HOP[6] = {2, 0, 0, 0, 0, 9};
    struct fast_match match = entry_match(&path->ways[way].match);
    struct fast_record record;
    CU_ASSERT_TRUE_FATAL(kernel_take(kernel, &match, &record));
    record.route_epoch = (uint8_t)kernel_control(kernel)->epoch;
    kernel_control(kernel)->fresh = UINT8_MAX;
    memcpy(record.next_hop, HOP, sizeof HOP);
    record.hop_check = fast_hop_check(record.tag, HOP);
    CU_ASSERT_TRUE(kernel_put(kernel, &match, &record));
}

/* Twenty turns, 5 ms after each other: 10 ms for both halves, at least. */
static void by_the_program(void)
{
    struct timespec pause = {.tv_nsec = 5000000};
    struct offload *offload = room();
    struct flow_path path = measured_path();
    struct flow_path_event event = {.kind = FLOW_PATH_ADD, .path = path};
    struct flow_path_figures figures;
    uint32_t cursor = 0;
    if (!offload)
        return;
    offload_apply(offload, &event, 1, test_now(), &figures);
    const struct fast_spins *spins = kernel_spins(offload->kernel);
    CU_ASSERT_EQUAL(spins->halves[0].smoothed, 9000);
    CU_ASSERT_EQUAL(spins->halves[0].edge, 0); /* the queue may have seen others since */
    for (unsigned way = 0; way < 2; way++)
        open_way(offload->kernel, &path, way);
    CU_ASSERT_EQUAL(offload_look(offload, &cursor, test_now(), &figures, 1), 0); /* nothing came */
    for (unsigned i = 0; i < 20; i++) {
        bool one = i / 2 % 2;
        for (unsigned k = 0; k < 3; k++)
            send_one(offload->kernel, OFFLOAD_XDP, &path, i % 2, one);
        CU_ASSERT_EQUAL((spins->halves[i % 2].state & MEASURE_ONE) != 0, one);
        CU_ASSERT_EQUAL(spins->packets[i % 2], i < 2 ? 1 : 3 * (i / 2) + 1);
        nanosleep(&pause, NULL);
    }
    cursor = 0;
    CU_ASSERT_EQUAL(offload_look(offload, &cursor, test_now(), &figures, 1), 1);
    CU_ASSERT_TRUE(figures.spin.measured == 3 && figures.spin.client == FLOW_PATH_UP);
    CU_ASSERT_TRUE(figures.spin.handshake[0] == 5 && figures.spin.handshake[1] == 6);
    for (unsigned way = 0; way < 2; way++) {
        const struct measure_half *half = &figures.spin.halves[way];
        uint32_t age = (uint32_t)(test_now().ns / 1000) - half->edge;
        CU_ASSERT_TRUE(half->min >= 4900 && half->min < 100000);
        CU_ASSERT_TRUE(half->edge != 0 && age < 10000000);
        CU_ASSERT_EQUAL(half->noise, 0);
    }
    offload_free(offload);
}

/* One connection after the other on a flow: what is measured begins anew; told as it was it goes on. */
static void another_connection(void)
{
    struct offload *offload = room();
    struct flow_path path = measured_path();
    struct flow_path_event event = {.kind = FLOW_PATH_ADD, .path = path};
    struct flow_path_figures figures;
    if (!offload)
        return;
    struct fast_spins *spins = kernel_spins(offload->kernel);
    offload_apply(offload, &event, 1, test_now(), &figures);
    spins->halves[0].smoothed = 1234;
    CU_ASSERT_EQUAL(offload_apply(offload, &event, 1, test_now(), &figures), 0);
    event.path.spin.measured = 0;
    CU_ASSERT_EQUAL(offload_apply(offload, &event, 1, test_now(), &figures), 0);
    CU_ASSERT_EQUAL(spins->halves[0].smoothed, 1234);
    event.path = path;
    event.path.spin.handshake[0]++;
    CU_ASSERT_EQUAL(offload_apply(offload, &event, 1, test_now(), &figures), 1);
    CU_ASSERT_EQUAL(spins->halves[0].smoothed, 9000);
    CU_ASSERT_EQUAL(spins->handshake[0], 6);
    offload_free(offload);
}

void suite_spin(void)
{
    static const struct test TESTS[] = {
        {"O2: codes of silences say at least what they were", codes},
        {"O2: silences by a coarse clock", silences},
        {"O2: bulk transfers by a coarse clock come to what an exact one shows", as_exact},
        {"O2: random bits are found out, and cost one flip a tick", random_bits},
        {"O2 X6: the program notes edges, and the room gives them back", by_the_program},
        {"O2: another connection on the flow is measured anew", another_connection},
    };
    TEST_SUITE("offload: spin bit", TESTS);
}
