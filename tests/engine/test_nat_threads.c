/* Two workers translate while a third thread changes the address, reloads and reports. */
#include "nat_router.h"
#include "packets.h"
#include "random.h"
#include "suite.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define PACKETS 20000
#define HOSTS 50

struct load {
    struct engine *engine;
    uint64_t random;
    unsigned left, untranslated;
    atomic_bool *stop;
};

static bool is_inside(const struct qw_endpoint *endpoint)
{
    return endpoint->addr.bytes[12] == 10;
}

static void send_one(struct load *load, struct engine_worker *worker, struct qw_time now)
{
    char inside[QW_ENDPOINT_TEXT_MAX];
    uint8_t bytes[256];
    struct packet_view view;
    struct engine_verdict verdict;
    snprintf(inside, sizeof inside, "10.0.0.%u:%u", 1 + test_random(&load->random) % HOSTS,
             5000 + test_random(&load->random) % 4);
    size_t len = test_udp(bytes, sizeof bytes, inside, WAN, "payload", 7);
    struct engine_packet packet = {
        .data = bytes, .writable = bytes, .captured = len, .wire_len = (uint32_t)len, .from = ENGINE_INSIDE};
    engine_handle(worker, &packet, now, &verdict);
    if (verdict.action != ENGINE_ACCEPT)
        return;
    load->left++;
    if (packet_decode(bytes, len, (uint32_t)len, &view) != QW_OK || is_inside(&view.tuple.src))
        load->untranslated++;
}

static void *sends(void *context)
{
    struct load *load = context;
    struct engine_worker *worker = engine_worker_new(load->engine);
    for (unsigned i = 0; i < PACKETS; i++) {
        struct qw_time now = {SECOND + i * QW_NS_PER_MS};
        send_one(load, worker, now);
        if (i % 64 == 0)
            engine_tick(worker, now, 16);
    }
    engine_worker_free(worker);
    return NULL;
}

static void *changes(void *context)
{
    struct load *load = context;
    struct nat_mapping mappings[16];
    struct engine_event events[16];
    uint64_t after = 0;
    for (unsigned i = 0; !atomic_load(load->stop); i++) {
        const uint8_t address[4] = {198, 51, 100, (uint8_t)(1 + i % 3)};
        struct qw_addr next = qw_addr_v4(address);
        engine_set_external(load->engine, i % 7 ? &next : NULL, (struct qw_time){SECOND});
        for (uint64_t cursor = 0; engine_mappings(load->engine, &cursor, mappings, 16) > 0;)
            load->left++;
        while (engine_events(load->engine, &after, events, 16) > 0)
            load->left++;
    }
    return NULL;
}

static void nothing_leaves_untranslated(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    struct engine *engine;
    atomic_bool stop = false;
    pthread_t threads[3];
    struct load loads[3];
    config.flows_max = 400;
    struct engine_options options = {.config = &config, .shards = 4, .secret = {3, 4}};
    CU_ASSERT_EQUAL_FATAL(engine_new(&options, &engine), QW_OK);
    for (unsigned i = 0; i < 3; i++) {
        loads[i] = (struct load){.engine = engine, .random = i, .stop = &stop};
        pthread_create(&threads[i], NULL, i < 2 ? sends : changes, &loads[i]);
    }
    for (unsigned i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(loads[i].untranslated, 0);
    }
    CU_ASSERT_TRUE(loads[0].left + loads[1].left > 0);
    atomic_store(&stop, true);
    pthread_join(threads[2], NULL);
    engine_free(engine);
}

void suite_nat_threads(void)
{
    static const struct test TESTS[] = {
        {"N11 N2: workers translate while the address changes, nothing leaves as it was",
         nothing_leaves_untranslated},
    };
    TEST_SUITE("NAT: threads", TESTS);
}
