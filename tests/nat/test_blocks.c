/* Ports from blocks. What is told of blocks is held against the mappings: at each time, every mapping lies in
 * a block of its host, and no two hosts have one block. */
#include "nats.h"
#include "random.h"
#include "suite.h"
#include <stdlib.h>
#include <string.h>

#define SIZE 512u
#define BLOCKS (65536 / SIZE)

/* What a log of blocks says. */
struct log {
    struct qw_addr owner[BLOCKS]; /* zero: nobody */
    unsigned assigned, released, mappings;
};

static const struct qw_addr NOBODY;

static void block_changed(void *context, const struct nat_block *block, bool assigned, struct qw_time now)
{
    struct log *log = context;
    unsigned number = block->external.port / SIZE;
    (void)now;
    CU_ASSERT_EQUAL(block->external.port % SIZE, 0);
    CU_ASSERT_EQUAL(block->last, block->external.port + SIZE - 1);
    CU_ASSERT_TRUE(
        qw_addr_equal(&block->external.addr, &(struct qw_addr){.bytes = {[12] = 198, 51, 100, 1}}));
    if (assigned) {
        CU_ASSERT_TRUE(qw_addr_equal(&log->owner[number], &NOBODY));
        log->owner[number] = block->host;
        log->assigned++;
    } else {
        CU_ASSERT_TRUE(qw_addr_equal(&log->owner[number], &block->host));
        log->owner[number] = NOBODY;
        log->released++;
    }
}

static void mapping_changed(void *context, const struct nat_mapping *mapping, bool created,
                            struct qw_time now)
{
    (void)mapping;
    (void)created;
    (void)now;
    ((struct log *)context)->mappings++;
}

static struct nat_options with_blocks(struct log *log, enum nat_choice choice)
{
    struct nat_options options = plain();
    *log = (struct log){0};
    options.choice = choice;
    options.block = SIZE;
    options.block_changed = block_changed;
    options.changed = mapping_changed;
    options.context = log;
    return options;
}

static bool is_covered(const struct log *log, struct qw_endpoint inside, uint16_t port)
{
    return qw_addr_equal(&log->owner[port / SIZE], &inside.addr);
}

static void one_record(enum nat_choice choice)
{
    struct log log;
    struct nat_options options = with_blocks(&log, choice);
    struct nat *nat = make(&options);
    for (uint16_t i = 0; i < SIZE; i++) {
        uint16_t port = port_for(nat, host_port(1, (uint16_t)(2000 + i)), i);
        CU_ASSERT_TRUE(is_covered(&log, host_port(1, 0), port));
        CU_ASSERT_EQUAL(port % 2, i % 2); /* RFC 4787 REQ-4 */
        CU_ASSERT(port >= 1024);
    }
    CU_ASSERT_EQUAL(log.assigned,
                    1 + (log.assigned == 2)); /* a block may have a port that is never handed out */
    CU_ASSERT_EQUAL(log.mappings, 0);
    uint16_t other = port_for(nat, host_port(2, 2000), SIZE);
    CU_ASSERT_TRUE(is_covered(&log, host_port(2, 0), other));
    nat_free(nat);
}

static void a_record_a_block(void)
{
    one_record(NAT_KEYED);
    one_record(NAT_RANDOM);
}

/* It stays while a port rests: a host that asks again and again is no record each time. */
static void idle_blocks(void)
{
    struct log log;
    struct nat_options options = with_blocks(&log, NAT_KEYED);
    struct nat *nat = make(&options);
    for (unsigned i = 0; i < 50; i++)
        end(nat, begin(nat, host_port(1, (uint16_t)(2000 + i)), i * SECOND), i * SECOND);
    CU_ASSERT_EQUAL(log.assigned, 1);
    CU_ASSERT_EQUAL(log.released, 0);
    for (unsigned i = 0; i < BLOCKS; i++) /* others make mappings meanwhile: that is when it is looked at */
        end(nat, begin(nat, host_port(2, 3000), 50 * SECOND + REST), 50 * SECOND + REST);
    CU_ASSERT_EQUAL(log.released, 1);
    nat_free(nat);
}

/* All blocks have a host, and all but one of them are in use: the idle one goes to whoever asks. */
static void the_last_block(void)
{
    struct log log;
    struct nat_options options = with_blocks(&log, NAT_KEYED);
    struct nat *nat = make(&options);
    unsigned hosts = 0;
    nat_external first = begin(nat, host_port(0, 2000), 0);
    while (answer(nat, host_port(++hosts, 2000), 0) == NAT_OK)
        ;
    CU_ASSERT_EQUAL(hosts, BLOCKS - 1024 / SIZE);
    CU_ASSERT_EQUAL(log.assigned, hosts);
    CU_ASSERT_EQUAL(answer(nat, host_port(1000, 2000), 0), NAT_NO_PORT);
    CU_ASSERT_EQUAL(answer(nat, host_port(5, 2002), 0), NAT_OK); /* who has one gets more */
    end(nat, first, SECOND);
    CU_ASSERT_EQUAL(answer(nat, host_port(1000, 2000), SECOND), NAT_OK);
    CU_ASSERT_EQUAL(log.released, 1);
    CU_ASSERT_EQUAL(log.assigned, hosts + 1);
    nat_free(nat);
}

/* Two routers with one secret choose alike, and a host has its block again. */
static void keyed_blocks(void)
{
    struct log logs[2];
    struct qw_hash_key kept = {7, 8};
    struct nat_options one = with_blocks(&logs[0], NAT_KEYED), other = with_blocks(&logs[1], NAT_KEYED);
    one.kept = other.kept = &kept;
    other.secret = (struct qw_hash_key){9, 9};
    struct nat *a = make(&one), *b = make(&other);
    for (uint32_t host = 0; host < 20; host++)
        CU_ASSERT_EQUAL(port_for(a, host_port(host, 2000), 0), port_for(b, host_port(host, 2000), 0));
    nat_free(a);
    nat_free(b);
}

static void another_address(void)
{
    struct log log;
    struct nat_options options = with_blocks(&log, NAT_KEYED);
    struct nat *nat = make(&options);
    begin(nat, host_port(1, 2000), 0);
    begin(nat, host_port(2, 2000), 0);
    nat_set_address(nat, 0, NULL, at(SECOND));
    CU_ASSERT_EQUAL(log.assigned, 2);
    CU_ASSERT_EQUAL(log.released, 2);
    nat_free(nat);
}

/* Mappings of the process before, which had no blocks: those in a block of another host are told one by one.
 */
static void adopted(void)
{
    struct log log;
    struct nat_options options = with_blocks(&log, NAT_KEYED);
    struct nat *nat = make(&options);
    struct nat_mapping record = {.inside = host_port(1, 2000), .external = {ip("198.51.100.1"), 40000}};
    CU_ASSERT_EQUAL(nat_adopt(nat, &record, at(0)), NAT_ADOPTED);
    record = (struct nat_mapping){.inside = host_port(2, 2000), .external = {ip("198.51.100.1"), 40002}};
    CU_ASSERT_EQUAL(nat_adopt(nat, &record, at(0)), NAT_ADOPTED);
    CU_ASSERT_EQUAL(log.assigned, 0);
    CU_ASSERT_EQUAL(port_for(nat, host_port(1, 2002), 0) / SIZE, 40000 / SIZE);
    CU_ASSERT_NOT_EQUAL(port_for(nat, host_port(2, 2002), 0) / SIZE, 40000 / SIZE);
    log.owner[40000 / SIZE] = host_port(1, 0).addr; /* as the process before has told */
    CU_ASSERT_EQUAL(nat_adopt_end(nat, at(SECOND)), 2);
    CU_ASSERT_EQUAL(log.mappings, 1);
    nat_free(nat);
}

/* What the router uses or reserves is 44 % of all ports on a plain Linux, in one piece. */
static void around_the_router(void)
{
    struct log log;
    struct nat_options options = with_blocks(&log, NAT_RANDOM);
    struct nat *nat = make(&options);
    uint64_t router[QW_PORT_WORDS] = {0};
    for (unsigned port = 32768; port < 61000; port++)
        router[port / 64] |= UINT64_C(1) << port % 64;
    nat_set_router_ports(nat, router);
    for (uint32_t host = 0; host < 60; host++) {
        uint16_t port = port_for(nat, host_port(host, 2001), 0);
        CU_ASSERT(port < 32768 || port >= 61000);
    }
    nat_free(nat);
}

/* Nearly all of the ports belong to others. */
static void a_small_pool(void)
{
    static const struct qw_port_range PORTS[] = {{700, 1300}, {50000, 50600}};
    struct log log;
    struct nat_options options = with_blocks(&log, NAT_RANDOM);
    options.ports = PORTS;
    options.port_count = 2;
    struct nat *nat = make(&options);
    CU_ASSERT(port_for(nat, host_port(1, 500), 0) < 1024); /* RFC 4787 REQ-3a */
    CU_ASSERT(port_for(nat, host_port(2, 5000), 0) >= 1024);
    CU_ASSERT(port_for(nat, host_port(3, 5001), 0) >= 1024);
    CU_ASSERT(port_for(nat, host_port(1, 5001), 0) >= 1024);
    nat_free(nat);
}

#define HOSTS 40u
#define EACH 60u

/* Hosts that begin and end mappings at random, for hours. */
static void at_random(void)
{
    struct log log;
    struct nat_options options = with_blocks(&log, NAT_RANDOM);
    struct nat *nat = make(&options);
    static nat_external held[HOSTS][EACH];
    memset(held, 0, sizeof held);
    uint64_t random = 7;
    for (uint64_t i = 0; i < 60000; i++) {
        uint64_t ns = i * SECOND / 10;
        uint32_t host = test_random(&random) % HOSTS, n = test_random(&random) % EACH;
        if (held[host][n]) {
            end(nat, held[host][n], ns);
            held[host][n] = 0;
            continue;
        }
        if (host > ns / (600 * SECOND)) /* ever more of them */
            continue;
        held[host][n] = begin(nat, host_port(host, (uint16_t)(2000 + n)), ns);
        CU_ASSERT_TRUE(is_covered(&log, host_port(host, 0), nat_endpoint(nat, held[host][n]).port));
    }
    struct nat_mapping mappings[64];
    uint64_t cursor = 0;
    size_t count;
    while ((count = nat_mappings(nat, &cursor, mappings, 64)) > 0)
        for (size_t i = 0; i < count; i++)
            CU_ASSERT_TRUE(is_covered(&log, mappings[i].inside, mappings[i].external.port));
    CU_ASSERT_EQUAL(log.mappings, 0);
    CU_ASSERT(log.assigned < 60);
    nat_free(nat);
}

void suite_blocks(void)
{
    static const struct test TESTS[] = {
        {"N14: a host has its ports from blocks of its own, a record each", a_record_a_block},
        {"N14: an idle block stays its host's as long as a port rests", idle_blocks},
        {"N14 N10: without free blocks new hosts are refused, and get what is idle", the_last_block},
        {"N14: blocks are found around the ports of the router", around_the_router},
        {"N14 N3: blocks are found in a small pool, of the range that is asked for", a_small_pool},
        {"N14 N16: with one secret blocks and ports are the same everywhere", keyed_blocks},
        {"N14: blocks end with the address", another_address},
        {"N14: mappings of a process without blocks are told one by one", adopted},
        {"N14: every mapping lies in a block of its host, at random for hours", at_random},
    };
    TEST_SUITE("nat: blocks", TESTS);
}
