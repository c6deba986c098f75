/* Ports as they are shown to readers outside of the room. */
#include "nats.h"
#include "suite.h"
#include <quicward/base/ports.h>
#include <string.h>

static struct qw_port_map maps[NAT_ADDRESSES_MAX], others[NAT_ADDRESSES_MAX];

static bool stands(const struct qw_port_map *map, const char *address)
{
    struct qw_addr addr = ip(address);
    return memcmp(&map->ipv4, addr.bytes + 12, sizeof map->ipv4) == 0;
}

static unsigned used(const struct qw_port_map *map)
{
    unsigned count = 0;
    for (unsigned word = 0; word < QW_PORT_MAP_WORDS; word++)
        count += (unsigned)__builtin_popcountll(map->used[word]);
    return count;
}

static void shown_from_the_start(void)
{
    static const struct nat_forward FORWARD = {0, 8443, {.port = 443}};
    struct nat_forward forward = FORWARD;
    forward.inside.addr = ip("10.0.0.9");
    struct nat_options options = plain();
    options.forwards = &forward;
    options.forward_count = 1;
    struct nat *nat = make(&options);
    nat_external before = begin(nat, ep("10.0.0.1:4000"), 0);
    memset(maps, 0xff, sizeof maps);
    nat_show_ports(nat, maps);
    CU_ASSERT_TRUE(stands(&maps[0], "198.51.100.1"));
    CU_ASSERT_TRUE(qw_ports_has(maps[0].used, 8443) && qw_ports_has(maps[0].used, nat_port(before)));
    CU_ASSERT_EQUAL(used(&maps[0]), 2);
    nat_external after = begin(nat, ep("10.0.0.1:4002"), 1);
    CU_ASSERT_TRUE(qw_ports_has(maps[0].used, nat_port(after)));
    end(nat, before, 2);
    CU_ASSERT_EQUAL(used(&maps[0]), 2);
    nat_free(nat);
}

/* It is asked while the mapping's maker still holds the lock: the port is used by then. */
static void look(void *context, const struct nat_mapping *mapping, bool created, struct qw_time now)
{
    bool *seen = context;
    (void)now;
    if (created)
        *seen = qw_ports_has(maps[0].used, mapping->external.port);
}

static void used_before_it_is_told(void)
{
    bool seen = false;
    struct nat_options options = plain();
    options.changed = look;
    options.context = &seen;
    struct nat *nat = make(&options);
    nat_show_ports(nat, maps);
    begin(nat, ep("10.0.0.1:4000"), 0);
    CU_ASSERT_TRUE(seen);
    nat_free(nat);
}

static void addresses_that_change(void)
{
    struct nat_options options = plain();
    struct nat *nat = make(&options);
    struct qw_addr another = ip("198.51.100.2");
    nat_show_ports(nat, maps);
    begin(nat, ep("10.0.0.1:4000"), 0);
    CU_ASSERT_TRUE(nat_set_address(nat, 0, &another, at(1)));
    CU_ASSERT_TRUE(stands(&maps[0], "198.51.100.2"));
    CU_ASSERT_EQUAL(used(&maps[0]), 0);
    CU_ASSERT_TRUE(nat_set_address(nat, 0, NULL, at(2)));
    CU_ASSERT_EQUAL(maps[0].ipv4, 0);
    nat_free(nat);
}

static void shown_no_longer(void)
{
    struct nat_options options = plain();
    struct nat *nat = make(&options);
    nat_show_ports(nat, maps);
    nat_show_ports(nat, others);
    CU_ASSERT_EQUAL(maps[0].ipv4, 0);
    CU_ASSERT_TRUE(stands(&others[0], "198.51.100.1"));
    nat_show_ports(nat, NULL);
    CU_ASSERT_EQUAL(others[0].ipv4, 0);
    begin(nat, ep("10.0.0.1:4000"), 0);
    CU_ASSERT_EQUAL(used(&others[0]), 0);
    nat_free(nat);
}

void suite_shown(void)
{
    static const struct test TESTS[] = {
        {"X8 N10: ports of mappings and forwards are shown, from the first on", shown_from_the_start},
        {"X8: a port is shown before anybody hears of its mapping", used_before_it_is_told},
        {"X8 N11: of an address that went nothing is shown", addresses_that_change},
        {"X8: who is shown no more finds no address", shown_no_longer},
    };
    TEST_SUITE("nat: shown ports", TESTS);
}
