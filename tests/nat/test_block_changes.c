/* Blocks of ports while the pool changes: addresses and ports leave it, and come back. What a log of blocks
 * says is held against the mappings, at each time and on each address. */
#include "nats.h"
#include "random.h"
#include "suite.h"
#include <string.h>

#define SIZE 512u
#define BLOCKS (65536 / SIZE)
#define SLOTS 6u

/* The lower half, the upper half, and a part of both that cuts blocks. */
static const struct qw_port_range LOW[] = {{1024, 32767}}, HIGH[] = {{32768, 65535}},
                                  MIDDLE[] = {{20000, 45000}}, ALL[] = {{1024, 65535}};

struct told {
    struct qw_addr owner[SLOTS + 1][BLOCKS]; /* by last byte of the address, and block; zero: nobody */
    unsigned assigned, released, mappings;
};

static const struct qw_addr NOBODY;

static struct qw_addr address_of(unsigned n)
{
    return qw_addr_v4((const uint8_t[4]){198, 51, 100, (uint8_t)n});
}

static void block_changed(void *context, const struct nat_block *block, bool assigned, struct qw_time now)
{
    struct told *told = context;
    unsigned last = block->external.addr.bytes[15];
    (void)now;
    CU_ASSERT_FATAL(last >= 1 && last <= SLOTS);
    const struct qw_addr address = address_of(last);
    CU_ASSERT_TRUE(qw_addr_equal(&block->external.addr, &address));
    struct qw_addr *owner = &told->owner[last][block->external.port / SIZE];
    CU_ASSERT_TRUE(qw_addr_equal(owner, assigned ? &NOBODY : &block->host));
    *owner = assigned ? block->host : NOBODY;
    told->assigned += assigned;
    told->released += !assigned;
}

static void mapping_changed(void *context, const struct nat_mapping *mapping, bool created,
                            struct qw_time now)
{
    (void)mapping;
    (void)created;
    (void)now;
    ((struct told *)context)->mappings++;
}

static enum qw_error change(struct nat *nat, unsigned first, unsigned count,
                            const struct qw_port_range *ports)
{
    struct qw_addr addresses[SLOTS];
    for (unsigned i = 0; i < count; i++)
        addresses[i] = address_of(first + i);
    const struct nat_options options = plain();
    bool cut;
    const struct nat_pool pool = {.addresses = addresses,
                                  .address_count = count,
                                  .ports = ports,
                                  .port_count = 1,
                                  .hold_down_ns = REST,
                                  .choice = NAT_RANDOM,
                                  .filtering = options.filtering,
                                  .per_host = options.per_host};
    return nat_change(nat, &pool, &cut);
}

static struct nat *start(struct told *told, unsigned count, const struct qw_port_range *ports)
{
    static struct qw_addr addresses[SLOTS];
    struct nat_options options = plain();
    memset(told, 0, sizeof *told);
    for (unsigned i = 0; i < count; i++)
        addresses[i] = address_of(1 + i);
    options.addresses = addresses;
    options.address_count = count;
    options.slots = SLOTS;
    options.ports = ports;
    options.block = SIZE;
    options.block_changed = block_changed;
    options.changed = mapping_changed;
    options.context = told;
    return make(&options);
}

static bool is_covered(const struct told *told, const struct qw_endpoint *inside,
                       const struct qw_endpoint *external)
{
    return qw_addr_equal(&told->owner[external->addr.bytes[15]][external->port / SIZE], &inside->addr);
}

/* Every mapping that there is lies in a block of its host, and no mapping was told alone. */
static unsigned all_covered(struct nat *nat, const struct told *told)
{
    struct nat_mapping mappings[64];
    uint64_t cursor = 0;
    unsigned count = 0;
    for (size_t some; (some = nat_mappings(nat, &cursor, mappings, 64)) > 0; count += (unsigned)some)
        for (size_t i = 0; i < some; i++)
            CU_ASSERT_TRUE(is_covered(told, &mappings[i].inside, &mappings[i].external));
    CU_ASSERT_EQUAL(told->mappings, 0);
    return count;
}

static unsigned held_blocks(const struct told *told)
{
    CU_ASSERT(told->assigned >= told->released);
    return told->assigned - told->released;
}

/* Others make mappings meanwhile: that is when idle blocks are looked at, one each time. */
static void pass(struct nat *nat, uint64_t ns)
{
    for (unsigned i = 0; i < SLOTS * BLOCKS; i++)
        end(nat, begin(nat, host_port(99, 3000), ns), ns);
}

/* ---- tests ---- */

static void ports_leave(void)
{
    struct told told;
    struct nat *nat = start(&told, 1, LOW);
    struct qw_endpoint inside = host_port(1, 2000);
    nat_external old = begin(nat, inside, 0);
    CU_ASSERT_EQUAL(change(nat, 1, 1, HIGH), QW_OK);
    CU_ASSERT_EQUAL(told.released, 0);
    CU_ASSERT_TRUE(nat_holds(nat, old, &inside));
    CU_ASSERT(port_for(nat, host_port(1, 2002), SECOND) >= 32768); /* from a block that is in the pool */
    CU_ASSERT_EQUAL(told.assigned, 2);
    CU_ASSERT_EQUAL(all_covered(nat, &told), 2);
    pass(nat, 2 * SECOND);
    CU_ASSERT_EQUAL(told.released, 0); /* the old mapping is in it */
    end(nat, old, LIFE);
    pass(nat, LIFE + REST - 1);
    CU_ASSERT_EQUAL(told.released, 0); /* its port rests, and its host may be asked for */
    pass(nat, LIFE + REST);
    CU_ASSERT_EQUAL(told.released, 1);
    CU_ASSERT_TRUE(qw_addr_equal(&told.owner[1][nat_port(old) / SIZE], &NOBODY));
    nat_free(nat);
}

/* Nobody gets a block outside of the pool, also not the host that has it still. */
static void ports_come_back(void)
{
    struct told told;
    struct nat *nat = start(&told, 1, LOW);
    nat_external old = begin(nat, host_port(1, 2000), 0);
    CU_ASSERT_EQUAL(change(nat, 1, 1, HIGH), QW_OK);
    for (uint16_t i = 0; i < 40; i++)
        CU_ASSERT(port_for(nat, host_port(1, (uint16_t)(2002 + 2 * i)), SECOND) >= 32768);
    CU_ASSERT_EQUAL(change(nat, 1, 1, LOW), QW_OK);
    unsigned assigned = told.assigned;
    uint16_t again = port_for(nat, host_port(1, 4000), SECOND);
    CU_ASSERT_EQUAL(again / SIZE, nat_port(old) / SIZE); /* the block that it has */
    CU_ASSERT_EQUAL(told.assigned, assigned);
    for (uint32_t host = 2; host < 40; host++)
        CU_ASSERT(port_for(nat, host_port(host, 2000), SECOND) < 32768);
    CU_ASSERT_EQUAL(all_covered(nat, &told), 80);
    nat_free(nat);
}

/* The pool ends within a block: what is left of it serves its host. */
static void a_block_is_cut(void)
{
    static const struct qw_port_range WHOLE[] = {{4096, 4607}}, HALF[] = {{4096, 4351}};
    struct told told;
    struct nat *nat = start(&told, 1, WHOLE);
    for (uint16_t i = 0; i < 100; i++)
        begin(nat, host_port(1, (uint16_t)(2000 + i)), 0);
    CU_ASSERT_EQUAL(change(nat, 1, 1, HALF), QW_OK);
    unsigned made = 0;
    while (answer(nat, host_port(1, (uint16_t)(3000 + made)), SECOND) == NAT_OK)
        made++;
    CU_ASSERT(made >= 100 && made <= 256);
    CU_ASSERT_EQUAL(told.assigned, 1);
    CU_ASSERT_EQUAL(answer(nat, host_port(2, 2000), SECOND), NAT_NO_PORT);
    CU_ASSERT_EQUAL(all_covered(nat, &told), 100 + made);
    nat_free(nat);
}

static void an_address_leaves(void)
{
    struct told told;
    struct nat *nat = start(&told, 1, ALL);
    struct qw_endpoint inside = host_port(1, 2000);
    struct qw_addr gone = address_of(1);
    nat_external old = begin(nat, inside, 0);
    CU_ASSERT_EQUAL(change(nat, 2, 1, ALL), QW_OK);
    CU_ASSERT_EQUAL(told.released, 0);
    begin(nat, host_port(1, 2002), SECOND);
    CU_ASSERT_EQUAL(told.assigned, 2);
    CU_ASSERT_EQUAL(all_covered(nat, &told), 2);
    end(nat, old, LIFE); /* the last one there: the address goes, and its block with it, told by its name */
    CU_ASSERT_FALSE(nat_is_external(nat, &gone));
    CU_ASSERT_EQUAL(told.released, 1);
    CU_ASSERT_EQUAL(held_blocks(&told), 1);
    CU_ASSERT_TRUE(qw_addr_equal(&told.owner[1][nat_port(old) / SIZE], &NOBODY));
    CU_ASSERT_EQUAL(all_covered(nat, &told), 1);
    nat_free(nat);
}

/* Only ports that rest are left there: nothing of the address lives. */
static void an_idle_address_leaves(void)
{
    struct told told;
    struct nat *nat = start(&told, 2, ALL);
    for (uint32_t host = 0; host < 20; host++)
        end(nat, begin(nat, host_port(host, 2000), 0), LIFE);
    CU_ASSERT_EQUAL(held_blocks(&told), 20);
    CU_ASSERT_EQUAL(change(nat, 3, 1, ALL), QW_OK);
    CU_ASSERT_EQUAL(held_blocks(&told), 0);
    for (uint32_t host = 0; host < 20; host++)
        CU_ASSERT_EQUAL(nat_endpoint(nat, begin(nat, host_port(host, 2000), LIFE)).addr.bytes[15], 3);
    CU_ASSERT_EQUAL(held_blocks(&told), 20);
    CU_ASSERT_EQUAL(all_covered(nat, &told), 20);
    nat_free(nat);
}

static void an_address_comes_back(void)
{
    struct told told;
    struct nat *nat = start(&told, 1, ALL);
    nat_external old = begin(nat, host_port(1, 2000), 0);
    CU_ASSERT_EQUAL(change(nat, 2, 1, ALL), QW_OK);
    CU_ASSERT_EQUAL(change(nat, 1, 1, ALL), QW_OK); /* the other one had nothing, and is gone */
    CU_ASSERT_EQUAL(port_for(nat, host_port(1, 2002), SECOND) / SIZE, nat_port(old) / SIZE);
    CU_ASSERT_EQUAL(told.assigned, 1);
    CU_ASSERT_EQUAL(told.released, 0);
    CU_ASSERT_EQUAL(all_covered(nat, &told), 2);
    nat_free(nat);
}

/* ---- at random, for hours ---- */

#define HOSTS 30u
#define EACH 20u

static void change_at_random(struct nat *nat, uint64_t *random)
{
    static const struct qw_port_range *const PORTS[] = {LOW, HIGH, MIDDLE, ALL};
    unsigned first = 1 + test_random(random) % SLOTS;
    unsigned count = 1 + test_random(random) % (SLOTS + 1 - first);
    enum qw_error error = change(nat, first, count, PORTS[test_random(random) % 4]);
    CU_ASSERT(error == QW_OK || error == QW_ERR_FULL); /* draining addresses have their places */
}

/* What a host asks for, or gives back. */
static void ask_at_random(struct nat *nat, uint64_t *random, nat_external held[HOSTS][EACH], uint64_t ns)
{
    uint32_t host = test_random(random) % HOSTS, n = test_random(random) % EACH;
    if (held[host][n]) {
        end(nat, held[host][n], ns);
        held[host][n] = 0;
    } else
        held[host][n] = begin(nat, host_port(host, (uint16_t)(2000 + n)), ns);
}

static void at_random(void)
{
    struct told told;
    struct nat *nat = start(&told, 2, ALL);
    static nat_external held[HOSTS][EACH];
    uint64_t random = 18, ns = 0;
    memset(held, 0, sizeof held);
    for (unsigned i = 0; i < 40000; i++, ns += SECOND / 4) {
        ask_at_random(nat, &random, held, ns);
        if (i % 400 == 399) {
            change_at_random(nat, &random);
            all_covered(nat, &told);
        }
    }
    for (unsigned i = 0; i < HOSTS * EACH; i++)
        if (held[i / EACH][i % EACH])
            end(nat, held[i / EACH][i % EACH], ns);
    CU_ASSERT_EQUAL(all_covered(nat, &told), 0);
    pass(nat, ns + REST);
    CU_ASSERT_EQUAL(held_blocks(&told), 1); /* of the host that passes */
    nat_free(nat);
}

void suite_block_changes(void)
{
    static const struct test TESTS[] = {
        {"N14 S2: a block whose ports left the pool is its host's until its last mapping and their rest end",
         ports_leave},
        {"N14 S2: no port is handed out of it meanwhile, and it serves again when they are back",
         ports_come_back},
        {"N14 S2: of a block that the pool's end cuts the rest serves", a_block_is_cut},
        {"N14 S2 N11: blocks of an address that left end with its last mapping, by their names",
         an_address_leaves},
        {"N14 S2 N11: idle ones at once", an_idle_address_leaves},
        {"N14 S2 N11: an address that comes back has its blocks still", an_address_comes_back},
        {"N14 S2: every mapping lies in a block of its host while the pool changes, at random for hours",
         at_random},
    };
    TEST_SUITE("nat: blocks while the pool changes", TESTS);
}
