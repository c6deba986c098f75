#include "port_pool.h"
#include "suite.h"
#include "suites.h"
#include <quicward/config.h>
#include <string.h>

static uint64_t pool[QW_PORT_WORDS], router[QW_PORT_WORDS];

static void has(const struct config *config, unsigned even, unsigned odd)
{
    config_nat_usable(config, pool);
    struct qw_port_count left = port_pool_left(pool, router);
    CU_ASSERT_EQUAL(left.even, even);
    CU_ASSERT_EQUAL(left.odd, odd);
}

static void router_has(unsigned first, unsigned last)
{
    memset(router, 0, sizeof(router));
    for (unsigned port = first; port <= last; port++)
        router[port / 64] |= (uint64_t)1 << port % 64;
}

/* The numbers of docs/nat.md. */
static void the_default(void)
{
    struct config config;
    config_defaults(&config);
    router_has(32768, 60999);
    config_nat_usable(&config, pool);
    struct qw_port_count left = port_pool_left(pool, router);
    CU_ASSERT_EQUAL(left.even + left.odd, 36255);
    router_has(64512, 65535);
    left = port_pool_left(pool, router);
    CU_ASSERT_EQUAL(left.even + left.odd, 63458);
}

static void what_is_taken_off(void)
{
    struct qw_port_range ports[] = {{7, 1023}, {1899, 1902}, {65534, 65535}}, exclude[] = {{65535, 65535}};
    struct config config;
    config_defaults(&config);
    config.nat_ports = (struct config_ports){.count = 3, .list = ports};
    router_has(0, 0);
    has(&config, 2, 3); /* 1902 65534, 1899 1901 65535: SSDP has 1900 */
    config.nat_exclude = (struct config_ports){.count = 1, .list = exclude};
    has(&config, 2, 2);
    router_has(1024, 1901);
    has(&config, 2, 0);
    router_has(1024, 65535);
    has(&config, 0, 0);
}

void port_pool_suite(void)
{
    static const struct test TESTS[] = {
        {"N4: what the router leaves of the default pool", the_default},
        {"N4, N10: excluded ports, those of reflection attacks and the router's are none to map to",
         what_is_taken_off},
    };
    TEST_SUITE("port pool", TESTS);
}
