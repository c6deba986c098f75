#include "suite.h"
#include "suites.h"
#include <quicward/base/ports.h>

static void the_reflection_ports_are_sorted_and_known(void)
{
    static const uint16_t KNOWN[] = {7, 19, 53, 123, 161, 389, 1900, 3702, 5353, 11211};
    const uint16_t *ports;
    size_t count = qw_reflection_ports(&ports);
    uint64_t set[QW_PORT_WORDS] = {0};
    for (size_t i = 0; i < count; i++)
        qw_ports_add(set, ports[i], ports[i]);
    for (size_t i = 1; i < count; i++)
        CU_ASSERT_TRUE(ports[i - 1] < ports[i]);
    for (size_t i = 0; i < sizeof(KNOWN) / sizeof(KNOWN[0]); i++)
        CU_ASSERT_TRUE(qw_ports_has(set, KNOWN[i]));
}

static void what_may_be_handed_out(void)
{
    static const struct qw_port_range ALL[] = {{0, 100}, {65530, 65535}},
                                      EXCLUDED[] = {{80, 90}, {65535, 65535}};
    uint64_t set[QW_PORT_WORDS];
    qw_ports_usable(ALL, 2, EXCLUDED, 2, set);
    for (unsigned port = 0; port < 65536; port++) {
        bool reflects =
            port == 7 || port == 13 || port == 17 || port == 19 || port == 37 || port == 53 || port == 69;
        bool usable =
            (port >= 1 && port <= 100 && !(port >= 80 && port <= 90)) || (port >= 65530 && port < 65535);
        CU_ASSERT_EQUAL_FATAL(qw_ports_has(set, (uint16_t)port), usable && !reflects);
    }
    struct qw_port_count count = qw_ports_count(set);
    CU_ASSERT_EQUAL(count.even, 3);
    CU_ASSERT_EQUAL(count.odd, 2);
}

static void nothing_of_nothing(void)
{
    uint64_t set[QW_PORT_WORDS];
    qw_ports_usable(NULL, 0, NULL, 0, set);
    for (unsigned word = 0; word < QW_PORT_WORDS; word++)
        CU_ASSERT_EQUAL(set[word], 0);
}

void ports_suite(void)
{
    static const struct test TESTS[] = {
        {"N4: the reflection ports are sorted, and the known ones are there",
         the_reflection_ports_are_sorted_and_known},
        {"N4: ports of the pool, but no excluded, no reflection port and not 0", what_may_be_handed_out},
        {"N4: no ranges, no ports", nothing_of_nothing},
    };
    TEST_SUITE("base: ports", TESTS);
}
