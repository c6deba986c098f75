#include "random.h"
#include "router_ports.h"
#include "suite.h"
#include "suites.h"
#include <stdlib.h>
#include <string.h>

typedef void add_ports(FILE *text, uint64_t ports[static QW_PORT_WORDS]);

static uint64_t ports[QW_PORT_WORDS];

static void read_text(add_ports *add, const char *text, size_t len)
{
    FILE *file = fmemopen((void *)(uintptr_t)text, len, "r");
    if (!file)
        exit(1);
    memset(ports, 0, sizeof(ports));
    add(file, ports);
    fclose(file);
}

static bool has(unsigned port)
{
    return ports[port / 64] >> port % 64 & 1;
}

static unsigned count(void)
{
    unsigned found = 0;
    for (unsigned port = 0; port <= UINT16_MAX; port++)
        found += has(port);
    return found;
}

static unsigned read_and_count(add_ports *add, const char *text)
{
    read_text(add, text, strlen(text));
    return count();
}

static void reserved(void)
{
    CU_ASSERT_EQUAL(read_and_count(router_ports_add_reserved, "\n"), 0);
    CU_ASSERT_EQUAL(read_and_count(router_ports_add_reserved, "8080\n"), 1);
    CU_ASSERT_TRUE(has(8080));
    CU_ASSERT_EQUAL(read_and_count(router_ports_add_reserved, "8080,9000-9010,65530-65535\n"), 18);
    CU_ASSERT_TRUE(has(8080) && has(9000) && has(9010) && has(65530) && has(65535) && !has(9011));
    CU_ASSERT_EQUAL(read_and_count(router_ports_add_reserved, "1-65535\n"), 65535);
}

static void odd_lists(void)
{
    CU_ASSERT_EQUAL(read_and_count(router_ports_add_reserved, "-1\n"), 0);
    CU_ASSERT_EQUAL(read_and_count(router_ports_add_reserved, "5--3\n"), 1);
    CU_ASSERT_EQUAL(read_and_count(router_ports_add_reserved, "7-5,9\n"), 1);
    CU_ASSERT_TRUE(has(9));
    CU_ASSERT_EQUAL(read_and_count(router_ports_add_reserved, "5,x,7\n"), 1);
    CU_ASSERT_EQUAL(read_and_count(router_ports_add_reserved, "65530-99999\n"), 6);
    CU_ASSERT_EQUAL(read_and_count(router_ports_add_reserved, "99999\n"), 0);
    CU_ASSERT_EQUAL(read_and_count(router_ports_add_reserved, "5,"), 1);
}

static void range(void)
{
    CU_ASSERT_EQUAL(read_and_count(router_ports_add_range, "32768\t60999\n"), 28232);
    CU_ASSERT_TRUE(!has(32767) && has(32768) && has(60999) && !has(61000));
    CU_ASSERT_EQUAL(read_and_count(router_ports_add_range, "65535 65535\n"), 1);
    CU_ASSERT_EQUAL(read_and_count(router_ports_add_range, "60999 32768\n"), 0);
    CU_ASSERT_EQUAL(read_and_count(router_ports_add_range, "32768\n"), 0);
    CU_ASSERT_EQUAL(read_and_count(router_ports_add_range, "5 -3\n"), 0);
    CU_ASSERT_EQUAL(read_and_count(router_ports_add_range, "\n"), 0);
}

static void any_text(void)
{
    static add_ports *const ADD[] = {router_ports_add_reserved, router_ports_add_range};
    static const char LETTERS[] = "0123456789ABCDEF:,- \n";
    uint64_t random = 1;
    char text[2048];
    for (unsigned i = 0; i < 3000; i++) {
        size_t len = 1 + test_random(&random) % sizeof(text);
        for (size_t at = 0; at < len; at++)
            text[at] = i % 8 == 0 ? (char)test_random(&random)
                                  : LETTERS[test_random(&random) % (sizeof(LETTERS) - 1)];
        read_text(ADD[i % 2], text, len);
    }
}

static void here_and_now(void)
{
    uint64_t again[QW_PORT_WORDS];
    memset(ports, 0xff, sizeof(ports));
    CU_ASSERT_TRUE(router_ports_read(ports));
    CU_ASSERT_TRUE(count() > 0 && count() < UINT16_MAX);
    CU_ASSERT_TRUE(router_ports_read(again));
}

void router_ports_suite(void)
{
    static const struct test TESTS[] = {
        {"N4: ports that the router reserves", reserved},
        {"lists of another form end where they make no sense", odd_lists},
        {"N4: ports that the router's sockets get when they ask for none", range},
        {"any text is read", any_text},
        {"those of this machine are read", here_and_now},
    };
    TEST_SUITE("router ports", TESTS);
}
