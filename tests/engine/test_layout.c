/* Layout 1 of a state file, written here byte by byte and not by this program's structs: a change of a record
 * that is not a change of STORE_LAYOUT fails here, and so does a program that no longer reads what stands in
 * files of that layout. */
#include "nat_router.h"
#include "suite.h"
#include <string.h>

enum { LAYOUT = 1, FLOW_SIZE = 128, PORT_SIZE = 16, SLOT_SIZE = 16, PORTS = 65536 };

/* Where the fields of a flow stand. */
enum {
    ID = 0,
    ADDR_LO = 8,
    ADDR_HI = 24,
    PORT_LO = 40,
    PORT_HI = 42,
    FAMILY = 44,
    STATE = 46,
    FLAGS = 47,
    VERSION = 48,
    RULE = 52,
    CLASS = 54,
    MARKS = 55,
    LAST_SEEN = 56,
    PACKETS = 64,
    BYTES = 80,
    CE = 96,
    EXTERNAL_NAME = 104
};

static void put(uint8_t *at, uint64_t value, unsigned size)
{
    memcpy(at, &value, size); /* the file is of the machine that reads it */
}

static void part_is(const struct store_part *part, const char *name, uint32_t head, uint32_t record)
{
    CU_ASSERT_STRING_EQUAL(part->name, name);
    CU_ASSERT_EQUAL(part->head_size, head);
    CU_ASSERT_EQUAL(part->record_size, record);
}

static struct config layout_config(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    config.flows_max = 64;
    return config;
}

static struct store *layout_store(const struct config *config)
{
    struct store_part parts[STORE_PARTS_MAX];
    struct store_plan plan = {.parts = parts};
    const struct engine_options options = {.config = config, .shards = 1};
    struct store *store;
    CU_ASSERT_TRUE(STORE_LAYOUT_FIRST <= LAYOUT && STORE_LAYOUT >= LAYOUT);
    plan.part_count = engine_parts(&options, parts);
    CU_ASSERT_EQUAL_FATAL(plan.part_count, 5);
    part_is(&parts[0], "flows.0", 64, FLOW_SIZE);
    part_is(&parts[1], "rules", 0, 64);
    part_is(&parts[2], "nat.addresses", 0, SLOT_SIZE);
    part_is(&parts[3], "nat.words", 0, 8);
    part_is(&parts[4], "nat.ports", 0, PORT_SIZE);
    CU_ASSERT_EQUAL_FATAL(store_new(&plan, &store), QW_OK);
    return store;
}

static uint8_t *part_of(const struct store *store, const char *name)
{
    struct store_region region;
    CU_ASSERT_TRUE_FATAL(store_region(store, name, &region));
    return region.records;
}

/* 10.0.0.5:5000 speaks to 192.0.2.1:443 as 198.51.100.7:20000, under the rule "web". */
static void write_flow(uint8_t *record)
{
    static const uint8_t INSIDE[4] = {10, 0, 0, 5}, REMOTE[4] = {192, 0, 2, 1};
    put(record + ID, 7, 8);
    memcpy(record + ADDR_LO + 12, INSIDE, 4);
    memcpy(record + ADDR_HI + 12, REMOTE, 4);
    put(record + PORT_LO, 5000, 2);
    put(record + PORT_HI, 443, 2);
    put(record + FAMILY, 4, 1);
    put(record + STATE, 4, 1);                        /* confirmed */
    put(record + FLAGS, 1 << 2 | 1 << 6 | 1 << 7, 1); /* the client is known, holds its mapping, is QUIC */
    put(record + VERSION, 1, 4);
    put(record + RULE, 0, 2);
    put(record + CLASS, 6, 1); /* known */
    put(record + LAST_SEEN, 999 * SECOND, 8);
    put(record + PACKETS, 11, 8);
    put(record + BYTES, 1100, 8);
    put(record + CE, 3, 4);
    put(record + EXTERNAL_NAME, 20000, 4); /* slot 0, generation 0 */
}

static void write_mapping(const struct store *store)
{
    uint8_t *slot = part_of(store, "nat.addresses"), *port = part_of(store, "nat.ports") + 20000 * PORT_SIZE;
    put(slot + 0, 0xc6336407, 4); /* 198.51.100.7 */
    put(slot + 8, 0xc6336407, 4);
    put(part_of(store, "nat.words") + 20000 * 8, UINT64_C(0x0a000005) << 32 | 5000u << 16 | 0x8000u, 8);
    put(port + 0, 900 * SECOND, 8);
    put(port + 8, 0x0a000005, 4);
    put(port + 12, 5000, 2);
    put(port + 14, 4, 1); /* mapped */
    port += PORT_SIZE * 2;
    put(port + 0, 950 * SECOND, 8); /* the one after the next rests */
    put(port + 8, 0x0a000006, 4);
    put(port + 14, 3, 1);
}

static void layout_1_is_read(void)
{
    struct config config = layout_config();
    struct store *store = layout_store(&config);
    struct router r = {.now = {1000 * SECOND}};
    struct engine_options options = {.config = &config, .shards = 1, .secret = {3, 4}, .now = r.now};
    struct engine_recovery counts = {0};
    char text[QW_ENDPOINT_TEXT_MAX];
    strcpy((char *)part_of(store, "rules"), "web");
    write_flow(part_of(store, "flows.0") + 5 * FLOW_SIZE);
    write_mapping(store);
    CU_ASSERT_EQUAL_FATAL(engine_new(&options, &r.engine), QW_OK);
    CU_ASSERT_EQUAL(engine_recover(r.engine, store, r.now, 1, &counts), QW_OK);
    CU_ASSERT_EQUAL(counts.flows.results[FLOW_ADOPTED], 1);
    CU_ASSERT_EQUAL(counts.nat.results[NAT_ADOPTED], 1);
    CU_ASSERT_EQUAL(counts.nat.rests, 1);
    r.worker = engine_worker_new(r.engine);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r.worker);
    struct engine_flow flow = only_flow(&r);
    CU_ASSERT_EQUAL(flow.id, 7);
    CU_ASSERT_EQUAL(flow.state, FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(flow.version, 1);
    CU_ASSERT_EQUAL(flow.idle_ms, 1000);
    CU_ASSERT_EQUAL(flow.up.packets, 11);
    CU_ASSERT_EQUAL(flow.up.bytes, 1100);
    CU_ASSERT_EQUAL(flow.up.ce, 3);
    CU_ASSERT_STRING_EQUAL(flow.rule, "web");
    CU_ASSERT_STRING_EQUAL(qw_endpoint_text(&flow.external, QW_IPV4, text), "198.51.100.7:20000");
    CU_ASSERT_TRUE(in(&r, WAN, "198.51.100.7:20000", "y", 1));
    CU_ASSERT_STRING_EQUAL(destination(&r, text), "10.0.0.5:5000");
    router_stop(&r);
    store_free(store);
}

void suite_layout(void)
{
    static const struct test TESTS[] = {{"S1: a state file of layout 1 is read", layout_1_is_read}};
    TEST_SUITE("engine: layout", TESTS);
}
