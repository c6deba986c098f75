/* Which ports: kinds, and what is never handed out. */
#include "nats.h"
#include "suite.h"
#include <string.h>

static void parity_and_range_stay(void)
{
    static const struct qw_port_range ALL[] = {{1, 65535}};
    struct nat_options options = plain();
    options.ports = ALL;
    struct nat *nat = make(&options);
    for (unsigned port = 1; port < 2048; port++) {
        uint16_t got = port_for(nat, host_port(port % 5, (uint16_t)port), 0);
        CU_ASSERT_EQUAL(got % 2, port % 2);
        CU_ASSERT_EQUAL(got < 1024, port < 1024);
        if (port == 700)
            port = 1024 + 700; /* what is left of the low ones would not do for all */
    }
    nat_free(nat);
}

static void low_ports_map_high_without_low_ones(void)
{
    struct nat_options options = plain();
    struct nat *nat = make(&options);
    uint16_t even = port_for(nat, ep("10.0.0.7:500"), 0), odd = port_for(nat, ep("10.0.0.7:123"), 0);
    CU_ASSERT_TRUE(even >= 1024 && even % 2 == 0);
    CU_ASSERT_TRUE(odd >= 1024 && odd % 2 == 1);
    nat_free(nat);
}

/* One low port, even: odd ones go above, and even ones do not even when it is taken. */
static void the_kind_depends_on_the_configuration_only(void)
{
    static const struct qw_port_range PORTS[] = {{600, 600}, {2000, 2999}};
    struct nat_options options = plain();
    options.ports = PORTS;
    options.port_count = 2;
    struct nat *nat = make(&options);
    CU_ASSERT_EQUAL(port_for(nat, ep("10.0.0.7:500"), 0), 600);
    CU_ASSERT_TRUE(port_for(nat, ep("10.0.0.7:123"), 0) >= 2000);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.8:500"), 0), NAT_NO_PORT);
    CU_ASSERT_TRUE(port_for(nat, ep("10.0.0.8:5000"), 0) >= 2000);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.8:500"), 0), NAT_NO_PORT);
    nat_free(nat);
}

/* The whole list, once more: a port that goes missing by mistake is handed out without anybody noticing. */
static void the_list_is_sorted_and_has_the_known_ones(void)
{
    static const uint16_t KNOWN[] = {7,     13,    17,    19,    37,    53,    69,    111,   123,   137,
                                     138,   161,   177,   389,   427,   500,   520,   523,   623,   1194,
                                     1434,  1701,  1900,  2123,  3283,  3389,  3478,  3702,  5060,  5093,
                                     5353,  5355,  5683,  6881,  10001, 10074, 11211, 17185, 20800, 27015,
                                     27960, 30718, 32410, 32414, 33848, 37810, 41794, 47808, 53413};
    const uint16_t *ports;
    size_t count = qw_reflection_ports(&ports);
    for (size_t i = 1; i < count; i++)
        CU_ASSERT_TRUE(ports[i - 1] < ports[i]);
    CU_ASSERT_EQUAL(count, sizeof KNOWN / sizeof KNOWN[0]);
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++)
        CU_ASSERT_TRUE(reflects(KNOWN[i]));
}

/* Takes every port of a pool, and looks at each. */
static void reflection_and_excluded_ports_are_left_out(void)
{
    static const struct qw_port_range PORTS[] = {{0, 6000}, {65000, 65535}},
                                      EXCLUDED[] = {{3000, 3999}, {65535, 65535}};
    struct nat_options options = plain();
    options.ports = PORTS;
    options.excluded = EXCLUDED;
    options.port_count = options.excluded_count = 2;
    struct nat *nat = make(&options);
    unsigned taken = 0;
    for (unsigned port = 0; port < 65536; port++) {
        nat_external mapping;
        struct qw_endpoint inside = host_port(1, (uint16_t)port);
        struct qw_addr remote = ip("203.0.113.1");
        if (nat_session_begin(nat, &inside, &remote, at(0), &mapping) != NAT_OK)
            continue;
        taken++;
        uint16_t got = nat_endpoint(nat, mapping).port;
        CU_ASSERT_FALSE(reflects(got));
        CU_ASSERT_TRUE((got >= 1 && got < 3000) || (got > 3999 && got <= 6000) ||
                       (got >= 65000 && got < 65535));
    }
    CU_ASSERT_EQUAL(taken, stats_of(nat).ports);
    CU_ASSERT_TRUE(taken > 5000 && taken < 6000 - 1000 + 535);
    nat_free(nat);
}

static void set_router_ports(struct nat *nat, unsigned first, unsigned last)
{
    uint64_t ports[QW_PORT_WORDS] = {0};
    for (unsigned port = first; port <= last; port++)
        ports[port / 64] |= 1ull << port % 64;
    nat_set_router_ports(nat, ports);
}

static void router_ports_are_left_out(void)
{
    static const struct qw_port_range PORTS[] = {{5000, 5009}};
    struct nat_options options = plain();
    options.ports = PORTS;
    struct nat *nat = make(&options);
    set_router_ports(nat, 5000, 5007);
    CU_ASSERT_EQUAL(port_for(nat, ep("10.0.0.7:4000"), 0), 5008);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.7:4002"), 0), NAT_NO_PORT);
    set_router_ports(nat, 5002, 5007);
    CU_ASSERT_EQUAL(port_for(nat, ep("10.0.0.7:4002"), 0), 5000);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.7:4004"), 0), NAT_NO_PORT);
    CU_ASSERT_EQUAL(stats_of(nat).ports, 4);
    struct nat_ports ports = nat_ports_of(nat, 0);
    CU_ASSERT_EQUAL(ports.usable, 4);
    CU_ASSERT_EQUAL(ports.used, 2);
    CU_ASSERT_EQUAL(ports.resting, 0);
    CU_ASSERT_EQUAL(ports.free, 2);
    nat_free(nat);
}

/* The mapping stays; its port comes back when it has rested and the router has given it up. */
static void a_mapping_lives_on_where_the_router_comes(void)
{
    static const struct qw_port_range PORTS[] = {{5000, 5001}};
    struct nat_options options = plain();
    options.ports = PORTS;
    struct nat *nat = make(&options);
    struct qw_endpoint inside = ep("10.0.0.7:4000"), other = ep("10.0.0.8:4000");
    nat_external mapping = begin(nat, inside, 0);
    set_router_ports(nat, 5000, 5000);
    CU_ASSERT_TRUE(nat_holds(nat, mapping, &inside));
    CU_ASSERT_EQUAL(answer(nat, inside, 0), NAT_OK);
    end(nat, mapping, 0);
    end(nat, mapping, 0);
    CU_ASSERT_EQUAL(answer(nat, other, REST), NAT_NO_PORT);
    set_router_ports(nat, 0, 0);
    CU_ASSERT_EQUAL(port_for(nat, other, REST), 5000);
    nat_free(nat);
}

/* Many ports that rested went to the router; the one behind them is had at once. */
static void a_port_behind_the_routers_is_found(void)
{
    static const struct qw_port_range PORTS[] = {{6000, 6199}};
    struct nat_options options = plain();
    options.ports = PORTS;
    struct nat *nat = make(&options);
    nat_external mappings[100];
    for (uint16_t i = 0; i < 100; i++)
        mappings[i] = begin(nat, host_port(1, (uint16_t)(4000 + 2 * i)), 0);
    for (uint16_t i = 0; i < 100; i++)
        end(nat, mappings[i], i);
    uint16_t last = nat_endpoint(nat, mappings[99]).port;
    uint64_t router[QW_PORT_WORDS] = {0};
    for (unsigned port = 6000; port < 6200; port++)
        if (port != last)
            router[port / 64] |= 1ull << port % 64;
    nat_set_router_ports(nat, router);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.9:4000"), REST + 98), NAT_NO_PORT);
    CU_ASSERT_EQUAL(port_for(nat, ep("10.0.0.9:4000"), REST + 99), last);
    nat_free(nat);
}

void suite_ports(void)
{
    static const struct test TESTS[] = {
        {"N3: an even port stays even and an odd one odd, one below 1024 stays there", parity_and_range_stay},
        {"N3: ports below 1024 map above where the pool has none", low_ports_map_high_without_low_ones},
        {"N13 N3: which kind of port depends on the configuration only",
         the_kind_depends_on_the_configuration_only},
        {"N4: the reflection ports are sorted", the_list_is_sorted_and_has_the_known_ones},
        {"N4: reflection and excluded ports are never handed out",
         reflection_and_excluded_ports_are_left_out},
        {"N4: nor are the router's own, for as long as they are", router_ports_are_left_out},
        {"N4 N10: a mapping lives on where the router begins to listen",
         a_mapping_lives_on_where_the_router_comes},
        {"N4 N10: a port that has rested is found behind any number of the router's",
         a_port_behind_the_routers_is_found},
    };
    TEST_SUITE("nat ports", TESTS);
}
