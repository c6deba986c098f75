/* NAT_KEYED: the first free port of the inside endpoint's own sequence. */
#include "choice.h"
#include "nats.h"
#include "random.h"
#include "suite.h"
#include <stdlib.h>
#include <string.h>

static const struct qw_hash_key KEPT = {77, 78};

static struct nat_options keyed(uint64_t run)
{
    struct nat_options options = plain();
    options.choice = NAT_KEYED;
    options.kept = &KEPT;
    options.secret = (struct qw_hash_key){run, run};
    return options;
}

static void the_same_after_all_is_lost(void)
{
    struct nat_options one = keyed(1), other = keyed(2);
    struct nat *a = make(&one), *b = make(&other);
    for (uint16_t i = 0; i < 200; i++)
        CU_ASSERT_EQUAL(port_for(a, host_port(i % 7, (uint16_t)(2000 + i)), 0),
                        port_for(b, host_port(i % 7, (uint16_t)(2000 + i)), 5));
    nat_free(a);
    nat_free(b);
}

static void another_secret_another_port(void)
{
    struct qw_hash_key kept = {77, 79};
    struct nat_options one = keyed(1), other = keyed(1);
    other.kept = &kept;
    struct nat *a = make(&one), *b = make(&other);
    unsigned same = 0;
    for (uint16_t i = 0; i < 1000; i++)
        same += port_for(a, host_port(1, (uint16_t)(2000 + i)), 0) ==
                port_for(b, host_port(1, (uint16_t)(2000 + i)), 0);
    CU_ASSERT_TRUE(same < 5);
    nat_free(a);
    nat_free(b);
}

static void the_address_is_the_same_too(void)
{
    struct qw_addr addresses[5];
    for (uint8_t i = 0; i < 5; i++)
        addresses[i] = qw_addr_v4((const uint8_t[4]){198, 51, 100, i});
    struct nat_options one = keyed(1), other = keyed(2);
    one.addresses = other.addresses = addresses;
    one.address_count = other.address_count = 5;
    struct nat *a = make(&one), *b = make(&other);
    for (uint32_t host = 0; host < 100; host++)
        CU_ASSERT_TRUE(same_endpoint(nat_endpoint(a, begin(a, host_port(host, 4000), 0)),
                                     nat_endpoint(b, begin(b, host_port(host, 4000), 0))));
    nat_free(a);
    nat_free(b);
}

/* The next of the sequence, and after that the first again. */
static void what_is_taken_is_passed_over(void)
{
    struct nat_options options = keyed(1);
    struct qw_endpoint inside = ep("10.0.0.7:4000");
    struct nat *nat = make(&options);
    uint16_t first = port_for(nat, inside, 0);
    nat_free(nat);
    uint64_t router[QW_PORT_WORDS] = {0};
    qw_ports_add(router, first, first);
    nat = make(&options);
    nat_set_router_ports(nat, router);
    uint16_t second = port_for(nat, inside, 0);
    CU_ASSERT_TRUE(second != first && second % 2 == 0);
    nat_free(nat);
    nat = make(&options);
    CU_ASSERT_EQUAL(port_for(nat, inside, 0), first);
    nat_free(nat);
}

static void a_forward_more_changes_no_other_port(void)
{
    struct nat_options options = keyed(1);
    struct nat_forward forward = {0, 1025, ep("10.9.9.9:443")};
    struct nat *a = make(&options);
    options.forwards = &forward;
    options.forward_count = 1;
    struct nat *b = make(&options);
    for (uint16_t i = 0; i < 300; i++)
        CU_ASSERT_EQUAL(port_for(a, host_port(3, (uint16_t)(2000 + i)), 0),
                        port_for(b, host_port(3, (uint16_t)(2000 + i)), 0));
    nat_free(a);
    nat_free(b);
}

/* ---- resting ---- */

static void its_own_port_is_had_back(void)
{
    static const struct qw_port_range PORTS[] = {{5000, 5001}};
    struct nat_options options = keyed(1);
    options.ports = PORTS;
    struct nat *nat = make(&options);
    struct qw_endpoint inside = ep("10.0.0.7:4000");
    end(nat, begin(nat, inside, 0), LIFE);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.8:4000"), LIFE + 1), NAT_NO_PORT); /* another host */
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.7:4002"), LIFE + 1), NAT_NO_PORT); /* another port of the same */
    CU_ASSERT_EQUAL(stats_of(nat).resting, 1);
    CU_ASSERT_EQUAL(port_for(nat, inside, LIFE + 1), 5000);
    CU_ASSERT_EQUAL(stats_of(nat).resting, 0);
    nat_free(nat);
}

/* Else a host at its limit could not go on with what it had. */
static void and_counts_once(void)
{
    struct nat_options options = keyed(1);
    options.per_host = 2;
    struct nat *nat = make(&options);
    struct qw_endpoint inside = ep("10.0.0.7:4000");
    begin(nat, ep("10.0.0.7:5001"), 0);
    for (uint64_t i = 0; i < 5; i++)
        end(nat, begin(nat, inside, i), i); /* early: it counts on */
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.7:4002"), 6), NAT_HOST_LIMIT);
    begin(nat, inside, 7);
    CU_ASSERT_EQUAL(answer(nat, ep("10.0.0.7:4002"), 8), NAT_HOST_LIMIT);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 2);
    nat_free(nat);
}

static void not_where_the_router_came(void)
{
    static const struct qw_port_range PORTS[] = {{5000, 5003}};
    struct nat_options options = keyed(1);
    options.ports = PORTS;
    struct nat *nat = make(&options);
    struct qw_endpoint inside = ep("10.0.0.7:4000");
    uint16_t port = port_for(nat, inside, 0);
    struct qw_endpoint external = {ip("198.51.100.1"), port}, found;
    end(nat, nat_inside(nat, &external, &found), LIFE);
    uint64_t router[QW_PORT_WORDS] = {0};
    qw_ports_add(router, port, port);
    nat_set_router_ports(nat, router);
    CU_ASSERT_NOT_EQUAL(port_for(nat, inside, LIFE + 1), port);
    nat_free(nat);
}

/* ---- bounds ---- */

/* The last ports are found without a walk over the others. */
static void a_full_pool_is_used_up(void)
{
    struct nat_options options = keyed(1);
    struct nat *nat = make(&options);
    unsigned count = 0;
    for (unsigned host = 0;
         answer(nat, host_port(host % 50, (uint16_t)(2 * (1000 + host / 50))), 0) == NAT_OK; host++)
        count++;
    CU_ASSERT_TRUE(count > 32000 && count < 32256);
    nat_free(nat);
}

/* Every kind has its own sequence, spread over all of its ports: chi-square as in test_numbers.c, over 64
 * parts of the range. */
static void ports_are_spread_evenly(void)
{
    enum { PARTS = 64, EACH = 200 };
    struct nat_options options = keyed(3);
    options.sessions_max = 1;
    struct nat *nat = make(&options);
    unsigned count[PARTS] = {0};
    for (unsigned i = 0; i < PARTS * EACH; i++) {
        nat_external mapping = begin(nat, host_port(i, (uint16_t)(2000 + 2 * (i % 500))), i);
        count[(nat_endpoint(nat, mapping).port - 1024) / 1008]++;
        end(nat, mapping, i);
    }
    double chi_square = 0;
    for (int i = 0; i < PARTS; i++) {
        double off = (double)count[i] - (double)EACH;
        chi_square += off * off / (double)EACH;
    }
    CU_ASSERT_TRUE(chi_square > 25 && chi_square < 120);
    nat_free(nat);
}

/* ---- the simulation ---- */

enum { PORTS_OF_A_PARITY = 32234, MAX_LIVE = PORTS_OF_A_PARITY };

struct living {
    struct qw_endpoint inside;
    nat_external mapping;
    uint16_t port;
};

static struct living living[MAX_LIVE];
static uint32_t newcomers;
static uint64_t seed;

/* An inside endpoint that never was. */
static struct qw_endpoint newcomer(void)
{
    uint32_t n = newcomers++;
    return host_port(n % 50, (uint16_t)(1024 + 2 * (n / 50)));
}

static void be_born(struct nat *nat, struct living *one, uint64_t now)
{
    one->inside = newcomer();
    one->mapping = begin(nat, one->inside, now);
    one->port = nat_endpoint(nat, one->mapping).port;
}

static void shuffle(unsigned count)
{
    for (unsigned i = count; i > 1; i--) {
        unsigned other = test_random(&seed) % i;
        struct living last = living[i - 1];
        living[i - 1] = living[other];
        living[other] = last;
    }
}

/* A mapping lives for ten minutes on average, and another endpoint takes its place in the world. */
static void live_on(struct nat *nat, unsigned count, uint64_t *now)
{
    for (unsigned i = 0; i < 6 * count; i++) {
        struct living *one = &living[test_random(&seed) % count];
        *now += 600 * SECOND / count;
        end(nat, one->mapping, *now);
        be_born(nat, one, *now);
    }
}

/* Percent of those alive that get their port again when all is lost and they speak one after the other, which
 * takes five seconds on average; newcomers come in between. */
static unsigned regained(unsigned percent, uint64_t hold_down)
{
    struct nat_options options = keyed(1);
    unsigned count = PORTS_OF_A_PARITY * percent / 100, same = 0;
    uint64_t now = 0;
    options.hold_down_ns = hold_down;
    struct nat *nat = make(&options);
    newcomers = 0;
    seed = percent;
    for (unsigned i = 0; i < count; i++)
        be_born(nat, &living[i], now);
    live_on(nat, count, &now);
    nat_free(nat);
    options.secret = (struct qw_hash_key){5, 6};
    nat = make(&options);
    shuffle(count);
    for (unsigned i = 0; i < count; i++) {
        if (i % 120 == 0)
            answer(nat, newcomer(), now);
        same += port_for(nat, living[i].inside, now) == living[i].port;
    }
    nat_free(nat);
    return 100 * same / count;
}

static void most_get_their_port_again(void)
{
    static const struct {
        unsigned load, expected, with_rest;
    } CASES[] = {{10, 91, 89}, {30, 69, 64}, {50, 48, 40}, {80, 18, 0}};
    for (unsigned i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        unsigned got = regained(CASES[i].load, 0);
        unsigned rested = CASES[i].with_rest ? regained(CASES[i].load, REST) : 0;
        CU_ASSERT_TRUE(got + 2 >= CASES[i].expected && got <= CASES[i].expected + 2);
        CU_ASSERT_TRUE(rested + 3 >= CASES[i].with_rest && rested <= CASES[i].with_rest + 3);
    }
}

void suite_choice(void)
{
    static const struct test TESTS[] = {
        {"N16: with the same secret an endpoint has the same port, whatever was lost",
         the_same_after_all_is_lost},
        {"N16: with another secret it has not", another_secret_another_port},
        {"N16 N1: a host has the same address too", the_address_is_the_same_too},
        {"N16: a port in use is passed over", what_is_taken_is_passed_over},
        {"N16 N11: a forward more leaves all other ports as they are", a_forward_more_changes_no_other_port},
        {"N16 N2: an endpoint may have its port back while it rests, nobody else", its_own_port_is_had_back},
        {"N16 N10: and it counts once for its host, which may be at its limit", and_counts_once},
        {"N16 N4: but not where the router came meanwhile", not_where_the_router_came},
        {"N16 N2: every port of a pool is had, in bounded steps", a_full_pool_is_used_up},
        {"N16 N3: keyed ports are spread evenly", ports_are_spread_evenly},
        {"N16: at 30 % load 69 % of all endpoints have their port again after everything was lost",
         most_get_their_port_again},
    };
    TEST_SUITE("nat choice", TESTS);
}
