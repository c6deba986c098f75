/* Another pool while mappings live: what left it drains. */
#include "nat_state.h"
#include "nats.h"
#include "suite.h"
#include <string.h>

enum { HOSTS = 400, SLOTS = 6 };

static const struct qw_port_range FEW[] = {{5000, 5009}}, OTHERS[] = {{5006, 5015}}, MANY[] = {{1024, 65535}};

static const struct nat_forward *standing;
static unsigned standing_count;

static struct qw_addr address_of(unsigned n)
{
    return qw_addr_v4((const uint8_t[4]){198, 51, 100, (uint8_t)n});
}

/* Addresses 198.51.100.`first` and so on. The forwards stay. */
static enum qw_error change(struct nat *nat, unsigned first, unsigned count,
                            const struct qw_port_range *ports)
{
    bool cut;
    struct qw_addr addresses[SLOTS + 1];
    const struct nat_options options = plain();
    for (unsigned i = 0; i < count; i++)
        addresses[i] = address_of(first + i);
    const struct nat_pool pool = {.addresses = addresses,
                                  .address_count = count,
                                  .ports = ports,
                                  .port_count = 1,
                                  .hold_down_ns = REST,
                                  .choice = NAT_RANDOM,
                                  .forwards = standing,
                                  .forward_count = standing_count,
                                  .filtering = options.filtering,
                                  .per_host = options.per_host};
    enum qw_error error = nat_change(nat, &pool, &cut);
    CU_ASSERT_FALSE(cut);
    return error;
}

static struct nat *start(unsigned count, const struct qw_port_range *ports)
{
    static struct qw_addr addresses[SLOTS];
    struct nat_options options = plain();
    for (unsigned i = 0; i < count; i++)
        addresses[i] = address_of(1 + i);
    options.addresses = addresses;
    options.address_count = count;
    options.slots = SLOTS;
    options.ports = ports;
    return make(&options);
}

static unsigned last_of(const struct nat *nat, nat_external mapping)
{
    return nat_endpoint(nat, mapping).addr.bytes[15];
}

static bool lives(struct nat *nat, nat_external mapping, struct qw_endpoint inside)
{
    struct qw_endpoint found, external = nat_endpoint(nat, mapping);
    return nat_holds(nat, mapping, &inside) && nat_inside(nat, &external, &found) == mapping &&
           same_endpoint(found, inside);
}

static void ports_drain(void)
{
    struct nat *nat = start(1, FEW);
    struct qw_endpoint inside[10];
    nat_external mapping[10];
    for (uint16_t i = 0; i < 10; i++) {
        inside[i] = host_port(i, (uint16_t)(4000 + i));
        mapping[i] = begin(nat, inside[i], 0);
    }
    CU_ASSERT_EQUAL(change(nat, 1, 1, OTHERS), QW_OK);
    for (uint16_t i = 0; i < 10; i++) {
        CU_ASSERT_TRUE(lives(nat, mapping[i], inside[i]));
        CU_ASSERT_EQUAL(begin(nat, inside[i], SECOND), mapping[i]); /* REQ-1, also now */
        end(nat, mapping[i], SECOND);
    }
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 10);
    for (uint16_t i = 0; i < 6; i++) /* those that are new: 5010 to 5015 */
        CU_ASSERT_TRUE(port_for(nat, host_port(20u + i, (uint16_t)(4000 + i)), SECOND) >= 5010);
    CU_ASSERT_EQUAL(answer(nat, host_port(30, 4000), SECOND), NAT_NO_PORT);
    for (uint16_t i = 0; i < 10; i++)
        end(nat, mapping[i], LIFE);
    CU_ASSERT_EQUAL(answer(nat, host_port(30, 4000), LIFE + REST - 1), NAT_NO_PORT);
    for (uint16_t i = 0; i < 4; i++) /* 5006 to 5009 are of both */
        CU_ASSERT_TRUE(port_for(nat, host_port(30u + i, (uint16_t)(4000 + i)), LIFE + REST) >= 5006);
    CU_ASSERT_EQUAL(answer(nat, host_port(40, 4000), LIFE + REST), NAT_NO_PORT);
    CU_ASSERT_EQUAL(answer(nat, host_port(40, 4001), LIFE + REST), NAT_NO_PORT);
    nat_free(nat);
}

/* Out and in again: one that is in use is not handed out twice, one that rests rests on. */
static void ports_come_back(void)
{
    static const struct qw_port_range NONE_OF_THEM[] = {{7000, 7001}};
    struct nat *nat = start(1, FEW);
    nat_external held = begin(nat, host_port(1, 4000), 0), ended = begin(nat, host_port(2, 4000), 0);
    end(nat, ended, LIFE);
    CU_ASSERT_EQUAL(change(nat, 1, 1, NONE_OF_THEM), QW_OK);
    CU_ASSERT_EQUAL(port_for(nat, host_port(3, 4000), LIFE), 7000);
    CU_ASSERT_EQUAL(change(nat, 1, 1, FEW), QW_OK);
    CU_ASSERT_TRUE(lives(nat, held, host_port(1, 4000)));
    for (unsigned i = 0; i < 3; i++) {
        uint16_t port = port_for(nat, host_port(10 + i, 4000), LIFE);
        CU_ASSERT_TRUE(port >= 5000 && port <= 5009 && port != nat_port(held) && port != nat_port(ended));
    }
    CU_ASSERT_EQUAL(answer(nat, host_port(20, 4000), LIFE + REST - 1), NAT_NO_PORT);
    CU_ASSERT_EQUAL(port_for(nat, host_port(20, 4000), LIFE + REST), nat_port(ended));
    nat_free(nat);
}

static void an_address_drains(void)
{
    struct nat *nat = start(1, MANY);
    struct qw_endpoint inside = host_port(1, 4000), other = host_port(1, 4001);
    struct qw_addr old = address_of(1), next = address_of(2);
    struct nat_listed listed[NAT_ADDRESSES_MAX];
    nat_external mapping = begin(nat, inside, 0);
    CU_ASSERT_EQUAL(change(nat, 2, 1, MANY), QW_OK);
    CU_ASSERT_TRUE(lives(nat, mapping, inside));
    CU_ASSERT_TRUE(nat_is_external(nat, &old) && nat_is_external(nat, &next));
    CU_ASSERT_EQUAL(begin(nat, inside, SECOND), mapping);
    CU_ASSERT_EQUAL(last_of(nat, begin(nat, other, SECOND)), 2);
    CU_ASSERT_EQUAL(nat_listed(nat, listed), 2);
    CU_ASSERT_TRUE(!listed[0].left && listed[1].left);
    end(nat, mapping, LIFE);
    CU_ASSERT_TRUE(lives(nat, mapping, inside));
    end(nat, mapping, LIFE);
    CU_ASSERT_FALSE(nat_holds(nat, mapping, &inside));
    CU_ASSERT_FALSE(nat_is_external(nat, &old));
    CU_ASSERT_EQUAL(nat_listed(nat, listed), 1);
    CU_ASSERT_EQUAL(last_of(nat, begin(nat, inside, LIFE)), 2);
    nat_free(nat);
}

/* One without mappings is gone at once, and one that comes back goes on where it was. */
static void an_address_comes_back(void)
{
    struct nat *nat = start(2, MANY);
    struct qw_addr first = address_of(1);
    CU_ASSERT_EQUAL(change(nat, 2, 1, MANY), QW_OK);
    CU_ASSERT_FALSE(nat_is_external(nat, &first));
    nat_external mapping = begin(nat, host_port(1, 4000), 0);
    CU_ASSERT_EQUAL(change(nat, 1, 1, MANY), QW_OK);
    CU_ASSERT_EQUAL(change(nat, 1, 2, MANY), QW_OK);
    CU_ASSERT_TRUE(lives(nat, mapping, host_port(1, 4000)));
    unsigned seen[3] = {0};
    for (unsigned host = 2; host < HOSTS; host++)
        seen[last_of(nat, begin(nat, host_port(host, 4000), 0))]++;
    CU_ASSERT_TRUE(seen[1] > HOSTS / 4 && seen[2] > HOSTS / 4 && seen[0] == 0);
    CU_ASSERT_EQUAL(stats_of(nat).ports, nat_ports_of(nat, 0).usable + nat_ports_of(nat, 1).usable);
    nat_free(nat);
}

/* RFC 4787 REQ-2: as long as a host has mappings, and its address is there. */
static void hosts_keep_their_address(void)
{
    struct nat *nat = start(2, MANY);
    nat_external first[HOSTS];
    for (unsigned host = 0; host < HOSTS; host++)
        first[host] = begin(nat, host_port(host, 4000), 0);
    CU_ASSERT_EQUAL(change(nat, 1, 5, MANY), QW_OK);
    for (unsigned host = 0; host < HOSTS; host++)
        CU_ASSERT_EQUAL(last_of(nat, begin(nat, host_port(host, 4001), 0)), last_of(nat, first[host]));
    CU_ASSERT_EQUAL(change(nat, 2, 4, MANY), QW_OK);
    for (unsigned host = 0; host < HOSTS; host++) {
        unsigned was = last_of(nat, first[host]), now = last_of(nat, begin(nat, host_port(host, 4002), 0));
        CU_ASSERT_TRUE(was == 2 ? now == 2 : now >= 2 && now <= 5);
        CU_ASSERT_EQUAL(last_of(nat, begin(nat, host_port(host, 4003), 0)), now);
        CU_ASSERT_TRUE(lives(nat, first[host], host_port(host, 4000)));
    }
    nat_free(nat);
}

static void too_many_change_nothing(void)
{
    struct nat *nat = start(2, FEW);
    nat_external mapping[HOSTS];
    unsigned count = 0;
    for (; count < 20; count++)
        if (answer(nat, host_port(count, 4000), 0) == NAT_OK)
            mapping[count] = begin(nat, host_port(count, 4000), 0);
        else
            mapping[count] = 0;
    CU_ASSERT_EQUAL(nat_slots_free(nat), SLOTS - 2);
    CU_ASSERT_EQUAL(change(nat, 10, SLOTS - 1, OTHERS), QW_ERR_FULL);
    struct qw_addr next = address_of(10);
    CU_ASSERT_FALSE(nat_is_external(nat, &next));
    CU_ASSERT_EQUAL(change(nat, 10, SLOTS - 2, OTHERS), QW_OK);
    CU_ASSERT_EQUAL(nat_slots_free(nat), 0);
    for (unsigned i = 0; i < count; i++)
        CU_ASSERT_TRUE(mapping[i] == 0 || lives(nat, mapping[i], host_port(i, 4000)));
    for (unsigned i = 0; i < count; i++)
        for (unsigned n = 0; mapping[i] != 0 && n < 2; n++)
            end(nat, mapping[i], LIFE);
    CU_ASSERT_EQUAL(nat_slots_free(nat), 2);
    CU_ASSERT_EQUAL(change(nat, 20, 2, FEW), QW_OK);
    nat_free(nat);
}

/* From ten ports to all of six addresses: no table is too small. */
static void tables_grow(void)
{
    struct nat *nat = start(1, FEW);
    nat_external old = begin(nat, host_port(0, 4000), 0);
    CU_ASSERT_EQUAL(change(nat, 1, SLOTS, MANY), QW_OK);
    CU_ASSERT_TRUE(nat_table_room(&nat->by_inside) >= nat->sessions_max);
    CU_ASSERT_TRUE(nat_table_room(&nat->hosts) >= nat->stats.ports);
    for (unsigned i = 1; i < 100000; i++)
        CU_ASSERT_EQUAL_FATAL(answer(nat, host_port(i, (uint16_t)(1024 + i % 60000)), 0), NAT_OK);
    CU_ASSERT_TRUE(lives(nat, old, host_port(0, 4000)));
    CU_ASSERT_EQUAL(change(nat, 1, 1, FEW), QW_OK);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 100000);
    CU_ASSERT_EQUAL(begin(nat, host_port(0, 4000), 0), old);
    nat_free(nat);
}

/* The same again costs nothing, and a forward stays what it is. */
static void forwards_stay(void)
{
    struct nat_options options = plain();
    struct nat_forward forward = {0, 5002, ep("10.0.0.9:443")};
    struct qw_endpoint found, external = {address_of(1), 5002};
    options.ports = FEW;
    options.slots = SLOTS;
    options.forwards = &forward;
    options.forward_count = 1;
    struct nat *nat = make(&options);
    standing = &forward;
    standing_count = 1;
    nat_external stands = nat_inside(nat, &external, &found);
    CU_ASSERT_EQUAL(change(nat, 1, 1, FEW), QW_OK);
    CU_ASSERT_EQUAL(change(nat, 1, 1, OTHERS), QW_OK);
    CU_ASSERT_EQUAL(change(nat, 1, 2, MANY), QW_OK);
    CU_ASSERT_TRUE(stands != 0 && nat_inside(nat, &external, &found) == stands);
    CU_ASSERT_TRUE(same_endpoint(found, forward.inside));
    CU_ASSERT_EQUAL(nat_ports_of(nat, 0).usable + 1, nat_ports_of(nat, 1).usable);
    standing_count = 0;
    nat_free(nat);
}

/* What follows an interface keeps the address that it has now. */
static void an_unknown_address_stays(void)
{
    struct nat_options options = plain();
    struct qw_addr none = {{0}}, told = ip("198.51.100.9");
    options.addresses = &none;
    options.ports = FEW;
    struct nat *nat = make(&options);
    CU_ASSERT_EQUAL(change(nat, 0, 0, OTHERS), QW_OK);
    CU_ASSERT_TRUE(nat_set_address(nat, 0, &told, at(0)));
    CU_ASSERT_EQUAL(change(nat, 0, 0, FEW), QW_OK);
    nat_external mapping = begin(nat, host_port(1, 4000), 0);
    CU_ASSERT_EQUAL(last_of(nat, mapping), 9);
    CU_ASSERT_TRUE(nat_port(mapping) >= 5000 && nat_port(mapping) <= 5009);
    nat_free(nat);
}

/* A crash while an address drains. */
static void a_crash_drains_on(void)
{
    struct store_part parts[NAT_PARTS];
    struct store *store;
    struct nat_memory memory;
    struct nat_options options = plain();
    struct qw_addr first = address_of(1), second = address_of(2);
    nat_parts(SLOTS, parts);
    CU_ASSERT_EQUAL_FATAL(store_new(&(struct store_plan){.parts = parts, .part_count = NAT_PARTS}, &store),
                          QW_OK);
    CU_ASSERT_TRUE_FATAL(nat_memory_of(store, &memory));
    options.memory = &memory;
    options.slots = SLOTS;
    options.addresses = &first;
    struct nat *before = make(&options);
    struct qw_endpoint inside = host_port(1, 4000);
    uint16_t port = port_for(before, inside, 0);
    CU_ASSERT_EQUAL(change(before, 2, 1, OTHERS), QW_OK);
    options.memory = NULL;
    options.addresses = &second;
    options.ports = OTHERS;
    struct nat *nat = make(&options);
    struct nat_recovery counts = {0};
    struct qw_addr remote = ip("203.0.113.1"), addresses[NAT_ADDRESSES_MAX];
    CU_ASSERT_EQUAL(nat_memory_addresses(&memory, addresses), 2);
    CU_ASSERT_EQUAL(nat_recover(nat, &memory, at(SECOND), &counts), QW_OK);
    CU_ASSERT_EQUAL(counts.results[NAT_ADOPTED], 1);
    struct nat_claim claim = nat_claim_of(nat, port, true, &inside, &remote);
    nat_claims_take(nat, &claim, 1);
    nat_external mapping = claim.mapping;
    CU_ASSERT_TRUE(lives(nat, mapping, inside));
    CU_ASSERT_EQUAL(last_of(nat, mapping), 1);
    CU_ASSERT_EQUAL(nat_adopt_end(nat, at(SECOND)), 0);
    end(nat, mapping, LIFE);
    CU_ASSERT_FALSE(nat_is_external(nat, &first));
    nat_free(nat);
    nat_free(before);
    store_free(store);
}

void suite_change(void)
{
    static const struct test TESTS[] = {
        {"S2 N2: mappings on ports that left the pool live until their flows end", ports_drain},
        {"S2 N2 N10: ports that come back are handed out when they are free and have rested",
         ports_come_back},
        {"S2 N11: mappings on an address that left live on, and it goes with the last one",
         an_address_drains},
        {"S2 N11: an address comes back", an_address_comes_back},
        {"S2 N1: a host keeps its address while it has mappings there", hosts_keep_their_address},
        {"S2 S3: more new addresses than there are places change nothing", too_many_change_nothing},
        {"S2 S3: tables grow with the pool", tables_grow},
        {"S2 N11: forwards stay", forwards_stay},
        {"S2 N11: an address that follows an interface stays", an_unknown_address_stays},
        {"S1 S2: after a crash an address drains on", a_crash_drains_on},
    };
    TEST_SUITE("nat change", TESTS);
}
