#include "nats.h"
#include "suite.h"

static struct nat *filtering(enum nat_filtering filtering)
{
    struct nat_options options = plain();
    options.filtering = filtering;
    return make(&options);
}

static bool admits(struct nat *nat, nat_external mapping, const char *remote)
{
    struct qw_addr addr = ip(remote);
    return nat_admits(nat, mapping, &addr);
}

static void anybody_with_endpoint_independent(void)
{
    struct nat *nat = filtering(NAT_ENDPOINT_INDEPENDENT);
    nat_external mapping = begin(nat, ep("10.0.0.7:4000"), 0);
    CU_ASSERT_TRUE(admits(nat, mapping, "203.0.113.1"));
    CU_ASSERT_TRUE(admits(nat, mapping, "203.0.113.2"));
    end(nat, mapping, 1);
    CU_ASSERT_FALSE(admits(nat, mapping, "203.0.113.1"));
    nat_free(nat);
}

static void nobody_with_address_and_port_dependent(void)
{
    struct nat *nat = filtering(NAT_ADDRESS_AND_PORT_DEPENDENT);
    nat_external mapping = begin(nat, ep("10.0.0.7:4000"), 0);
    CU_ASSERT_FALSE(admits(nat, mapping, "203.0.113.1"));
    CU_ASSERT_FALSE(admits(nat, mapping, "203.0.113.2"));
    nat_free(nat);
}

/* As long as one session with that address lives, and for the mapping that it is of. */
static void peers_with_address_dependent(void)
{
    struct nat *nat = filtering(NAT_ADDRESS_DEPENDENT);
    struct qw_endpoint inside = ep("10.0.0.7:4000");
    struct qw_addr other = ip("203.0.113.2");
    nat_external mapping = begin(nat, inside, 0), neighbour = begin(nat, ep("10.0.0.7:4002"), 0);
    begin(nat, inside, 0);
    CU_ASSERT_TRUE(admits(nat, mapping, "203.0.113.1"));
    CU_ASSERT_FALSE(admits(nat, mapping, "203.0.113.2"));
    CU_ASSERT_EQUAL(nat_session_begin(nat, &inside, &other, at(0), &mapping), NAT_OK);
    CU_ASSERT_TRUE(admits(nat, mapping, "203.0.113.2"));
    CU_ASSERT_FALSE(admits(nat, neighbour, "203.0.113.2"));
    end(nat, mapping, 1);
    CU_ASSERT_TRUE(admits(nat, mapping, "203.0.113.1"));
    end(nat, mapping, 1);
    CU_ASSERT_FALSE(admits(nat, mapping, "203.0.113.1"));
    CU_ASSERT_TRUE(admits(nat, mapping, "203.0.113.2"));
    nat_session_end(nat, mapping, &inside, &other, at(2));
    CU_ASSERT_FALSE(admits(nat, mapping, "203.0.113.2"));
    nat_free(nat);
}

void suite_filtering(void)
{
    static const struct test TESTS[] = {
        {"N5: endpoint-independent: anybody, while the mapping lives", anybody_with_endpoint_independent},
        {"N5: address-and-port-dependent: nobody else", nobody_with_address_and_port_dependent},
        {"N5: address-dependent: addresses of the mapping's own sessions", peers_with_address_dependent},
    };
    TEST_SUITE("nat filtering", TESTS);
}
