/* Workers decide flows while threads reload and another reports. Each first packet is counted by one rule or
 * the default: no hit may be lost between two settings, and nothing be read that was freed. */
#include "client.h"
#include "packets.h"
#include "random.h"
#include "suite.h"
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define WORKERS 2
#define RELOADERS 2
#define PACKETS 20000

/* The same names, so that all hits stay known, in another order, with other actions and other limits. */
#define ODD_FIRST                                                                                            \
    "rules = ({ name = \"odd\"; to_port = [1, 3, 5]; action = \"drop\"; },"                                  \
    "{ name = \"even\"; to_port = [2, 4]; action = \"drop\"; },"                                             \
    "{ name = \"names\"; sni = \"www.example.org\"; action = \"drop\"; });"                                  \
    "default_out = \"drop\"; timers = { attempt = 150; };"                                                   \
    "throttles = ({ interface = \"wan0\"; direction = \"out\"; capacity = \"10G\"; });"
#define EVEN_FIRST                                                                                           \
    "rules = ({ name = \"names\"; sni = \"www.example.com\"; action = \"reject\"; },"                        \
    "{ name = \"even\"; to_port = [2, 4, 6]; action = \"reject\"; },"                                        \
    "{ name = \"odd\"; to_port = [1, 3]; action = \"reject\"; });"                                           \
    "default_out = \"reject\"; size_limits = ({ class = \"quic\"; limit = 1300; });"                         \
    "throttles = ({ interface = \"wan0\"; direction = \"in\"; capacity = \"10G\"; });"

struct party {
    struct engine *engine;
    const struct config *configs[2];
    atomic_bool *stop;
    unsigned number;
    unsigned refused; /* or reloads that failed */
};

static void *decides(void *context)
{
    struct party *party = context;
    struct engine_worker *worker = engine_worker_new(party->engine);
    struct qw_time now = {SECOND};
    struct engine_verdict verdict;
    uint64_t random = party->number;
    uint8_t bytes[256];
    char to[] = "192.0.2.1:0";
    for (unsigned i = 0; i < PACKETS; i++) {
        to[sizeof to - 2] = (char)('1' + test_random(&random) % 8);
        size_t len = test_udp(bytes, sizeof bytes, LAN, to, "x", 1);
        struct engine_packet packet = {
            .data = bytes, .captured = len, .wire_len = (uint32_t)len, .from = ENGINE_INSIDE};
        engine_handle(worker, &packet, now, &verdict);
        party->refused += verdict.action == ENGINE_DROP;
        if (i % 64 == 0)
            engine_tick(worker, now, 8);
        now.ns += QW_NS_PER_MS;
    }
    engine_worker_free(worker);
    return NULL;
}

static void *reloads(void *context)
{
    struct party *party = context;
    for (unsigned i = party->number; !atomic_load(party->stop); i++)
        party->refused += engine_reload(party->engine, party->configs[i % 2], NULL) != QW_OK;
    return NULL;
}

static void *reports(void *context)
{
    struct party *party = context;
    struct engine_flow flows[4];
    struct engine_rule rule;
    struct engine_stats stats;
    while (!atomic_load(party->stop)) {
        for (uint32_t i = 0; engine_rule(party->engine, i, &rule); i++)
            party->refused += rule.name[0] == '\0';
        for (uint64_t cursor = 0;
             engine_flows(party->engine, &cursor, (struct qw_time){SECOND}, flows, 4) > 0;)
            continue;
        engine_stats(party->engine, &stats);
        engine_reclaim(party->engine);
    }
    return NULL;
}

static uint64_t all_hits(struct engine *engine)
{
    struct engine_rule rule;
    uint64_t sum = 0;
    for (uint32_t i = 0; engine_rule(engine, i, &rule); i++)
        sum += rule.hits;
    return sum;
}

static void no_hit_is_lost(void)
{
    enum { ALL = WORKERS + RELOADERS + 1 };
    struct config *configs[2] = {config_with("firewall", ODD_FIRST), config_with("firewall", EVEN_FIRST)};
    struct engine_options options = {.config = configs[0], .shards = 4, .secret = {3, 4}};
    struct engine *engine;
    struct party parties[ALL];
    pthread_t threads[ALL];
    atomic_bool stop = false;
    CU_ASSERT_EQUAL_FATAL(engine_new(&options, &engine), QW_OK);
    for (unsigned i = 0; i < ALL; i++) {
        parties[i] = (struct party){engine, {configs[0], configs[1]}, &stop, i, 0};
        pthread_create(&threads[i], NULL,
                       i < WORKERS   ? decides
                       : i < ALL - 1 ? reloads
                                     : reports,
                       &parties[i]);
    }
    for (unsigned i = 0; i < ALL; i++) {
        if (i == WORKERS)
            atomic_store(&stop, true);
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(parties[i].refused, i < WORKERS ? PACKETS : 0);
    }
    CU_ASSERT_EQUAL(all_hits(engine), WORKERS * PACKETS);
    CU_ASSERT_FALSE(engine_reclaim(engine));
    engine_free(engine);
    config_free(configs[0]);
    config_free(configs[1]);
}

void suite_settings_threads(void)
{
    static const struct test TESTS[] = {
        {"S2 F2: reloads from several threads under load: no hit is lost, nothing freed is read",
         no_hit_is_lost},
    };
    TEST_SUITE("settings: threads", TESTS);
}
