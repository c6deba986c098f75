/* Addresses that are for one way out. */
#include "nat_state.h"
#include "nats.h"
#include "suite.h"

enum { HOSTS = 200, FIRST = 1, SECOND_WAY = 2 };

static struct qw_addr addresses[5];
static const uint8_t TWO_WAYS[] = {1, 1, 2, 2, 2};

static struct nat *start(const uint8_t *uplinks, unsigned count)
{
    struct nat_options options = plain();
    for (unsigned i = 0; i < 5; i++)
        addresses[i] = qw_addr_v4((const uint8_t[4]){198, 51, 100, (uint8_t)(i + 1)});
    options.addresses = addresses;
    options.address_count = count;
    options.slots = 8;
    options.uplinks = uplinks;
    options.choice = NAT_KEYED;
    return make(&options);
}

static nat_external begin_by(struct nat *nat, struct qw_endpoint inside, unsigned uplink, uint64_t ns)
{
    struct qw_addr remote = ip("203.0.113.1");
    nat_external mapping;
    CU_ASSERT_EQUAL_FATAL(nat_session_begin_by(nat, &inside, uplink, &remote, at(ns), &mapping), NAT_OK);
    return mapping;
}

static unsigned last_of(const struct nat *nat, nat_external mapping)
{
    return nat_endpoint(nat, mapping).addr.bytes[15];
}

/* One mapping for each way, and one address of each way for all of a host. */
static void each_way_has_its_addresses(void)
{
    struct nat *nat = start(TWO_WAYS, 5);
    unsigned seen[6] = {0};
    for (unsigned host = 0; host < HOSTS; host++) {
        nat_external one = begin_by(nat, host_port(host, 4000), FIRST, 0),
                     two = begin_by(nat, host_port(host, 4000), SECOND_WAY, 0);
        CU_ASSERT_TRUE(last_of(nat, one) <= 2 && last_of(nat, two) >= 3);
        CU_ASSERT_EQUAL(begin_by(nat, host_port(host, 4000), FIRST, 0), one);
        CU_ASSERT_EQUAL(begin_by(nat, host_port(host, 4000), SECOND_WAY, 0), two);
        CU_ASSERT_EQUAL(last_of(nat, begin_by(nat, host_port(host, 4001), FIRST, 0)), last_of(nat, one));
        CU_ASSERT_EQUAL(last_of(nat, begin_by(nat, host_port(host, 4001), SECOND_WAY, 0)), last_of(nat, two));
        CU_ASSERT_TRUE(nat_suits(nat, one, FIRST) && !nat_suits(nat, one, SECOND_WAY) &&
                       nat_suits(nat, one, 0));
        CU_ASSERT_EQUAL(nat_uplink_of(nat, two), SECOND_WAY);
        seen[last_of(nat, one)]++;
        seen[last_of(nat, two)]++;
    }
    for (unsigned i = 1; i <= 5; i++)
        CU_ASSERT_TRUE(seen[i] > HOSTS / 8);
    nat_free(nat);
}

/* Each ends with its own sessions, and the other is found still. */
static void each_way_ends_alone(void)
{
    struct nat *nat = start(TWO_WAYS, 5);
    struct qw_endpoint inside = host_port(1, 4000);
    nat_external one = begin_by(nat, inside, FIRST, 0), two = begin_by(nat, inside, SECOND_WAY, 0);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 2);
    end(nat, one, LIFE);
    CU_ASSERT_FALSE(nat_holds(nat, one, &inside));
    CU_ASSERT_EQUAL(begin_by(nat, inside, SECOND_WAY, LIFE), two);
    CU_ASSERT_EQUAL(nat_mapping_of(nat, &inside), two);
    end(nat, two, 2 * LIFE);
    end(nat, two, 2 * LIFE);
    CU_ASSERT_EQUAL(nat_mapping_of(nat, &inside), 0);
    CU_ASSERT_EQUAL(nat->by_inside.keys, 0);
    nat_free(nat);
}

/* A hairpin leaves by nothing: it has a mapping that is there, or any. */
static void no_way_is_any(void)
{
    struct nat *nat = start(TWO_WAYS, 5);
    nat_external two = begin_by(nat, host_port(1, 4000), SECOND_WAY, 0);
    CU_ASSERT_EQUAL(begin_by(nat, host_port(1, 4000), 0, 0), two);
    CU_ASSERT_EQUAL(begin_by(nat, host_port(1, 4000), 7, 0), two); /* a way without addresses */
    nat_external other = begin_by(nat, host_port(2, 4000), 0, 0);
    CU_ASSERT_EQUAL(begin_by(nat, host_port(2, 4000), nat_uplink_of(nat, other), 0), other);
    nat_free(nat);
}

/* What is for any serves those without addresses of their own, and what has been mapped so stays. */
static void some_are_for_any(void)
{
    static const uint8_t UPLINKS[] = {0, 1};
    struct nat *nat = start(UPLINKS, 2);
    nat_external one = begin_by(nat, host_port(1, 4000), FIRST, 0),
                 two = begin_by(nat, host_port(2, 4000), SECOND_WAY, 0);
    CU_ASSERT_EQUAL(last_of(nat, one), 2);
    CU_ASSERT_EQUAL(last_of(nat, two), 1);
    CU_ASSERT_TRUE(nat_suits(nat, two, FIRST));
    CU_ASSERT_EQUAL(begin_by(nat, host_port(2, 4000), FIRST, 0), two); /* REQ-1 */
    nat_free(nat);
}

static void change(struct nat *nat, const uint8_t *uplinks, unsigned first, unsigned count)
{
    static const struct qw_port_range ports[] = {{1024, 65535}};
    const struct nat_options options = plain();
    const struct nat_pool pool = {.addresses = addresses + first,
                                  .address_count = count,
                                  .uplinks = uplinks,
                                  .ports = ports,
                                  .port_count = 1,
                                  .hold_down_ns = REST,
                                  .choice = NAT_KEYED,
                                  .filtering = options.filtering,
                                  .per_host = options.per_host};
    bool cut;
    CU_ASSERT_EQUAL_FATAL(nat_change(nat, &pool, &cut), QW_OK);
}

/* An address moves to another way with its mappings; one that left drains where it was. */
static void ways_change(void)
{
    static const uint8_t OTHERS[] = {2, 1}, ALL[] = {0, 0};
    struct nat *nat = start(TWO_WAYS + 1, 2); /* .1 for the first, .2 for the second */
    struct qw_endpoint inside = host_port(1, 4000);
    nat_external one = begin_by(nat, inside, FIRST, 0);
    change(nat, OTHERS, 0, 2);
    CU_ASSERT_TRUE(nat_holds(nat, one, &inside));
    CU_ASSERT_FALSE(nat_suits(nat, one, FIRST));
    CU_ASSERT_EQUAL(begin_by(nat, inside, SECOND_WAY, 0), one);
    nat_external two = begin_by(nat, inside, FIRST, 0);
    CU_ASSERT_EQUAL(last_of(nat, two), 2);
    change(nat, ALL, 0, 2);
    CU_ASSERT_TRUE(nat_suits(nat, one, FIRST) && nat_suits(nat, two, FIRST));
    change(nat, OTHERS, 2, 2); /* to .3 and .4 */
    CU_ASSERT_TRUE(nat_holds(nat, one, &inside) && nat_holds(nat, two, &inside));
    end(nat, one, LIFE);
    end(nat, one, LIFE);
    end(nat, two, LIFE);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 0);
    CU_ASSERT_EQUAL(last_of(nat, begin_by(nat, inside, SECOND_WAY, LIFE)), 3);
    CU_ASSERT_EQUAL(last_of(nat, begin_by(nat, inside, FIRST, LIFE)), 4);
    nat_free(nat);
}

void suite_uplinks(void)
{
    static const struct test TESTS[] = {
        {"N15 N1: a host has one address for each uplink, and a mapping there", each_way_has_its_addresses},
        {"N15: mappings of two uplinks end alone", each_way_ends_alone},
        {"N15 N6: what leaves by no uplink has the mapping that is there", no_way_is_any},
        {"N15: addresses for any uplink serve those without their own", some_are_for_any},
        {"N15 S2: addresses change their uplinks with what stands on them", ways_change},
    };
    TEST_SUITE("nat uplinks", TESTS);
}
