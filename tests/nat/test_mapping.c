#include "nats.h"
#include "suite.h"

static void one_mapping_for_all_remotes(void)
{
    struct nat_options options = plain();
    struct nat *nat = make(&options);
    struct qw_endpoint inside = ep("10.0.0.7:5000");
    struct qw_addr one = ip("203.0.113.1"), two = ip("203.0.113.2");
    nat_external a, b;
    CU_ASSERT_EQUAL(nat_session_begin(nat, &inside, &one, at(1), &a), NAT_OK);
    CU_ASSERT_EQUAL(nat_session_begin(nat, &inside, &two, at(2), &b), NAT_OK);
    CU_ASSERT_EQUAL(a, b);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 1);
    nat_free(nat);
}

static void packets_find_both_ways(void)
{
    struct nat_options options = plain();
    struct nat *nat = make(&options);
    struct qw_endpoint inside = ep("10.0.0.7:5000"), other = ep("10.0.0.7:5002"), found;
    nat_external mapping = begin(nat, inside, 0);
    struct qw_endpoint external = nat_endpoint(nat, mapping);
    CU_ASSERT_TRUE(qw_addr_equal(&external.addr, &options.addresses[0]));
    CU_ASSERT_EQUAL(nat_inside(nat, &external, &found), mapping);
    CU_ASSERT_TRUE(same_endpoint(found, inside));
    CU_ASSERT_TRUE(nat_holds(nat, mapping, &inside));
    CU_ASSERT_FALSE(nat_holds(nat, mapping, &other));
    CU_ASSERT_FALSE(nat_holds(nat, 0, &inside));
    external.port ^= 1;
    CU_ASSERT_EQUAL(nat_inside(nat, &external, &found), 0);
    external = (struct qw_endpoint){.addr = ip("198.51.100.2"), .port = external.port ^ 1};
    CU_ASSERT_EQUAL(nat_inside(nat, &external, &found), 0);
    nat_free(nat);
}

static void handles_that_nobody_made(void)
{
    struct nat_options options = plain();
    struct nat *nat = make(&options);
    struct qw_endpoint inside = ep("10.0.0.7:5000");
    struct qw_addr remote = ip("203.0.113.1");
    begin(nat, inside, 0);
    for (unsigned bit = 0; bit < 32; bit++) {
        CU_ASSERT_FALSE(nat_holds(nat, 1u << bit, &inside));
        CU_ASSERT_FALSE(nat_admits(nat, 1u << bit, &remote));
        end(nat, 1u << bit, 0);
    }
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 1);
    nat_free(nat);
}

static void lives_as_long_as_a_session(void)
{
    struct nat_options options = plain();
    struct nat *nat = make(&options);
    struct qw_endpoint inside = ep("10.0.0.7:5000"), found;
    nat_external mapping = begin(nat, inside, 0);
    struct qw_endpoint external = nat_endpoint(nat, mapping);
    begin(nat, inside, 0);
    end(nat, mapping, 1);
    CU_ASSERT_TRUE(nat_holds(nat, mapping, &inside));
    end(nat, mapping, 2);
    CU_ASSERT_FALSE(nat_holds(nat, mapping, &inside));
    CU_ASSERT_EQUAL(nat_inside(nat, &external, &found), 0);
    end(nat, mapping, 3); /* one too many */
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 0);
    CU_ASSERT_EQUAL(stats_of(nat).removed, 1);
    nat_free(nat);
}

static void another_endpoint_gets_another_mapping(void)
{
    struct nat_options options = plain();
    struct nat *nat = make(&options);
    nat_external a = begin(nat, ep("10.0.0.7:5000"), 0), b = begin(nat, ep("10.0.0.7:5002"), 0),
                 c = begin(nat, ep("10.0.0.8:5000"), 0);
    CU_ASSERT_NOT_EQUAL(a, b);
    CU_ASSERT_NOT_EQUAL(a, c);
    CU_ASSERT_NOT_EQUAL(b, c);
    nat_free(nat);
}

struct heard {
    unsigned made, ended;
    struct nat_mapping mapping;
    uint64_t when;
};

static void hear(void *context, const struct nat_mapping *mapping, bool created, struct qw_time now)
{
    struct heard *heard = context;
    *(created ? &heard->made : &heard->ended) += 1;
    heard->mapping = *mapping;
    heard->when = now.ns;
}

static void changes_are_told(void)
{
    struct heard heard = {0};
    struct nat_options options = plain();
    options.changed = hear;
    options.context = &heard;
    struct nat *nat = make(&options);
    struct qw_endpoint inside = ep("10.0.0.7:5000");
    nat_external mapping = begin(nat, inside, 5);
    begin(nat, inside, 6);
    CU_ASSERT_EQUAL(heard.made, 1);
    CU_ASSERT_EQUAL(heard.when, 5);
    CU_ASSERT_TRUE(same_endpoint(heard.mapping.inside, inside));
    CU_ASSERT_TRUE(same_endpoint(heard.mapping.external, nat_endpoint(nat, mapping)));
    end(nat, mapping, 7);
    CU_ASSERT_EQUAL(heard.ended, 0);
    end(nat, mapping, 8);
    CU_ASSERT_EQUAL(heard.ended, 1);
    CU_ASSERT_EQUAL(heard.when, 8);
    CU_ASSERT_EQUAL(heard.mapping.since.ns, 5);
    CU_ASSERT_TRUE(same_endpoint(heard.mapping.inside, inside));
    nat_free(nat);
}

/* Each mapping once, however small the pieces. */
static void every_mapping_is_shown(void)
{
    enum { COUNT = 100 };
    struct nat_options options = plain();
    struct nat *nat = make(&options);
    for (uint16_t i = 0; i < COUNT; i++)
        begin(nat, host_port(1, (uint16_t)(2000 + i)), i);
    begin(nat, host_port(1, 2000), 0);
    struct nat_mapping some[7];
    bool seen[COUNT] = {0};
    uint64_t cursor = 0;
    for (size_t got; (got = nat_mappings(nat, &cursor, some, 7)) > 0;)
        for (size_t i = 0; i < got; i++) {
            uint16_t n = (uint16_t)(some[i].inside.port - 2000);
            CU_ASSERT_TRUE_FATAL(n < COUNT && !seen[n]);
            seen[n] = true;
            CU_ASSERT_EQUAL(some[i].since.ns, n);
            CU_ASSERT_EQUAL(some[i].sessions, n == 0 ? 2 : 1);
            CU_ASSERT_FALSE(some[i].forward);
        }
    for (int i = 0; i < COUNT; i++)
        CU_ASSERT_TRUE(seen[i]);
    nat_free(nat);
}

void suite_mapping(void)
{
    static const struct test TESTS[] = {
        {"N1: one inside endpoint has one external endpoint towards all remotes",
         one_mapping_for_all_remotes},
        {"N1: packets find their mapping both ways, and no other", packets_find_both_ways},
        {"N2: a handle that nobody made names nothing", handles_that_nobody_made},
        {"N1: a mapping lives as long as a session holds it", lives_as_long_as_a_session},
        {"N9: another inside address or port is another mapping", another_endpoint_gets_another_mapping},
        {"N14: beginnings and ends are told with time and both endpoints", changes_are_told},
        {"N14: a report shows every mapping once", every_mapping_is_shown},
    };
    TEST_SUITE("nat mapping", TESTS);
}
