/* Forwards, filtering and the limit of a host change while mappings live. */
#include "nat_state.h"
#include "nats.h"
#include "suite.h"
#include <string.h>

enum { SLOTS = 6, MANY = 3000 };

static struct qw_addr addresses[SLOTS];
static struct nat_pool pool; /* as it is now */
static bool cut;
static unsigned made, ended;

static void count(void *context, const struct nat_mapping *mapping, bool created, struct qw_time now)
{
    (void)context, (void)mapping, (void)now;
    made += created;
    ended += !created;
}

static struct qw_addr external(unsigned n)
{
    return qw_addr_v4((const uint8_t[4]){198, 51, 100, (uint8_t)n});
}

static struct qw_endpoint at_port(unsigned n, uint16_t port)
{
    return (struct qw_endpoint){external(n), port};
}

/* Two addresses, 198.51.100.1 and .2, without forwards. */
static struct nat *start(enum nat_filtering filtering)
{
    static const struct qw_port_range ports[] = {{1024, 65535}};
    struct nat_options options = plain();
    for (unsigned i = 0; i < SLOTS; i++)
        addresses[i] = external(i + 1);
    pool = (struct nat_pool){.addresses = addresses,
                             .address_count = 2,
                             .ports = ports,
                             .port_count = 1,
                             .hold_down_ns = REST,
                             .choice = NAT_KEYED,
                             .filtering = filtering,
                             .per_host = options.per_host};
    options.addresses = addresses;
    options.address_count = 2;
    options.slots = SLOTS;
    options.choice = NAT_KEYED;
    options.filtering = filtering;
    options.changed = count;
    made = ended = 0;
    return make(&options);
}

static void change(struct nat *nat)
{
    CU_ASSERT_EQUAL_FATAL(nat_change(nat, &pool, &cut), QW_OK);
}

static void forward(struct nat *nat, const struct nat_forward *forwards, unsigned forward_count)
{
    pool.forwards = forwards;
    pool.forward_count = forward_count;
    change(nat);
}

/* What stands at that endpoint outside; port 0: nothing. */
static struct qw_endpoint inside_at(const struct nat *nat, struct qw_endpoint outside)
{
    struct qw_endpoint inside = {.port = 0};
    nat_inside(nat, &outside, &inside);
    return inside;
}

static nat_external name_at(const struct nat *nat, struct qw_endpoint outside)
{
    struct qw_endpoint inside;
    return nat_inside(nat, &outside, &inside);
}

static bool is_forward(struct nat *nat, struct qw_endpoint outside)
{
    struct nat_mapping list[8];
    uint64_t cursor = 0;
    size_t got;
    while ((got = nat_mappings(nat, &cursor, list, 8)) > 0)
        for (size_t i = 0; i < got; i++)
            if (same_endpoint(list[i].external, outside))
                return list[i].forward;
    return false;
}

/* Nothing is left over: not a session, nor a mapping, nor a host that counts. */
static void expect_empty(struct nat *nat)
{
    CU_ASSERT_EQUAL(nat->sessions, 0);
    CU_ASSERT_EQUAL(nat->peers.keys, 0);
    CU_ASSERT_EQUAL(nat->by_inside.keys, nat->forwards);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 0);
    CU_ASSERT_EQUAL(made, ended);
    nat_free(nat);
}

static void comes_and_goes(void)
{
    struct nat *nat = start(NAT_ADDRESS_DEPENDENT);
    const struct nat_forward web = {1, 443, ep("10.0.0.9:8443")};
    struct qw_endpoint at2 = at_port(2, 443);
    uint32_t ports = stats_of(nat).ports;
    CU_ASSERT_EQUAL(name_at(nat, at2), 0);
    forward(nat, &web, 1);
    CU_ASSERT_TRUE(same_endpoint(inside_at(nat, at2), web.inside) && is_forward(nat, at2));
    CU_ASSERT_EQUAL(name_at(nat, at_port(1, 443)), 0);
    CU_ASSERT_EQUAL(begin(nat, web.inside, 0), name_at(nat, at2));
    end(nat, name_at(nat, at2), 1);
    CU_ASSERT_TRUE(is_forward(nat, at2));
    forward(nat, NULL, 0);
    CU_ASSERT_EQUAL(name_at(nat, at2), 0);
    CU_ASSERT_EQUAL(stats_of(nat).ports, ports + 1); /* it rests, though it was none of the pool */
    CU_ASSERT_FALSE(cut);
    CU_ASSERT_EQUAL(made, 0);
    expect_empty(nat);
}

/* A port of the pool is no forward's and mapping's at once, and comes back to the pool after its rest. */
static void takes_a_port_of_the_pool(void)
{
    struct nat *nat = start(NAT_ADDRESS_DEPENDENT);
    const struct nat_forward web = {0, 40000, ep("10.0.0.9:8444")};
    struct nat_ports before = nat_ports_of(nat, 0);
    uint32_t configured = pool_configured(&nat->pools[0]);
    forward(nat, &web, 1);
    CU_ASSERT_EQUAL(pool_configured(&nat->pools[0]), configured - 1);
    CU_ASSERT_EQUAL(nat_ports_of(nat, 0).usable, before.usable - 1);
    CU_ASSERT_EQUAL(nat_ports_of(nat, 0).free, before.free - 1);
    forward(nat, NULL, 0);
    CU_ASSERT_EQUAL(nat_ports_of(nat, 0).resting, 1);
    forward(nat, &web, 1);
    CU_ASSERT_EQUAL(nat_ports_of(nat, 0).resting, 0);
    CU_ASSERT_EQUAL(nat_ports_of(nat, 0).usable, before.usable - 1);
    pool.now = at(REST);
    forward(nat, NULL, 0);
    pool_wake_rested(&nat->pools[0], at(2 * REST));
    CU_ASSERT_EQUAL(nat_ports_of(nat, 0).free, before.free);
    pool.now = at(0);
    expect_empty(nat);
}

/* A forward that left goes on as long as somebody speaks by it, and lets in whom its host has spoken to. */
static void drains(void)
{
    struct nat *nat = start(NAT_ADDRESS_DEPENDENT);
    const struct nat_forward web = {0, 443, ep("10.0.0.9:8443")};
    struct qw_addr friend = ip("203.0.113.1"), stranger = ip("203.0.113.9");
    forward(nat, &web, 1);
    nat_external mapping = begin(nat, web.inside, 0);
    forward(nat, NULL, 0);
    CU_ASSERT_FALSE(cut);
    CU_ASSERT_TRUE(nat_holds(nat, mapping, &web.inside));
    CU_ASSERT_EQUAL(name_at(nat, at_port(1, 443)), mapping);
    CU_ASSERT_FALSE(is_forward(nat, at_port(1, 443)));
    CU_ASSERT_TRUE(nat_admits(nat, mapping, &friend));
    CU_ASSERT_FALSE(nat_admits(nat, mapping, &stranger));
    CU_ASSERT_EQUAL(begin(nat, web.inside, 1), mapping); /* RFC 4787 REQ-1 */
    CU_ASSERT_EQUAL(made, 1);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, 1);
    end(nat, mapping, 2);
    end(nat, mapping, 2);
    CU_ASSERT_EQUAL(name_at(nat, at_port(1, 443)), 0);
    CU_ASSERT_NOT_EQUAL(port_for(nat, web.inside, 3), 443);
    end(nat, nat_mapping_of(nat, &web.inside), LIFE);
    expect_empty(nat);
}

/* As a mapping it counts for its host, and the host has one address (REQ-2). */
static void drains_on_the_address_of_its_host(void)
{
    struct nat *nat = start(NAT_ADDRESS_DEPENDENT);
    struct qw_endpoint inside = ep("10.0.0.9:8443"), other = ep("10.0.0.9:5000"), third = ep("10.0.0.9:5002");
    nat_external mapping = begin(nat, other, 0);
    unsigned slot = handle_slot(mapping);
    const struct nat_forward web = {1 - slot, 443, inside}; /* not the host's own address */
    forward(nat, &web, 1);
    begin(nat, inside, 0);
    forward(nat, NULL, 0);
    CU_ASSERT_EQUAL(handle_slot(begin(nat, third, 1)), slot);
    CU_ASSERT_EQUAL(host_count(&nat->hosts, ipv4_of(&inside.addr)), 3);
    end(nat, nat_mapping_of(nat, &inside), 2);
    end(nat, nat_mapping_of(nat, &other), LIFE);
    end(nat, nat_mapping_of(nat, &third), LIFE + 1);
    expect_empty(nat);
}

/* The inside endpoint has its forward from the next session on. What it had before ends with its sessions. */
static void comes_beside_a_mapping(void)
{
    struct nat *nat = start(NAT_ADDRESS_DEPENDENT);
    const struct nat_forward web = {0, 443, ep("10.0.0.9:8443")};
    nat_external before = begin(nat, web.inside, 0);
    struct qw_endpoint was = nat_endpoint(nat, before);
    forward(nat, &web, 1);
    CU_ASSERT_FALSE(cut);
    CU_ASSERT_TRUE(nat_holds(nat, before, &web.inside));
    CU_ASSERT_TRUE(same_endpoint(inside_at(nat, was), web.inside));
    nat_external now = begin(nat, web.inside, 1);
    CU_ASSERT_EQUAL(now, name_at(nat, at_port(1, 443)));
    end(nat, before, LIFE);
    CU_ASSERT_EQUAL(name_at(nat, was), 0);
    CU_ASSERT_EQUAL(nat_mapping_of(nat, &web.inside), now);
    end(nat, now, LIFE);
    CU_ASSERT_EQUAL(nat_mapping_of(nat, &web.inside), now);
    expect_empty(nat);
}

/* Both of the same endpoints: it is the same before and after, with its sessions. */
static void comes_where_its_mapping_is(void)
{
    struct nat *nat = start(NAT_ADDRESS_DEPENDENT);
    struct qw_endpoint inside = ep("10.0.0.9:8443");
    nat_external mapping = begin(nat, inside, 0);
    const struct nat_forward web = {handle_slot(mapping), nat_port(mapping), inside};
    forward(nat, &web, 1);
    CU_ASSERT_FALSE(cut);
    CU_ASSERT_TRUE(nat_holds(nat, mapping, &inside));
    CU_ASSERT_TRUE(is_forward(nat, nat_endpoint(nat, mapping)));
    CU_ASSERT_EQUAL(host_count(&nat->hosts, ipv4_of(&inside.addr)), 0);
    CU_ASSERT_EQUAL(ended, 1);
    end(nat, mapping, 1);
    CU_ASSERT_TRUE(nat_holds(nat, mapping, &inside));
    expect_empty(nat);
}

/* Somebody else's port: it is taken, and what the one before still holds of it does no harm. */
static void takes_a_port_from_a_mapping(void)
{
    struct nat *nat = start(NAT_ADDRESS_DEPENDENT);
    struct qw_endpoint other = ep("10.0.0.3:5000");
    struct qw_addr remote = ip("203.0.113.1");
    nat_external mapping = begin(nat, other, 0);
    begin(nat, other, 0);
    struct qw_endpoint outside = nat_endpoint(nat, mapping);
    const struct nat_forward web = {handle_slot(mapping), nat_port(mapping), ep("10.0.0.9:8443")};
    forward(nat, &web, 1);
    CU_ASSERT_TRUE(cut);
    CU_ASSERT_FALSE(nat_holds(nat, mapping, &other));
    CU_ASSERT_TRUE(same_endpoint(inside_at(nat, outside), web.inside));
    nat_external again = begin(nat, other, 1);
    CU_ASSERT_NOT_EQUAL(nat_port(again), nat_port(mapping));
    CU_ASSERT_EQUAL(begin(nat, web.inside, 1), mapping);
    nat_session_end(nat, mapping, &other, &remote, at(2)); /* of the first one's flows */
    nat_session_end(nat, mapping, &other, &remote, at(2));
    CU_ASSERT_EQUAL(*mapping_sessions(nat, mapping), 1);
    CU_ASSERT_EQUAL(nat->sessions, 2);
    forward(nat, NULL, 0); /* what the new one has is whole: it drains */
    CU_ASSERT_FALSE(cut);
    CU_ASSERT_TRUE(nat_holds(nat, mapping, &web.inside) && nat_admits(nat, mapping, &remote));
    end(nat, mapping, 3);
    end(nat, again, LIFE);
    expect_empty(nat);
}

/* To another host inside: at once. To another port outside: the old one drains. */
static void moves(void)
{
    struct nat *nat = start(NAT_ADDRESS_DEPENDENT);
    struct qw_addr remote = ip("203.0.113.1");
    const struct nat_forward first = {0, 443, ep("10.0.0.9:8443")}, other = {0, 443, ep("10.0.0.8:8443")},
                             away = {1, 444, ep("10.0.0.8:8443")};
    forward(nat, &first, 1);
    nat_external mapping = begin(nat, first.inside, 0);
    forward(nat, &other, 1);
    CU_ASSERT_TRUE(cut);
    CU_ASSERT_TRUE(same_endpoint(inside_at(nat, at_port(1, 443)), other.inside));
    CU_ASSERT_FALSE(nat_holds(nat, mapping, &first.inside));
    CU_ASSERT_EQUAL(nat_mapping_of(nat, &first.inside), 0);
    nat_session_end(nat, mapping, &first.inside, &remote, at(1));
    CU_ASSERT_EQUAL(begin(nat, other.inside, 1), mapping);
    forward(nat, &away, 1);
    CU_ASSERT_FALSE(cut);
    CU_ASSERT_TRUE(nat_holds(nat, mapping, &other.inside));
    CU_ASSERT_FALSE(is_forward(nat, at_port(1, 443)));
    nat_external now = begin(nat, other.inside, 2);
    CU_ASSERT_EQUAL(now, name_at(nat, at_port(2, 444)));
    end(nat, mapping, 3);
    CU_ASSERT_EQUAL(name_at(nat, at_port(1, 443)), 0);
    CU_ASSERT_EQUAL(nat_mapping_of(nat, &other.inside), now);
    end(nat, now, 3);
    expect_empty(nat);
}

/* With its address. Forwards of the others stay, though the number of their address is another now. */
static void leaves_with_its_address(void)
{
    struct nat *nat = start(NAT_ADDRESS_DEPENDENT);
    const struct nat_forward both[] = {{0, 443, ep("10.0.0.8:8443")}, {1, 443, ep("10.0.0.9:8443")}},
                             stays = {0, 443, ep("10.0.0.9:8443")};
    struct qw_addr first = external(1);
    forward(nat, both, 2);
    nat_external gone = begin(nat, both[0].inside, 0), held = begin(nat, both[1].inside, 0);
    pool.addresses = addresses + 1;
    pool.address_count = 1;
    forward(nat, &stays, 1);
    CU_ASSERT_FALSE(cut);
    CU_ASSERT_TRUE(nat_is_external(nat, &first));
    CU_ASSERT_TRUE(nat_holds(nat, gone, &both[0].inside));
    CU_ASSERT_TRUE(nat_holds(nat, held, &stays.inside) && is_forward(nat, at_port(2, 443)));
    end(nat, gone, 1);
    CU_ASSERT_FALSE(nat_is_external(nat, &first));
    end(nat, held, 1);
    expect_empty(nat);
}

/* What follows an interface has one address, which is number 0 whatever it is. */
static void follows_an_interface(void)
{
    static const struct qw_port_range ports[] = {{1024, 65535}};
    struct nat_options options = plain();
    struct qw_addr none = {{0}}, told = external(7);
    const struct nat_forward web = {0, 443, ep("10.0.0.9:8443")};
    options.addresses = &none;
    struct nat *nat = make(&options);
    pool = (struct nat_pool){.ports = ports,
                             .port_count = 1,
                             .hold_down_ns = REST,
                             .choice = options.choice,
                             .filtering = options.filtering,
                             .per_host = options.per_host};
    made = ended = 0;
    forward(nat, &web, 1);
    CU_ASSERT_TRUE(nat_set_address(nat, 0, &told, at(0)));
    CU_ASSERT_TRUE(same_endpoint(inside_at(nat, at_port(7, 443)), web.inside));
    forward(nat, NULL, 0);
    CU_ASSERT_EQUAL(name_at(nat, at_port(7, 443)), 0);
    forward(nat, &web, 1);
    CU_ASSERT_TRUE(same_endpoint(inside_at(nat, at_port(7, 443)), web.inside));
    expect_empty(nat);
}

/* More forwards than the tables had room for. */
static void many(void)
{
    static struct nat_forward list[MANY];
    static const struct qw_port_range few[] = {{5000, 5001}};
    struct nat_options options = plain();
    nat_free(start(NAT_ADDRESS_DEPENDENT));
    options.addresses = addresses;
    options.address_count = 2;
    options.ports = pool.ports = few;
    options.choice = pool.choice;
    options.changed = count;
    options.slots = SLOTS;
    struct nat *nat = make(&options);
    for (unsigned i = 0; i < MANY; i++) /* not in order */
        list[i] = (struct nat_forward){i % 2, (uint16_t)(60000 - i), host_port(i, 443)};
    forward(nat, list, MANY);
    for (unsigned i = 0; i < MANY; i++)
        CU_ASSERT_TRUE_FATAL(
            same_endpoint(inside_at(nat, at_port(1 + i % 2, (uint16_t)(60000 - i))), host_port(i, 443)));
    for (unsigned i = 0; i < MANY; i++)
        begin(nat, host_port(i, 443), 0);
    forward(nat, list, MANY / 2);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, MANY / 2);
    forward(nat, NULL, 0);
    CU_ASSERT_EQUAL(stats_of(nat).mappings, MANY);
    CU_ASSERT_TRUE(nat_table_room(&nat->hosts) >= MANY);
    for (unsigned i = 0; i < MANY; i++)
        end(nat, nat_mapping_of(nat, &(struct qw_endpoint[]){host_port(i, 443)}[0]), 1);
    expect_empty(nat);
}

/* With blocks a forward that drains is told alone, or by a block of its own host. */
static void drains_with_blocks(void)
{
    struct nat_options options = plain();
    const struct nat_forward web = {0, 40000, ep("10.0.0.9:8444")};
    options.block = 512;
    options.changed = count;
    options.forwards = &web;
    options.forward_count = 1;
    made = ended = 0;
    struct nat *nat = make(&options);
    pool = (struct nat_pool){.addresses = options.addresses,
                             .address_count = 1,
                             .ports = options.ports,
                             .port_count = 1,
                             .hold_down_ns = REST,
                             .choice = options.choice,
                             .filtering = options.filtering,
                             .per_host = options.per_host};
    nat_external mapping = begin(nat, web.inside, 0);
    forward(nat, NULL, 0);
    CU_ASSERT_EQUAL(made, 0); /* it lies in a block of its host */
    CU_ASSERT_TRUE(blocks_tell(nat, 0, 40000));
    end(nat, mapping, 1);
    expect_empty(nat);
}

/* Who may send in is asked anew for each flow that begins: sessions are known whatever the filtering was. */
static void filtering_changes(void)
{
    struct nat *nat = start(NAT_ENDPOINT_INDEPENDENT);
    struct qw_addr friend = ip("203.0.113.1"), stranger = ip("203.0.113.9");
    nat_external mapping = begin(nat, ep("10.0.0.3:5000"), 0);
    CU_ASSERT_TRUE(nat_admits(nat, mapping, &stranger));
    pool.filtering = NAT_ADDRESS_DEPENDENT;
    change(nat);
    CU_ASSERT_TRUE(nat_admits(nat, mapping, &friend));
    CU_ASSERT_FALSE(nat_admits(nat, mapping, &stranger));
    pool.filtering = NAT_ADDRESS_AND_PORT_DEPENDENT;
    change(nat);
    CU_ASSERT_FALSE(nat_admits(nat, mapping, &friend));
    begin(nat, ep("10.0.0.3:5000"), 1);
    pool.filtering = NAT_ADDRESS_DEPENDENT;
    change(nat);
    end(nat, mapping, 2);
    CU_ASSERT_TRUE(nat_admits(nat, mapping, &friend));
    end(nat, mapping, LIFE);
    expect_empty(nat);
}

static void the_limit_changes(void)
{
    struct nat *nat = start(NAT_ADDRESS_DEPENDENT);
    nat_external mapping[4];
    for (uint16_t i = 0; i < 3; i++)
        mapping[i] = begin(nat, host_port(1, (uint16_t)(5000 + i)), 0);
    pool.per_host = 2;
    change(nat);
    CU_ASSERT_EQUAL(answer(nat, host_port(1, 5003), 0), NAT_HOST_LIMIT);
    CU_ASSERT_EQUAL(begin(nat, host_port(1, 5000), 0), mapping[0]);
    pool.per_host = 4;
    change(nat);
    mapping[3] = begin(nat, host_port(1, 5003), 0);
    end(nat, mapping[0], LIFE);
    for (unsigned i = 0; i < 4; i++)
        end(nat, mapping[i], LIFE);
    expect_empty(nat);
}

void suite_change_forwards(void)
{
    static const struct test TESTS[] = {
        {"S2 N17 N11: a forward comes and goes by a reload", comes_and_goes},
        {"S2 N17 N11: a forward takes a port of the pool, which rests when the forward has left",
         takes_a_port_of_the_pool},
        {"S2 N17 N5: a forward that left drains as a mapping", drains},
        {"S2 N17 N11: what drains is on the address of its host", drains_on_the_address_of_its_host},
        {"S2 N17 N11: the mapping of an endpoint that gets a forward drains", comes_beside_a_mapping},
        {"S2 N17 N11: a mapping becomes the forward of the same endpoints", comes_where_its_mapping_is},
        {"S2 N17 N11: a forward takes its port from a mapping, whose sessions end",
         takes_a_port_from_a_mapping},
        {"S2 N17 N11: a forward moves, inside at once and outside by draining", moves},
        {"S2 N17 N11: a forward drains with its address, those of others stay", leaves_with_its_address},
        {"S2 N17 N11: forwards on an address that follows an interface", follows_an_interface},
        {"S2 S3 N17: tables grow with the forwards", many},
        {"S2 N17 N11 N14: a forward that drains beside blocks", drains_with_blocks},
        {"S2 N17 N5: filtering changes by a reload", filtering_changes},
        {"S2 N17 N10: the limit of a host changes by a reload", the_limit_changes},
    };
    TEST_SUITE("nat change of forwards", TESTS);
}
