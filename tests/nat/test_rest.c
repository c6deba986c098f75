/* Whole pools, and released ports. */
#include "nats.h"
#include "suite.h"
#include <string.h>

static bool taken[65536];

#define HOSTS 33 /* that take all ports in turn, so that none has more than its fair share */

/* Takes every port for inside ports of one parity; returns how many. The last one's mapping is *last. */
static unsigned exhaust(struct nat *nat, unsigned parity, nat_external *last)
{
    struct qw_addr remote = ip("203.0.113.1");
    for (unsigned n = 0;; n++) {
        struct qw_endpoint inside = host_port(n % HOSTS, (uint16_t)(2000 + 2 * (n / HOSTS) + parity));
        if (nat_session_begin(nat, &inside, &remote, at(0), last) != NAT_OK)
            return n;
        uint16_t port = nat_endpoint(nat, *last).port;
        CU_ASSERT_FALSE_FATAL(taken[port]);
        taken[port] = true;
    }
}

static void one_address_serves_64000_endpoints(void)
{
    struct nat_options options = plain();
    struct nat *nat = make(&options);
    nat_external even, odd;
    memset(taken, 0, sizeof taken);
    unsigned count = exhaust(nat, 0, &even);
    count += exhaust(nat, 1, &odd);
    CU_ASSERT_TRUE(count > 64000);
    CU_ASSERT_EQUAL(count, stats_of(nat).ports);
    CU_ASSERT_EQUAL(count, stats_of(nat).mappings);
    CU_ASSERT_EQUAL(stats_of(nat).refused_port, 2);
    for (unsigned port = 1024; port < 65536; port++)
        CU_ASSERT_EQUAL(taken[port], !reflects((uint16_t)port));
    nat_free(nat);
}

static void exhaustion_refuses_new_ones_only(void)
{
    struct nat_options options = plain();
    struct nat *nat = make(&options);
    struct qw_endpoint first = host_port(0, 2000), another = host_port(999, 2000), found, external;
    nat_external last;
    memset(taken, 0, sizeof taken);
    exhaust(nat, 0, &last);
    external = nat_endpoint(nat, last);
    CU_ASSERT_EQUAL(answer(nat, first, 1), NAT_OK); /* one more session of a mapping */
    CU_ASSERT_EQUAL(nat_inside(nat, &external, &found), last);
    CU_ASSERT_EQUAL(answer(nat, host_port(999, 2001), 1), NAT_OK); /* the other kind */
    end(nat, last, SECOND);
    CU_ASSERT_EQUAL(stats_of(nat).resting, 1);
    CU_ASSERT_EQUAL(answer(nat, another, SECOND + REST - 1), NAT_NO_PORT);
    CU_ASSERT_EQUAL(port_for(nat, another, SECOND + REST), external.port);
    CU_ASSERT_EQUAL(stats_of(nat).resting, 0);
    nat_free(nat);
}

/* All even ports released at once; later they can all be had again, the first without a wait. */
static void a_pool_wakes(void)
{
    struct nat_options options = plain();
    struct nat *nat = make(&options);
    nat_external last;
    memset(taken, 0, sizeof taken);
    unsigned count = exhaust(nat, 0, &last);
    uint64_t cursor = 0;
    struct nat_mapping mapping;
    while (nat_mappings(nat, &cursor, &mapping, 1) > 0) {
        struct qw_endpoint inside;
        end(nat, nat_inside(nat, &mapping.external, &inside), SECOND);
    }
    CU_ASSERT_EQUAL(stats_of(nat).resting, count);
    CU_ASSERT_EQUAL(answer(nat, host_port(1, 2000), REST), NAT_NO_PORT);
    for (unsigned n = 0; n < count; n++)
        begin(nat, host_port(n / 1000, (uint16_t)(2000 + 2 * (n % 1000))), SECOND + REST);
    CU_ASSERT_EQUAL(answer(nat, host_port(999, 2000), SECOND + REST), NAT_NO_PORT);
    nat_free(nat);
}

static void the_same_host_waits_too(void)
{
    static const struct qw_port_range ONE[] = {{5000, 5000}};
    struct nat_options options = plain();
    options.ports = ONE;
    struct nat *nat = make(&options);
    struct qw_endpoint inside = ep("10.0.0.7:4000");
    end(nat, begin(nat, inside, 0), SECOND);
    CU_ASSERT_EQUAL(answer(nat, inside, 0), NAT_NO_PORT); /* a clock that went back */
    CU_ASSERT_EQUAL(answer(nat, inside, REST), NAT_NO_PORT);
    CU_ASSERT_EQUAL(answer(nat, inside, SECOND + REST), NAT_OK);
    nat_free(nat);
}

void suite_rest(void)
{
    static const struct test TESTS[] = {
        {"N2: one address serves more than 64,000 inside endpoints, each with a port of its own",
         one_address_serves_64000_endpoints},
        {"N10 N2: an exhausted pool refuses new mappings only, until a port has rested",
         exhaustion_refuses_new_ones_only},
        {"N10: all ports that have rested may be had at once", a_pool_wakes},
        {"N2 N13: a released port rests for everybody", the_same_host_waits_too},
    };
    TEST_SUITE("nat rest", TESTS);
}
