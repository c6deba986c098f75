/* engine_expect changes nothing but the time that a packet takes. */
#include "nat_router.h"
#include "packets.h"
#include "random.h"
#include "suite.h"
#include <stdio.h>
#include <string.h>

#define ROUNDS 400
#define BATCH 16

struct side {
    struct router router;
    uint8_t bytes[BATCH][256];
    struct engine_packet packets[BATCH];
};

/* Few endpoints, so that flows begin, go on and end, mappings too, and packets of one batch meet. */
static size_t any_packet(uint64_t *random, uint8_t *out, size_t size, enum engine_origin *origin)
{
    char inside[QW_ENDPOINT_TEXT_MAX], remote[QW_ENDPOINT_TEXT_MAX];
    unsigned port = 5000 + test_random(random) % 20;
    *origin = test_random(random) % 3 ? ENGINE_INSIDE : ENGINE_OUTSIDE;
    snprintf(inside, sizeof inside, "10.0.0.%u:%u", 1 + test_random(random) % 4, port);
    snprintf(remote, sizeof remote, "192.0.2.%u:%u", 1 + test_random(random) % 4, port % 3);
    if (test_random(random) % 8 == 0)
        snprintf(remote, sizeof remote, EXTERNAL ":%u", 1024 + test_random(random) % 60);
    if (*origin == ENGINE_INSIDE)
        return test_udp(out, size, inside, remote, "payload", 7);
    snprintf(inside, sizeof inside, EXTERNAL ":%u", 1024 + test_random(random) % 60);
    return test_udp(out, size, remote, inside, "payload", 7);
}

static void fill(struct side *side, uint64_t *random)
{
    for (unsigned i = 0; i < BATCH; i++) {
        enum engine_origin from;
        size_t len = any_packet(random, side->bytes[i], sizeof side->bytes[i], &from);
        len -= test_random(random) % 50 == 0; /* malformed */
        side->packets[i] = (struct engine_packet){.data = side->bytes[i],
                                                  .writable = side->bytes[i],
                                                  .captured = len,
                                                  .wire_len = (uint32_t)len,
                                                  .from = from};
    }
}

static void compare(struct side *with, struct side *without)
{
    engine_expect(with->router.worker, with->packets, BATCH);
    for (unsigned i = 0; i < BATCH; i++) {
        struct engine_verdict one, two;
        engine_handle(with->router.worker, &with->packets[i], with->router.now, &one);
        engine_handle(without->router.worker, &without->packets[i], without->router.now, &two);
        CU_ASSERT_EQUAL(one.action, two.action);
        CU_ASSERT_EQUAL(one.reason, two.reason);
        CU_ASSERT_EQUAL(one.flow, two.flow);
        CU_ASSERT_EQUAL(one.translated, two.translated);
    }
    CU_ASSERT_EQUAL(memcmp(with->bytes, without->bytes, sizeof with->bytes), 0);
}

static void equal_in(struct config config)
{
    static struct side with, without;
    static struct qw_port_range ports = {1024, 1083};
    uint64_t random[2] = {5, 5};
    config.nat_ports = (struct config_ports){1, &ports};
    config.flows_max = 40;
    with.router = router_start(&config);
    without.router = router_start(&config);
    for (unsigned round = 0; round < ROUNDS; round++) {
        fill(&with, &random[0]);
        fill(&without, &random[1]);
        compare(&with, &without);
        with.router.now.ns = without.router.now.ns += 3 * SECOND;
        engine_tick(with.router.worker, with.router.now, 4);
        engine_tick(without.router.worker, without.router.now, 4);
    }
    CU_ASSERT_TRUE(stats(&with.router).counters.accepted > ROUNDS);
    struct engine_stats s = stats(&with.router);
    CU_ASSERT_TRUE(s.counters.flows_expired + s.counters.flows_evicted > 0);
    router_stop(&with.router);
    router_stop(&without.router);
}

static void as_a_firewall(void)
{
    equal_in(router_config(CONFIG_FIREWALL));
}

static void with_translation(void)
{
    equal_in(nat_config(CONFIG_ENDPOINT_INDEPENDENT));
}

/* Other packets come than was told. */
static void what_was_told_may_not_come(void)
{
    static struct side side;
    struct engine_verdict verdict;
    uint64_t random = 9;
    struct config config = router_config(CONFIG_FIREWALL);
    side.router = router_start(&config);
    fill(&side, &random);
    engine_expect(side.router.worker, side.packets, BATCH);
    for (unsigned i = BATCH; i-- > 0;)
        engine_handle(side.router.worker, &side.packets[i], side.router.now, &verdict);
    CU_ASSERT_EQUAL(stats(&side.router).counters.packets, BATCH);
    CU_ASSERT_TRUE(out(&side.router, LAN, WAN, "x", 1));
    CU_ASSERT_TRUE(in(&side.router, WAN, LAN, "x", 1));
    router_stop(&side.router);
}

void suite_ahead(void)
{
    static const struct test TESTS[] = {
        {"N13: packets told ahead fare alike in a firewall", as_a_firewall},
        {"N13: and with translation", with_translation},
        {"S3: other packets may come than were told", what_was_told_may_not_come},
    };
    TEST_SUITE("packets told ahead", TESTS);
}
