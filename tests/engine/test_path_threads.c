/* The ring alone, and workers that tell of paths while others end flows and read. */
#include "packets.h"
#include "path_ring.h"
#include "path_router.h"
#include "random.h"
#include "suite.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { ENTRIES = 50000, PACKETS = 10000, HOSTS = 40, IDS_MAX = 65536 };

/* ---- the ring ---- */

static void a_ring_is_bounded(void)
{
    struct path_ring ring;
    struct path_entry entry = {0}, out[3];
    CU_ASSERT_TRUE_FATAL(path_ring_init(&ring));
    atomic_store(&ring.read, UINT32_MAX - 5); /* the counts go over */
    atomic_store(&ring.written, UINT32_MAX - 5);
    for (entry.id = 1; entry.id <= PATH_RING; entry.id++)
        CU_ASSERT_TRUE(path_ring_put(&ring, &entry));
    CU_ASSERT_FALSE(path_ring_put(&ring, &entry));
    CU_ASSERT_EQUAL(path_ring_take(&ring, out, 3), 3);
    CU_ASSERT_EQUAL(out[0].id, 1);
    CU_ASSERT_EQUAL(out[2].id, 3);
    CU_ASSERT_TRUE(path_ring_put(&ring, &entry));
    unsigned left = 0;
    for (uint64_t id = 4; path_ring_take(&ring, out, 1) == 1; id++, left++)
        CU_ASSERT_EQUAL(out[0].id, id);
    CU_ASSERT_EQUAL(left, PATH_RING - 2);
    path_ring_free(&ring);
}

static void *produces(void *context)
{
    struct path_entry entry = {0};
    for (entry.id = 1; entry.id <= ENTRIES;) {
        entry.slot = (uint32_t)entry.id * 3;
        if (path_ring_put(context, &entry))
            entry.id++;
        else
            sched_yield();
    }
    return NULL;
}

static void two_threads_share_a_ring(void)
{
    struct path_ring ring;
    struct path_entry out[7];
    pthread_t thread;
    uint64_t last = 0, wrong = 0;
    CU_ASSERT_TRUE_FATAL(path_ring_init(&ring));
    pthread_create(&thread, NULL, produces, &ring);
    while (last < ENTRIES) {
        unsigned count = path_ring_take(&ring, out, 7);
        for (unsigned i = 0; i < count; i++, last++)
            wrong += out[i].id != last + 1 || out[i].slot != (uint32_t)out[i].id * 3;
        if (count == 0)
            sched_yield();
    }
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(wrong, 0);
    path_ring_free(&ring);
}

/* ---- the engine ---- */

struct load {
    struct engine *engine;
    struct engine_worker *worker;
    uint64_t random;
    atomic_bool *stop;
    bool *alive; /* of the reader: by id */
    unsigned events;
};

static bool pass(struct load *load, enum engine_origin from, const char *src, const char *dst,
                 struct qw_time now, struct qw_tuple *left)
{
    uint8_t bytes[128];
    struct packet_view view;
    struct engine_verdict verdict;
    size_t len = test_udp(bytes, sizeof bytes, src, dst, "payload", 7);
    struct engine_packet packet = {
        .data = bytes, .writable = bytes, .captured = len, .wire_len = (uint32_t)len, .from = from};
    engine_handle(load->worker, &packet, now, &verdict);
    bool passed = verdict.action == ENGINE_ACCEPT && packet_decode(bytes, len, (uint32_t)len, &view) == QW_OK;
    if (passed)
        *left = view.tuple;
    return passed;
}

static void *sends(void *context)
{
    struct load *load = context;
    char inside[QW_ENDPOINT_TEXT_MAX], external[QW_ENDPOINT_TEXT_MAX];
    struct qw_tuple left;
    for (unsigned i = 0; i < PACKETS; i++) {
        struct qw_time now = {SECOND + i * 50 * QW_NS_PER_MS};
        snprintf(inside, sizeof inside, "10.0.0.%u:5000", 1 + test_random(&load->random) % HOSTS);
        if (pass(load, ENGINE_INSIDE, inside, WAN, now, &left)) {
            qw_endpoint_text(&left.src, QW_IPV4, external);
            pass(load, ENGINE_OUTSIDE, WAN, external, now, &left);
        }
        engine_tick(load->worker, now, 16);
    }
    return NULL;
}

static void *changes(void *context)
{
    struct load *load = context;
    for (unsigned i = 0; !atomic_load(load->stop); i++) {
        const uint8_t address[4] = {198, 51, 100, (uint8_t)(1 + i % 3)};
        struct qw_addr next = qw_addr_v4(address);
        engine_set_external(load->engine, &next, (struct qw_time){SECOND});
        sched_yield();
    }
    return NULL;
}

static void list_all(struct load *load)
{
    struct flow_path path;
    memset(load->alive, 0, IDS_MAX);
    for (uint64_t cursor = 0; engine_paths_all(load->engine, &cursor, (struct qw_time){0}, &path, 1) == 1;)
        load->alive[path.id % IDS_MAX] = true;
}

static bool read_some(struct load *load)
{
    struct flow_path_event events[16];
    bool resync = false;
    size_t count = engine_paths(load->engine, events, 16, &resync);
    for (size_t i = 0; i < count; i++)
        load->alive[events[i].path.id % IDS_MAX] = events[i].kind != FLOW_PATH_END;
    if (resync)
        list_all(load);
    load->events += (unsigned)count;
    return count > 0 || resync;
}

static void *reads(void *context)
{
    struct load *load = context;
    while (!atomic_load(load->stop))
        if (!read_some(load))
            sched_yield();
    while (read_some(load))
        ;
    return NULL;
}

/* What the reader knows in the end is what the engine lists. */
static unsigned count_wrong(struct load *load)
{
    static bool known[IDS_MAX];
    unsigned wrong = 0;
    memcpy(known, load->alive, IDS_MAX);
    list_all(load);
    for (unsigned id = 0; id < IDS_MAX; id++)
        wrong += known[id] != load->alive[id];
    return wrong;
}

static void the_reader_ends_up_right(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    static bool alive[IDS_MAX];
    atomic_bool stop = false;
    struct load loads[4];
    pthread_t threads[4];
    void *(*const what[4])(void *) = {sends, sends, changes, reads};
    config.flows_max = 64;
    struct engine_options options = {.config = &config, .shards = 4, .secret = {3, 4}, .paths = true};
    struct engine *engine;
    CU_ASSERT_EQUAL_FATAL(engine_new(&options, &engine), QW_OK);
    for (unsigned i = 0; i < 4; i++) {
        loads[i] = (struct load){.engine = engine, .random = i, .stop = &stop, .alive = alive};
        loads[i].worker = i < 2 ? engine_worker_new(engine) : NULL;
    }
    for (unsigned i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, what[i], &loads[i]);
    for (unsigned i = 0; i < 4; i++) {
        if (i == 2)
            atomic_store(&stop, true);
        pthread_join(threads[i], NULL);
    }
    while (read_some(&loads[3])) /* what the address' change told last */
        ;
    CU_ASSERT_TRUE(loads[3].events > 0);
    CU_ASSERT_EQUAL(count_wrong(&loads[3]), 0);
    for (unsigned i = 0; i < 2; i++)
        engine_worker_free(loads[i].worker);
    engine_free(engine);
}

void suite_path_threads(void)
{
    static const struct test TESTS[] = {
        {"S3: a ring is bounded and keeps the order", a_ring_is_bounded},
        {"S3: a ring loses nothing between two threads", two_threads_share_a_ring},
        {"C9 N11: whoever reads paths knows the right ones in the end", the_reader_ends_up_right},
    };
    TEST_SUITE("paths: threads", TESTS);
}
