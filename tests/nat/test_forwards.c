#include "nats.h"
#include "suite.h"

/* Port 53 is a reflection port, 443 is not in the pool, 40000 is. */
static struct nat_forward forwards[3];

static struct nat_options with_forwards(void)
{
    struct nat_options options = plain();
    forwards[0] = (struct nat_forward){0, 443, ep("10.0.0.2:8443")};
    forwards[1] = (struct nat_forward){0, 53, ep("10.0.0.2:53")};
    forwards[2] = (struct nat_forward){0, 40000, ep("10.0.0.3:40001")};
    options.forwards = forwards;
    options.forward_count = 3;
    options.now = at(17);
    return options;
}

static void they_stand_from_the_start(void)
{
    struct nat_options options = with_forwards();
    struct nat *nat = make(&options);
    struct qw_addr anybody = ip("203.0.113.77");
    for (int i = 0; i < 3; i++) {
        struct qw_endpoint external = {options.addresses[0], forwards[i].port}, found;
        nat_external mapping = nat_inside(nat, &external, &found);
        CU_ASSERT_NOT_EQUAL_FATAL(mapping, 0);
        CU_ASSERT_TRUE(same_endpoint(found, forwards[i].inside));
        CU_ASSERT_TRUE(nat_holds(nat, mapping, &forwards[i].inside));
        CU_ASSERT_TRUE(nat_admits(nat, mapping, &anybody));
        CU_ASSERT_TRUE(same_endpoint(nat_endpoint(nat, mapping), external));
    }
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 0);
    nat_free(nat);
}

/* Also for what the inside endpoint begins itself, and beyond the limit of its host. */
static void sessions_use_them(void)
{
    struct nat_options options = with_forwards();
    options.per_host = 0;
    struct nat *nat = make(&options);
    for (int i = 0; i < 3; i++) {
        nat_external mapping = begin(nat, forwards[i].inside, 0);
        CU_ASSERT_EQUAL(nat_endpoint(nat, mapping).port, forwards[i].port);
        end(nat, mapping, 1);
        end(nat, mapping, 1);
        CU_ASSERT_TRUE(nat_holds(nat, mapping, &forwards[i].inside));
    }
    CU_ASSERT_EQUAL(stats_of(nat).created, 0);
    CU_ASSERT_EQUAL(stats_of(nat).resting, 0);
    nat_free(nat);
}

static void their_ports_are_nobody_elses(void)
{
    static const struct qw_port_range TWO[] = {{40000, 40002}};
    struct nat_options options = with_forwards();
    options.ports = TWO;
    struct nat *nat = make(&options);
    CU_ASSERT_EQUAL(port_for(nat, ep("10.0.0.9:5000"), 0), 40002);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.9:5002"), 0), NAT_NO_PORT);
    CU_ASSERT_EQUAL(stats_of(nat).ports, 2);
    nat_free(nat);
}

static void they_survive_a_change_of_address(void)
{
    struct nat_options options = with_forwards();
    struct nat *nat = make(&options);
    struct qw_addr new = ip("198.51.100.99");
    struct qw_endpoint inside = forwards[0].inside, external = {new, 443}, found;
    nat_external before = begin(nat, inside, 0);
    nat_set_address(nat, 0, NULL, at(1));
    CU_ASSERT_FALSE(nat_holds(nat, before, &inside));
    CU_ASSERT_EQUAL(answer(nat, inside, 1), NAT_NO_ADDRESS);
    nat_set_address(nat, 0, &new, at(2));
    nat_external after = nat_inside(nat, &external, &found);
    CU_ASSERT_NOT_EQUAL_FATAL(after, 0);
    CU_ASSERT_NOT_EQUAL(after, before);
    CU_ASSERT_TRUE(same_endpoint(found, inside));
    CU_ASSERT_EQUAL(begin(nat, inside, 3), after);
    end(nat, before, 4);
    struct nat_mapping shown[4];
    uint64_t cursor = 0;
    CU_ASSERT_EQUAL_FATAL(nat_mappings(nat, &cursor, shown, 4), 3);
    CU_ASSERT_EQUAL(nat_mappings(nat, &cursor, shown + 3, 1), 0);
    CU_ASSERT_TRUE(shown[1].forward && same_endpoint(shown[1].external, external));
    CU_ASSERT_EQUAL(shown[1].sessions, 1);
    CU_ASSERT_EQUAL(shown[1].since.ns, 17);
    nat_free(nat);
}

struct looker {
    struct nat *nat;
    struct qw_endpoint external;
    unsigned looked;
};

/* Amid a change: what packets find at that moment must still hold. */
static void look(void *context, const struct nat_mapping *mapping, bool created, struct qw_time now)
{
    struct looker *looker = context;
    struct qw_endpoint inside;
    (void)mapping, (void)now;
    if (created)
        return;
    nat_external found = nat_inside(looker->nat, &looker->external, &inside);
    CU_ASSERT_TRUE(found == 0 || nat_holds(looker->nat, found, &inside));
    looker->looked++;
}

static void packets_amid_a_change_find_no_mixture(void)
{
    struct looker looker = {0};
    struct nat_options options = with_forwards();
    struct qw_addr new = ip("198.51.100.99");
    options.changed = look;
    options.context = &looker;
    looker.nat = make(&options);
    looker.external = (struct qw_endpoint){options.addresses[0], 443};
    begin(looker.nat, ep("10.0.0.9:5000"), 0);
    nat_set_address(looker.nat, 0, &new, at(1));
    CU_ASSERT_EQUAL(looker.looked, 1);
    nat_free(looker.nat);
}

/* A port that is forwarded on one address may be handed out on another. */
static void they_stand_on_their_own_address_only(void)
{
    const struct qw_addr two[] = {ip("198.51.100.1"), ip("198.51.100.2")};
    struct nat_options options = with_forwards();
    options.addresses = two;
    options.address_count = 2;
    struct nat *nat = make(&options);
    struct qw_endpoint elsewhere = {two[1], 443}, found;
    CU_ASSERT_EQUAL(nat_inside(nat, &elsewhere, &found), 0);
    struct nat_options none = options;
    none.forward_count = 0;
    struct nat *without = make(&none);
    CU_ASSERT_EQUAL(stats_of(nat).ports, stats_of(without).ports - 1); /* 40000, once */
    nat_free(nat);
    nat_free(without);
}

/* Sessions that a vanished address took along no longer count towards the bound. */
static void sessions_of_before_are_forgotten(void)
{
    struct nat_options options = with_forwards();
    struct qw_addr new = ip("198.51.100.99");
    options.sessions_max = 2;
    struct nat *nat = make(&options);
    begin(nat, forwards[0].inside, 0);
    begin(nat, ep("10.0.0.9:5000"), 0);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.9:5002"), 0), NAT_NO_PORT);
    nat_set_address(nat, 0, &new, at(1));
    begin(nat, forwards[0].inside, 1);
    begin(nat, ep("10.0.0.9:5002"), 1);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.9:5004"), 1), NAT_NO_PORT);
    nat_free(nat);
}

void suite_forwards(void)
{
    static const struct test TESTS[] = {
        {"N11 N5: forwards stand from the start and admit everybody", they_stand_from_the_start},
        {"N11 N1: what their inside endpoint begins uses them", sessions_use_them},
        {"N11 N2: their ports are handed out to nobody else", their_ports_are_nobody_elses},
        {"N11: they stand on the next address, under another handle", they_survive_a_change_of_address},
        {"N11: a packet amid a change of address finds no mixture", packets_amid_a_change_find_no_mixture},
        {"N11: they stand on their own address only", they_stand_on_their_own_address_only},
        {"N11: sessions of a vanished address are forgotten", sessions_of_before_are_forgotten},
    };
    TEST_SUITE("nat forwards", TESTS);
}
