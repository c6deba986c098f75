/* Single mappings that are offered: what is taken, and what is not. */
#include "nats.h"
#include "suite.h"
#include <string.h>

static struct nat_mapping record(const char *inside, uint16_t port, uint64_t since)
{
    return (struct nat_mapping){
        .inside = ep(inside), .external = {ip("198.51.100.1"), port}, .since = {since}};
}

static enum nat_adopted adopt(struct nat *nat, const char *inside, uint16_t port, uint64_t since)
{
    struct nat_mapping offered = record(inside, port, since);
    return nat_adopt(nat, &offered, at(10 * SECOND));
}

static void it_lives_by_its_sessions(void)
{
    struct nat_options options = plain();
    struct nat *nat = make(&options);
    struct qw_endpoint inside = ep("10.0.0.7:4000");
    struct qw_addr remote = ip("203.0.113.1");
    CU_ASSERT_EQUAL(nat_adopt_session(nat, &inside, &remote), 0);
    CU_ASSERT_EQUAL(adopt(nat, "10.0.0.7:4000", 5000, 0), NAT_ADOPTED);
    CU_ASSERT_EQUAL(adopt(nat, "10.0.0.7:4002", 5002, 0), NAT_ADOPTED);
    nat_external mapping = nat_adopt_session(nat, &inside, &remote);
    CU_ASSERT_EQUAL(nat_port(mapping), 5000);
    CU_ASSERT_TRUE(nat_holds(nat, mapping, &inside) && nat_admits(nat, mapping, &remote));
    CU_ASSERT_EQUAL(nat_adopt_end(nat, at(10 * SECOND)), 1);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 1);
    CU_ASSERT_EQUAL(stats_of(nat).resting, 1);
    CU_ASSERT_EQUAL(begin(nat, inside, 11 * SECOND), mapping);
    end(nat, mapping, 12 * SECOND);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 1);
    end(nat, mapping, 200 * SECOND);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 0);
    nat_free(nat);
}

static void what_cannot_be_is_refused(void)
{
    static const struct qw_port_range EXCLUDED = {6000, 6001};
    struct nat_options options = plain();
    struct nat_forward forward = {0, 7000, ep("10.0.0.9:443")};
    options.excluded = &EXCLUDED;
    options.excluded_count = 1;
    options.forwards = &forward;
    options.forward_count = 1;
    options.now = at(0);
    struct nat *nat = make(&options);
    CU_ASSERT_EQUAL(adopt(nat, "10.0.0.7:4000", 0, 0), NAT_ADOPT_IMPOSSIBLE);
    CU_ASSERT_EQUAL(adopt(nat, "0.0.0.0:4000", 5000, 0), NAT_ADOPT_IMPOSSIBLE);
    CU_ASSERT_EQUAL(adopt(nat, "10.0.0.7:4000", 5001, 0), NAT_ADOPT_IMPOSSIBLE);
    CU_ASSERT_EQUAL(adopt(nat, "10.0.0.7:4000", 5000, 10 * SECOND + 1), NAT_ADOPT_AHEAD);
    CU_ASSERT_EQUAL(adopt(nat, "10.0.0.7:4001", 5353, 0), NAT_ADOPT_UNUSABLE); /* mDNS */
    CU_ASSERT_EQUAL(adopt(nat, "10.0.0.7:4000", 7000, 0), NAT_ADOPT_UNUSABLE);
    CU_ASSERT_EQUAL(adopt(nat, "10.0.0.9:443", 5001, 0), NAT_ADOPT_TAKEN); /* the forward's inside */
    CU_ASSERT_EQUAL(adopt(nat, "10.0.0.7:4000", 5000, 0), NAT_ADOPTED);
    CU_ASSERT_EQUAL(adopt(nat, "10.0.0.8:4000", 5000, 0), NAT_ADOPT_TAKEN); /* two of one port */
    CU_ASSERT_EQUAL(adopt(nat, "10.0.0.7:4000", 5002, 0), NAT_ADOPT_TAKEN); /* two of one endpoint */
    struct nat_mapping foreign = record("10.0.0.8:4000", 5004, 0);
    foreign.external.addr = ip("198.51.100.2");
    CU_ASSERT_EQUAL(nat_adopt(nat, &foreign, at(SECOND)), NAT_ADOPT_ADDRESS);
    foreign.external.addr = ip("0.0.0.0");
    CU_ASSERT_EQUAL(nat_adopt(nat, &foreign, at(SECOND)), NAT_ADOPT_ADDRESS);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 1);
    for (int i = 0; i < NAT_ADOPT_RESULTS; i++)
        CU_ASSERT_STRING_NOT_EQUAL(nat_adopted_word((enum nat_adopted)i), "unknown");
    CU_ASSERT_STRING_EQUAL(nat_adopted_word(NAT_ADOPT_RESULTS), "unknown");
    nat_free(nat);
}

/* Ports that left the pool: excluded, and outside of the ranges. */
static void what_left_the_pool_lives_on(void)
{
    static const struct qw_port_range EXCLUDED = {6000, 6001};
    struct nat_options options = plain();
    options.excluded = &EXCLUDED;
    options.excluded_count = 1;
    struct nat *nat = make(&options);
    struct qw_endpoint excluded = ep("10.0.0.7:4000"), low = ep("10.0.0.7:4002");
    struct qw_addr remote = ip("203.0.113.1");
    uint32_t ports = stats_of(nat).ports;
    CU_ASSERT_EQUAL(adopt(nat, "10.0.0.7:4000", 6000, 0), NAT_ADOPTED);
    CU_ASSERT_EQUAL(adopt(nat, "10.0.0.7:4002", 1000, 0), NAT_ADOPTED);
    nat_external first = nat_adopt_session(nat, &excluded, &remote);
    CU_ASSERT_EQUAL(nat_port(first), 6000);
    CU_ASSERT_EQUAL(nat_port(nat_adopt_session(nat, &low, &remote)), 1000);
    end(nat, first, 10 * SECOND);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 1);
    uint16_t port = port_for(nat, excluded, 10 * SECOND + REST);
    CU_ASSERT_TRUE(port >= 1024 && port != 6000);
    CU_ASSERT_EQUAL(stats_of(nat).ports,
                    ports + 1); /* the low one, in use; the other has rested, and is none */
    nat_free(nat);
}

static void tables_are_never_overfilled(void)
{
    struct nat_options options = plain();
    options.sessions_max = 3;
    struct nat *nat = make(&options);
    unsigned adopted = 0;
    for (uint16_t i = 0; i < 20; i++) {
        struct nat_mapping offered = record("10.0.0.7:4000", (uint16_t)(5000 + 2 * i), 0);
        offered.inside.port = (uint16_t)(4000 + 2 * i);
        adopted += nat_adopt(nat, &offered, at(0)) == NAT_ADOPTED;
    }
    CU_ASSERT_EQUAL(adopted, 3);
    nat_free(nat);
}

static void a_rest_goes_on(void)
{
    static const struct qw_port_range PORTS[] = {{5000, 5003}};
    struct nat_options options = plain();
    options.ports = PORTS;
    options.per_host = 1;
    struct nat *nat = make(&options);
    struct qw_endpoint external = {ip("198.51.100.1"), 5000}, host = ep("10.0.0.7:4000");
    nat_adopt_rest(nat, &external, &host, true, at(0), at(10 * SECOND));
    external.port = 5002;
    nat_adopt_rest(nat, &external, NULL, true, at(50 * SECOND), at(10 * SECOND)); /* ahead: from now on */
    external.port = 5004;
    nat_adopt_rest(nat, &external, NULL, false, at(0), at(10 * SECOND)); /* not in the pool */
    CU_ASSERT_EQUAL(stats_of(nat).resting, 3);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.8:4000"), REST - 1), NAT_NO_PORT);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.7:4001"), REST - 1), NAT_HOST_LIMIT);
    CU_ASSERT_EQUAL(port_for(nat, ep("10.0.0.8:4000"), REST), 5000);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.9:4000"), REST + 10 * SECOND - 1), NAT_NO_PORT);
    CU_ASSERT_EQUAL(port_for(nat, ep("10.0.0.9:4000"), REST + 10 * SECOND), 5002);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.7:4001"), REST), NAT_OK);
    nat_free(nat);
}

/* "auto": the address is told later, and is the same, or another. */
static void an_unknown_address_is_taken_over(void)
{
    for (int another = 0; another < 2; another++) {
        struct nat_options options = plain();
        struct store_part parts[NAT_PARTS];
        struct store *store;
        struct nat_memory memory;
        nat_parts(1, parts);
        CU_ASSERT_EQUAL_FATAL(
            store_new(&(struct store_plan){.parts = parts, .part_count = NAT_PARTS}, &store), QW_OK);
        CU_ASSERT_TRUE_FATAL(nat_memory_of(store, &memory));
        options.memory = &memory;
        struct nat *before = make(&options);
        uint16_t port = port_for(before, ep("10.0.0.7:4000"), 0);
        struct qw_addr none = {{0}}, next = ip(another ? "198.51.100.9" : "198.51.100.1");
        struct nat_recovery counts = {0};
        options.memory = NULL;
        options.addresses = &none;
        struct nat *nat = make(&options);
        CU_ASSERT_EQUAL(nat_recover(nat, &memory, at(1), &counts), QW_OK);
        CU_ASSERT_EQUAL(counts.results[NAT_ADOPTED], 1);
        CU_ASSERT_EQUAL(nat_set_address(nat, 0, &next, at(2)), another);
        CU_ASSERT_EQUAL(stats_of(nat).mappings, !another);
        if (!another)
            CU_ASSERT_EQUAL(port_for(nat, ep("10.0.0.7:4000"), 3), port);
        nat_free(nat);
        nat_free(before);
        store_free(store);
    }
}

/* Of a mapping that lives on another router: the port rests here alone. */
static void a_rest_is_no_matter_to_one_that_lives(void)
{
    struct nat_options options = plain();
    struct nat *nat = make(&options);
    struct nat_mapping offered = record("10.0.0.7:4000", 5000, 0), other = record("10.0.0.8:4000", 5000, 0);
    struct qw_endpoint host = ep("10.0.0.9:4000");
    nat_adopt_rest(nat, &offered.external, &host, true, at(SECOND), at(SECOND));
    CU_ASSERT_EQUAL(nat_adopt(nat, &offered, at(2 * SECOND)), NAT_ADOPT_TAKEN);
    CU_ASSERT_EQUAL(nat_adopt_awake(nat, &offered, at(2 * SECOND)), NAT_ADOPTED);
    CU_ASSERT_EQUAL(stats_of(nat).resting, 0);
    CU_ASSERT_EQUAL(nat_adopt_awake(nat, &other, at(2 * SECOND)), NAT_ADOPT_TAKEN);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 1);
    nat_free(nat);
}

static struct nat_adoption flow_with(const char *inside, uint16_t port, bool holds)
{
    struct nat_mapping mapping = record(inside, port, 0);
    return (struct nat_adoption){
        .inside = mapping.inside, .external = mapping.external, .remote = ip("203.0.113.1"), .holds = holds};
}

/* What a flow of another router asks for, in one go. */
static enum nat_adopted adopt_flow(struct nat *nat, const char *inside, uint16_t port, bool holds,
                                   nat_external *mapping)
{
    struct nat_adoption flow = flow_with(inside, port, holds);
    nat_adopt_ahead(nat, &flow, 1);
    nat_adopt_flows(nat, &flow, 1, at(10 * SECOND));
    *mapping = flow.mapping;
    return flow.result;
}

static void a_flow_has_its_mapping_or_none(void)
{
    struct nat_options options = plain();
    options.sessions_max = 3;
    struct nat *nat = make(&options);
    struct qw_addr remote = ip("203.0.113.1");
    nat_external first, again, other;
    CU_ASSERT_EQUAL(adopt_flow(nat, "10.0.0.7:4000", 5000, true, &first), NAT_ADOPTED);
    CU_ASSERT_EQUAL(nat_port(first), 5000);
    CU_ASSERT_TRUE(nat_admits(nat, first, &remote));
    CU_ASSERT_EQUAL(adopt_flow(nat, "10.0.0.7:4000", 5000, true, &again), NAT_ADOPTED);
    CU_ASSERT_EQUAL(again, first);
    CU_ASSERT_EQUAL(adopt_flow(nat, "10.0.0.7:4000", 5002, true, &other), NAT_ADOPT_TAKEN);
    CU_ASSERT_EQUAL(adopt_flow(nat, "10.0.0.8:4000", 5000, true, &other), NAT_ADOPT_TAKEN);
    CU_ASSERT_EQUAL(adopt_flow(nat, "10.0.0.8:4000", 5001, true, &other), NAT_ADOPT_IMPOSSIBLE);
    CU_ASSERT_EQUAL(other, 0);
    CU_ASSERT_EQUAL(adopt_flow(nat, "10.0.0.9:4000", 5004, false, &other), NAT_ADOPTED);
    CU_ASSERT_EQUAL(nat_adopt_end(nat, at(10 * SECOND)), 1);                            /* nobody holds it */
    CU_ASSERT_EQUAL(adopt_flow(nat, "10.0.0.9:4000", 5004, true, &other), NAT_ADOPTED); /* though it rests */
    CU_ASSERT_EQUAL(adopt_flow(nat, "10.0.0.7:4000", 5000, true, &again), NAT_ADOPT_UNUSABLE);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 2);
    end(nat, first, 200 * SECOND);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 2); /* it was held twice */
    end(nat, first, 200 * SECOND);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 1);
    nat_free(nat);
}

void suite_adopt(void)
{
    static const struct test TESTS[] = {
        {"S1: an adopted mapping lives by its sessions", it_lives_by_its_sessions},
        {"S1 N2 N4: what cannot be, is ahead of the clock, or stands there already is refused",
         what_cannot_be_is_refused},
        {"S1 S2: mappings on ports that left the pool live on", what_left_the_pool_lives_on},
        {"S1 S3: no more are adopted than there are places", tables_are_never_overfilled},
        {"S1 N2 N10: a rest goes on", a_rest_goes_on},
        {"K1 N2: but not for a mapping that lives on another router", a_rest_is_no_matter_to_one_that_lives},
        {"K1 N2: a flow of another router has the mapping that it had, or none",
         a_flow_has_its_mapping_or_none},
        {"S1 N11: an address that follows an interface is that of before until it is known",
         an_unknown_address_is_taken_over},
    };
    TEST_SUITE("nat adopt", TESTS);
}
