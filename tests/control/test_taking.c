/* Flows of a copy on their way into an engine: what is there afterwards is what the copy says. */
#include "suite.h"
#include "taking.h"
#include "test_control.h"
#include <quicward/engine.h>
#include <string.h>

enum { SLOTS = 1500, FLOWS = 1000 }; /* of several readings, with holes */

static struct peer_options options;
static struct record_terms terms;
static struct peer_reader reader;
static uint8_t store[SLOTS * RECORD_SIZE];

static const struct qw_time NOW = {100 * QW_NS_PER_SECOND};

static struct qw_time now(void)
{
    return NOW;
}

static struct qw_addr ipv4(unsigned a, unsigned b, unsigned number)
{
    return qw_addr_v4((const uint8_t[4]){(uint8_t)a, (uint8_t)b, (uint8_t)(number >> 8), (uint8_t)number});
}

static const struct qw_addr *external_addr(void)
{
    static struct qw_addr addr;
    addr = qw_addr_v4((const uint8_t[4]){198, 51, 100, 7});
    return &addr;
}

static uint16_t port_of(unsigned number)
{
    return (uint16_t)(43000 + 2 * number);
}

/* Each has a mapping of its own. */
static struct engine_mirrored flow(unsigned number)
{
    return (struct engine_mirrored){.family = QW_IPV4,
                                    .inside = {ipv4(10, 0, number), 5000},
                                    .outside = {ipv4(192, 0, 513), 443},
                                    .external = {*external_addr(), port_of(number)},
                                    .state = FLOW_TWO_WAY,
                                    .class = FLOW_RETURNED,
                                    .flags = ENGINE_MIRROR_BEGUN_INSIDE | ENGINE_MIRROR_HOLDS_MAPPING,
                                    .last_seen = {99 * QW_NS_PER_SECOND}};
}

static unsigned slot_of(unsigned number)
{
    return number + number / 2;
}

static void put(unsigned slot, const struct engine_mirrored *from)
{
    memset(store + (size_t)slot * RECORD_SIZE, 0, RECORD_SIZE);
    if (from)
        record_write(&terms, from, store + (size_t)slot * RECORD_SIZE);
}

/* As the standby reads it: while nobody waits what comes is judged. */
static void read_store(bool waits)
{
    copy_put(&reader.copy, 0, SLOTS, store, sizeof store);
    if (!waits)
        copy_prove(&reader.copy, &terms, 0, SLOTS);
}

static struct engine *make_engine(void)
{
    struct config config;
    struct engine *engine;
    config_defaults(&config);
    config.mode = CONFIG_NAT;
    config.flows_max = config.flows_per_host = 4096;
    config.external_count = 1;
    config.external[0] = *external_addr();
    const struct engine_options engine_options = {
        .config = &config, .secret = {3, 4}, .now = NOW, .mirror = true};
    CU_ASSERT_EQUAL_FATAL(engine_new(&engine_options, &engine), QW_OK);
    return engine;
}

static struct engine *begin(void)
{
    memset(store, 0, sizeof store);
    options = (struct peer_options){.now = now, .nat = true, .engine = make_engine()};
    terms =
        (struct record_terms){.key = {1, 2}, .nat = true, .external = external_addr(), .external_count = 1};
    reader = (struct peer_reader){.options = &options,
                                  .terms = &terms,
                                  .shards = 1,
                                  .slots = SLOTS,
                                  .seen = NOW,
                                  .header = {.now = NOW}};
    CU_ASSERT_TRUE_FATAL(copy_make(&reader.copy, SLOTS));
    for (unsigned number = 0; number < FLOWS; number++) {
        const struct engine_mirrored from = flow(number);
        put(slot_of(number), &from);
    }
    read_store(false);
    return options.engine;
}

static void end(void)
{
    copy_free(&reader.copy);
    engine_free(options.engine);
}

static struct peer_taking take(bool merges)
{
    struct peer_taking takeover = {.options = &options, .merges = merges};
    taking_enter(&takeover, &reader, NOW);
    return takeover;
}

/* By external port, of all flows that the engine has; 0: none. Two with one port are two too many. */
static unsigned look(uint16_t inside_hosts[static 65536])
{
    struct engine_mirror_slot slots[64];
    uint64_t cursor = 0;
    unsigned flows = 0;
    memset(inside_hosts, 0, 65536 * sizeof *inside_hosts);
    engine_mirror_all(options.engine, false);
    for (size_t count; (count = engine_mirror_take(options.engine, &cursor, slots, 64)) > 0;)
        for (size_t i = 0; i < count; i++) {
            const struct engine_mirrored *from = &slots[i].flow;
            if (!slots[i].live)
                continue;
            CU_ASSERT_EQUAL(inside_hosts[from->external.port], 0);
            inside_hosts[from->external.port] =
                (uint16_t)((from->inside.addr.bytes[14] << 8 | from->inside.addr.bytes[15]) + 1);
            flows++;
        }
    return flows;
}

static uint16_t hosts[65536];

static void all_flows_come_with_their_mappings(void)
{
    begin();
    struct peer_taking takeover = take(false);
    CU_ASSERT_EQUAL(takeover.given.adopted, FLOWS);
    CU_ASSERT_EQUAL(takeover.flows, FLOWS);
    CU_ASSERT_EQUAL(taking_refused(&takeover) + takeover.given.conflicts + takeover.given.twins, 0);
    CU_ASSERT_EQUAL(look(hosts), FLOWS);
    for (unsigned number = 0; number < FLOWS; number++)
        CU_ASSERT_EQUAL(hosts[port_of(number)], number + 1);
    end();
}

/* After the copy was proven: one ended, one has the port of another, which ended, and one record is broken.
 */
static void the_store_of_now_counts(void)
{
    for (int before = 0; before < 2; before++) { /* with the flows of before in the table, or without */
        struct engine_mirrored heir = flow(20);
        begin();
        if (before)
            take(false);
        heir.external.port = port_of(21);
        put(slot_of(10), NULL);
        put(slot_of(20), &heir);
        put(slot_of(21), NULL);
        store[slot_of(30) * RECORD_SIZE + RECORD_SIZE - 8] ^= 1;
        read_store(true);
        struct peer_taking takeover = take(false);
        CU_ASSERT_EQUAL(takeover.given.adopted, FLOWS - 3);
        CU_ASSERT_EQUAL(takeover.bad, 1);
        CU_ASSERT_EQUAL(takeover.given.conflicts, 0);
        CU_ASSERT_EQUAL(look(hosts), FLOWS - 3);
        CU_ASSERT_EQUAL(hosts[port_of(10)], 0);
        CU_ASSERT_EQUAL(hosts[port_of(20)], 0);
        CU_ASSERT_EQUAL(hosts[port_of(21)], 21);
        CU_ASSERT_EQUAL(hosts[port_of(30)], 0);
        end();
    }
}

/* Both were active: what is here stays, whoever the other gave the port to. */
static void no_port_stands_for_two(void)
{
    struct engine_mirrored other = flow(40);
    begin();
    take(false);
    other.inside.addr = ipv4(10, 1, 1);
    put(slot_of(40), &other);
    read_store(true);
    struct peer_taking takeover = take(true);
    CU_ASSERT_EQUAL(takeover.given.conflicts, 1);
    CU_ASSERT_EQUAL(takeover.given.twins, FLOWS - 1);
    CU_ASSERT_EQUAL(look(hosts), FLOWS);
    CU_ASSERT_EQUAL(hosts[port_of(40)], 41);
    end();
}

static unsigned mappings(void)
{
    struct nat_mapping out[64];
    uint64_t cursor = 0;
    unsigned all = 0;
    for (size_t count; (count = engine_mappings(options.engine, &cursor, out, 64)) > 0;)
        all += (unsigned)count;
    return all;
}

/* Flows of one inside endpoint, some of which are here already, hold one mapping together. */
static void a_mapping_is_held_by_all_its_flows(void)
{
    begin();
    for (unsigned number = 1; number < 20; number++) {
        struct engine_mirrored one = flow(0);
        one.outside.port = (uint16_t)(1000 + number);
        put(slot_of(number), &one);
    }
    read_store(false);
    struct peer_taking takeover = take(false);
    CU_ASSERT_EQUAL(takeover.given.adopted, FLOWS);
    CU_ASSERT_EQUAL(mappings(), FLOWS - 19);
    takeover = take(true);
    CU_ASSERT_EQUAL(takeover.given.twins, FLOWS);
    memset(store, 0, sizeof store);
    read_store(true);
    take(false);
    CU_ASSERT_EQUAL(mappings(), 0); /* each flow held it once */
    end();
}

void suite_taking(void)
{
    static const struct test TESTS[] = {
        {"K1: all flows come, each with its mapping", all_flows_come_with_their_mappings},
        {"K1: the store of now counts, not that of the last reading", the_store_of_now_counts},
        {"K1 K3 N2: no port stands for two", no_port_stands_for_two},
        {"K1 N2: a mapping is held by each of its flows, once", a_mapping_is_held_by_all_its_flows},
    };
    TEST_SUITE("peer takeover", TESTS);
}
