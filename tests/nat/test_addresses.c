#include "nats.h"
#include "suite.h"

enum { MANY = NAT_ADDRESSES_MAX, HOSTS = 2000 };

static struct qw_addr many[MANY];

static struct nat *with_many_addresses(void)
{
    static const struct qw_port_range FEW[] = {{40000, 41999}};
    struct nat_options options = plain();
    for (unsigned slot = 0; slot < MANY; slot++)
        many[slot] = qw_addr_v4((const uint8_t[4]){198, 51, 100, (uint8_t)(slot + 1)});
    options.addresses = many;
    options.address_count = MANY;
    options.ports = FEW;
    return make(&options);
}

static void a_host_has_one_address(void)
{
    struct nat *nat = with_many_addresses();
    unsigned hosts[256] = {0};
    for (unsigned host = 0; host < HOSTS; host++) {
        nat_external one = begin(nat, host_port(host, 5000), 0), two = begin(nat, host_port(host, 6001), 0);
        struct qw_endpoint a = nat_endpoint(nat, one), b = nat_endpoint(nat, two);
        CU_ASSERT_TRUE(qw_addr_equal(&a.addr, &b.addr));
        hosts[a.addr.bytes[15]]++;
    }
    for (unsigned slot = 0; slot < MANY; slot++) /* 31 on average */
        CU_ASSERT_TRUE(hosts[slot + 1] > 8 && hosts[slot + 1] < 70);
    nat_free(nat);
}

static void all_are_external_and_no_others(void)
{
    struct nat *nat = with_many_addresses();
    for (unsigned last = 0; last < 256; last++) {
        struct qw_addr address = qw_addr_v4((const uint8_t[4]){198, 51, 100, (uint8_t)last});
        CU_ASSERT_EQUAL(nat_is_external(nat, &address), last >= 1 && last <= MANY);
    }
    struct qw_addr none = {{0}};
    CU_ASSERT_FALSE(nat_is_external(nat, &none));
    nat_free(nat);
}

static unsigned ended;

static void count_ends(void *context, const struct nat_mapping *mapping, bool created, struct qw_time now)
{
    (void)now;
    if (created)
        return;
    ended++;
    CU_ASSERT_TRUE(qw_addr_equal(&mapping->external.addr, context));
}

static struct nat *counting(struct qw_addr *address)
{
    static const struct qw_port_range FEW[] = {{40000, 40003}};
    struct nat_options options = plain();
    *address = options.addresses[0];
    options.ports = FEW;
    options.per_host = 2;
    options.changed = count_ends;
    options.context = address;
    ended = 0;
    return make(&options);
}

/* Ports and host counts are as in a new room; handles of before do nothing. */
static void another_address_ends_all(void)
{
    struct qw_addr old, new = ip("198.51.100.99"), remote = ip("203.0.113.1");
    struct nat *nat = counting(&old);
    struct qw_endpoint inside = ep("10.0.0.7:5000"), found;
    nat_external before = begin(nat, inside, 0), other = begin(nat, ep("10.0.0.7:5002"), 0);
    struct qw_endpoint external = nat_endpoint(nat, before);
    CU_ASSERT_FALSE(nat_set_address(nat, 0, &old, at(1)));
    CU_ASSERT_TRUE(nat_holds(nat, before, &inside));
    CU_ASSERT_TRUE(nat_set_address(nat, 0, &new, at(1)));
    CU_ASSERT_EQUAL(ended, 2);
    CU_ASSERT_FALSE(nat_holds(nat, before, &inside));
    CU_ASSERT_FALSE(nat_is_external(nat, &old));
    CU_ASSERT_TRUE(nat_is_external(nat, &new));
    CU_ASSERT_EQUAL(nat_inside(nat, &external, &found), 0);
    struct qw_endpoint gone = nat_endpoint(nat, before);
    CU_ASSERT_TRUE(qw_addr_equal(&gone.addr, &(struct qw_addr){{0}}));
    nat_external after = begin(nat, inside, 1);
    begin(nat, ep("10.0.0.7:5002"), 1);
    end(nat, before, 2);
    end(nat, other, 2);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 2);
    CU_ASSERT_FALSE(nat_admits(nat, before, &remote));
    CU_ASSERT_TRUE(nat_holds(nat, after, &inside));
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.7:5004"), 2), NAT_HOST_LIMIT);
    nat_free(nat);
}

/* Those who send to it late must not reach another host. */
static void ports_rest_while_the_address_is_away(void)
{
    struct qw_addr address;
    struct nat *nat = counting(&address);
    begin(nat, ep("10.0.0.7:5000"), 0);
    begin(nat, ep("10.0.0.7:5002"), 0);
    CU_ASSERT_TRUE(nat_set_address(nat, 0, NULL, at(SECOND)));
    CU_ASSERT_FALSE(nat_is_external(nat, &address));
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.8:5000"), SECOND), NAT_NO_ADDRESS);
    CU_ASSERT_EQUAL(stats_of(nat).refused_address, 1);
    CU_ASSERT_TRUE(nat_set_address(nat, 0, &address, at(2 * SECOND)));
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.8:5000"), SECOND + REST - 1), NAT_NO_PORT);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.8:5000"), SECOND + REST), NAT_OK);
    nat_free(nat);
}

static void an_address_may_be_unknown_at_first(void)
{
    struct nat_options options = plain();
    struct qw_addr unknown = {{0}}, address = ip("198.51.100.9");
    options.addresses = &unknown;
    struct nat *nat = make(&options);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.7:5000"), 0), NAT_NO_ADDRESS);
    CU_ASSERT_FALSE(nat_is_external(nat, &unknown));
    CU_ASSERT_FALSE(nat_set_address(nat, 0, NULL, at(0)));
    CU_ASSERT_TRUE(nat_set_address(nat, 0, &address, at(0)));
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.7:5000"), 0), NAT_OK);
    nat_free(nat);
}

/* Peers, too: nobody comes in with the right of a session that an address took along. */
static void other_addresses_keep_theirs(void)
{
    struct nat *nat = with_many_addresses();
    struct qw_addr new = ip("192.0.2.1"), remote = ip("203.0.113.1");
    nat_external mappings[HOSTS];
    unsigned gone = 0;
    for (unsigned host = 0; host < HOSTS; host++)
        mappings[host] = begin(nat, host_port(host, 5000), 0);
    nat_set_address(nat, 5, &new, at(1));
    for (unsigned host = 0; host < HOSTS; host++) {
        struct qw_endpoint inside = host_port(host, 5000);
        bool held = nat_holds(nat, mappings[host], &inside);
        CU_ASSERT_EQUAL(nat_admits(nat, mappings[host], &remote), held);
        gone += !held;
    }
    CU_ASSERT_TRUE(gone > 0 && gone < HOSTS / 20);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, HOSTS - gone);
    for (unsigned i = 0; i < MANY; i++)
        CU_ASSERT_EQUAL(nat_is_external(nat, &many[i]), i != 5);
    nat_free(nat);
}

void suite_addresses(void)
{
    static const struct test TESTS[] = {
        {"N1 N11: a host has one external address, and hosts are spread over all", a_host_has_one_address},
        {"N11: every external address is known as such", all_are_external_and_no_others},
        {"N11 N14: another address ends what was on the old one", another_address_ends_all},
        {"N2 N11: ports rest while their address is away", ports_rest_while_the_address_is_away},
        {"N11: an address may be unknown at first", an_address_may_be_unknown_at_first},
        {"N11 N5: a change of one address leaves the others alone", other_addresses_keep_theirs},
    };
    TEST_SUITE("nat addresses", TESTS);
}
