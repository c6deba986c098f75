#include "nats.h"
#include "suite.h"

static void a_host_has_so_many_mappings(void)
{
    struct nat_options options = plain();
    options.per_host = 3;
    struct nat *nat = make(&options);
    nat_external first = begin(nat, ep("10.0.0.7:4000"), 0);
    begin(nat, ep("10.0.0.7:4001"), 0);
    begin(nat, ep("10.0.0.7:4002"), 0);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.7:4003"), 0), NAT_HOST_LIMIT);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.7:4002"), 0), NAT_OK);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.8:4003"), 0), NAT_OK);
    end(nat, first, LIFE);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.7:4003"), LIFE), NAT_OK);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.7:4000"), LIFE), NAT_HOST_LIMIT);
    CU_ASSERT_EQUAL(stats_of(nat).refused_host, 2);
    nat_free(nat);
}

/* Sessions that end before their time made room in a full flow table. If their mappings no longer counted, a
 * host that fills the table could make port after port rest, until none is left for others. */
static void what_ends_early_counts_while_it_rests(void)
{
    struct nat_options options = plain();
    options.per_host = 3;
    struct nat *nat = make(&options);
    for (uint16_t i = 0; i < 3; i++)
        end(nat, begin(nat, host_port(7, (uint16_t)(4000 + i)), 0), SECOND);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 0);
    CU_ASSERT_EQUAL(answer(nat, host_port(7, 4003), SECOND + REST - 1), NAT_HOST_LIMIT);
    CU_ASSERT_EQUAL(answer(nat, host_port(8, 4003), SECOND), NAT_OK);
    for (uint16_t i = 0; i < 3; i++)
        begin(nat, host_port(7, (uint16_t)(5000 + i)), SECOND + REST);
    CU_ASSERT_EQUAL(answer(nat, host_port(7, 4003), SECOND + REST), NAT_HOST_LIMIT);
    nat_free(nat);
}

/* That no host could help. */
static void what_ends_with_its_address_counts_no_more(void)
{
    struct nat_options options = plain();
    options.per_host = 1;
    struct nat *nat = make(&options);
    begin(nat, ep("10.0.0.7:4000"), 0);
    nat_set_address(nat, 0, NULL, at(SECOND));
    nat_set_address(nat, 0, options.addresses, at(SECOND));
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.7:4001"), SECOND), NAT_OK);
    nat_free(nat);
}

static void sessions_are_bounded(void)
{
    struct nat_options options = plain();
    options.sessions_max = 2;
    struct nat *nat = make(&options);
    nat_external mapping = begin(nat, ep("10.0.0.7:4000"), 0);
    begin(nat, ep("10.0.0.7:4000"), 0);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.7:4000"), 0), NAT_NO_PORT);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.8:4000"), 0), NAT_NO_PORT);
    end(nat, mapping, 1);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.8:4000"), 1), NAT_OK);
    CU_ASSERT_EQUAL(stats_of(nat).refused_port, 2);
    nat_free(nat);
}

/* What is refused leaves no trace. */
static void a_refusal_writes_nothing(void)
{
    struct nat_options options = plain();
    options.per_host = 0;
    struct nat *nat = make(&options);
    struct qw_endpoint inside = ep("10.0.0.7:4000");
    struct qw_addr remote = ip("203.0.113.1");
    nat_external out = 77;
    CU_ASSERT_EQUAL(nat_session_begin(nat, &inside, &remote, at(0), &out), NAT_HOST_LIMIT);
    CU_ASSERT_EQUAL(out, 77);
    CU_ASSERT_EQUAL(stats_of(nat).created, 0);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 0);
    nat_free(nat);
}

void suite_limits(void)
{
    static const struct test TESTS[] = {
        {"N10: a host at its limit keeps what it has and gets no more", a_host_has_so_many_mappings},
        {"N10 S3: a mapping that makes room counts until its port has rested",
         what_ends_early_counts_while_it_rests},
        {"N10 N11: one that ends with its address does not", what_ends_with_its_address_counts_no_more},
        {"N10: sessions are bounded", sessions_are_bounded},
        {"N10: a refusal changes nothing but a counter", a_refusal_writes_nothing},
    };
    TEST_SUITE("nat limits", TESTS);
}
