/* Two workers read datagrams of one flow at once, halves of two attempts in opposite order: what one learnt
 * must not be lost when the other writes. */
#include "client.h"
#include "suite.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define FLOWS 500
#define ROUNDS 6
#define PIECE 1200
#define PACKET_MAX 1500
#define NAME "www.example.org"

/* A flow's datagrams: two attempts, each in two halves. */
static struct datagram {
    size_t len;
    uint8_t bytes[PACKET_MAX];
} datagrams[FLOWS][2][2];

/* CUnit counts in one thread only, so that the datagrams are made before the others begin; `maker` sends each
 * once. */
static void make_datagrams(struct router *maker)
{
    char from[40];
    for (unsigned flow = 0; flow < FLOWS; flow++)
        for (unsigned attempt = 0; attempt < 2; attempt++) {
            struct client c = client_of(NAME, (uint8_t)(flow ^ attempt << 7), 2 * PIECE);
            snprintf(from, sizeof from, "10.0.0.5:%u", 5000 + flow);
            c.from = from;
            for (unsigned half = 0; half < 2; half++) {
                client_sends(maker, &c, half * PIECE, half * PIECE + PIECE);
                CU_ASSERT_FATAL(maker->packet_len <= PACKET_MAX);
                datagrams[flow][attempt][half].len = maker->packet_len;
                memcpy(datagrams[flow][attempt][half].bytes, maker->packet, maker->packet_len);
            }
        }
}

struct sender {
    struct engine_worker *worker;
    struct qw_time now;
    unsigned number;
    atomic_uint *ready; /* how often both together were ready for a flow */
};

/* Both begin with a flow together: a barrier that sleeps would wake one late. */
static void await_other(struct sender *sender, unsigned flow)
{
    atomic_fetch_add(sender->ready, 1);
    for (unsigned looks = 0; atomic_load(sender->ready) < 2 * (flow + 1); looks++)
        if (looks > 100000) /* on one core it comes only when this one goes */
            sched_yield();
}

static void *send_halves(void *context)
{
    struct sender *sender = context;
    struct engine_verdict verdict;
    for (unsigned flow = 0; flow < FLOWS; flow++) {
        await_other(sender, flow);
        for (unsigned i = 0; i < 2; i++) {
            const struct datagram *d = &datagrams[flow][i ^ sender->number][sender->number];
            struct engine_packet packet = {
                .data = d->bytes, .captured = d->len, .wire_len = (uint32_t)d->len, .from = ENGINE_INSIDE};
            engine_handle(sender->worker, &packet, sender->now, &verdict);
        }
    }
    return NULL;
}

static struct router router_of_many(void)
{
    struct config config = router_config(CONFIG_FIREWALL);
    config.flows_max = config.handshakes_max = 2 * FLOWS;
    return router_start(&config);
}

static unsigned names_known(struct router *r)
{
    static struct engine_flow flows[FLOWS];
    uint64_t cursor = 0;
    unsigned known = 0;
    for (size_t count; (count = engine_flows(r->engine, &cursor, r->now, flows, FLOWS)) > 0;)
        for (size_t i = 0; i < count; i++)
            known += flows[i].hello.known && strcmp(flows[i].hello.sni, NAME) == 0;
    return known;
}

static void halves_read_at_once(void)
{
    struct router r = router_of_many();
    atomic_uint ready = 0;
    struct sender first = {r.worker, r.now, 0, &ready}, second = {NULL, r.now, 1, &ready};
    pthread_t thread;
    second.worker = engine_worker_new(r.engine);
    CU_ASSERT_PTR_NOT_NULL_FATAL(second.worker);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, send_halves, &second), 0);
    send_halves(&first);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(names_known(&r), FLOWS);
    CU_ASSERT_EQUAL(stats(&r).counters.hellos, 2 * FLOWS);
    engine_worker_free(second.worker);
    router_stop(&r);
}

/* On a busy machine the two seldom run at once: again and again. */
static void many_rounds(void)
{
    struct router maker = router_of_many();
    make_datagrams(&maker);
    router_stop(&maker);
    for (unsigned round = 0; round < ROUNDS; round++)
        halves_read_at_once();
}

void suite_handshake_threads(void)
{
    static const struct test TESTS[] = {
        {"W5 F1: two workers that read one flow's ClientHellos lose nothing of them", many_rounds},
    };
    TEST_SUITE("handshake threads", TESTS);
}
