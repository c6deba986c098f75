/* Packets in one thread, new and ended sessions and changes of address in another. */
#include "nats.h"
#include "suite.h"
#include <pthread.h>
#include <stdatomic.h>

enum { FIRST = 6000, PORTS = 64, ROUNDS = 60000, ENDPOINTS = 32 };

static struct nat *nat;
static struct qw_addr addresses[2], steady; /* slot 0 has one of two, slot 1 always the same */
static atomic_bool done;
static atomic_uint found, wrong;

/* Ports keep their parity, so a word that belongs to another port shows. A handle of the address asked for
 * names that address, or none when it has gone. */
static void look_up(const struct qw_addr *address, uint16_t port)
{
    struct qw_endpoint external = {*address, port}, inside;
    nat_external mapping = nat_inside(nat, &external, &inside);
    if (mapping == 0)
        return;
    atomic_fetch_add(&found, 1);
    struct qw_endpoint named = nat_endpoint(nat, mapping);
    nat_holds(nat, mapping, &inside);
    if (inside.addr.bytes[12] != 10 || inside.port % 2 != port % 2 || named.port != port ||
        (named.addr.bytes[12] != 0 && !qw_addr_equal(&named.addr, address)))
        atomic_fetch_add(&wrong, 1);
}

static void *packets(void *unused)
{
    (void)unused;
    bool last;
    do {
        last = atomic_load(&done);
        for (uint16_t port = FIRST; port < FIRST + PORTS; port++) {
            look_up(&addresses[0], port);
            look_up(&addresses[1], port);
            look_up(&steady, port);
        }
        if (!nat_is_external(nat, &steady))
            atomic_fetch_add(&wrong, 1);
    } while (!last);
    return NULL;
}

static void sessions(void)
{
    nat_external mapping[ENDPOINTS] = {0};
    struct qw_addr remote = ip("203.0.113.1");
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned n = i * 7 % ENDPOINTS;
        struct qw_endpoint inside = host_port(n, (uint16_t)(4000 + n));
        if (i % 1000 == 999)
            nat_set_address(nat, 0, i % 3 == 0 ? NULL : &addresses[i % 3 - 1], at(i));
        if (mapping[n] != 0)
            nat_session_end(nat, mapping[n], &inside, &remote, at(i));
        if (nat_session_begin(nat, &inside, &remote, at(i), &mapping[n]) != NAT_OK)
            mapping[n] = 0;
    }
}

static void packets_beside_sessions(void)
{
    static const struct qw_port_range RANGE[] = {{FIRST, FIRST + PORTS - 1}};
    struct nat_options options = plain();
    addresses[0] = ip("198.51.100.1");
    addresses[1] = ip("198.51.100.2");
    steady = ip("198.51.100.3");
    const struct qw_addr both[] = {addresses[0], steady};
    options.addresses = both;
    options.address_count = 2;
    options.ports = RANGE;
    options.hold_down_ns = 5;
    nat = make(&options);
    atomic_store(&done, false);
    pthread_t thread;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, packets, NULL), 0);
    sessions();
    atomic_store(&done, true);
    pthread_join(thread, NULL);
    CU_ASSERT_TRUE(atomic_load(&found) > 0);
    CU_ASSERT_EQUAL(atomic_load(&wrong), 0);
    nat_free(nat);
}

void suite_threads(void)
{
    static const struct test TESTS[] = {
        {"N2 N11: packets see whole mappings while others begin and end and addresses change",
         packets_beside_sessions},
    };
    TEST_SUITE("nat threads", TESTS);
}
