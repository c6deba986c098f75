/* The room against the simplest thing that does the same: arrays that are searched from end to end. */
#include "nats.h"
#include "random.h"
#include "suite.h"
#include <string.h>

enum { SLOTS = 3, HOSTS = 24, PORTS_EACH = 16, REMOTES = 4, PER_HOST = 11, SESSIONS = 260, ROUNDS = 150000 };
enum { LOWEST = 600, END = 5300, FORWARDED = 5004 };

static const struct nat_port_range POOL[] = {{LOWEST, 640}, {5000, END - 1}}, EXCLUDED = {5100, 5109};

struct inside {
    nat_external mapping;
    uint32_t sessions, with[REMOTES];
    unsigned slot;
    uint16_t port; /* external */
    uint64_t since;
};

static struct nat *nat;
static struct inside all[HOSTS][PORTS_EACH];
static unsigned slot_of[HOSTS], sessions;
static struct qw_addr address[SLOTS], last[SLOTS]; /* zero: unknown */
static bool mapped[SLOTS][END], resting[SLOTS][END], router[END];
static uint64_t released[SLOTS][END];
static unsigned early[SLOTS][END]; /* resting: 1 + the host whose mapping made room there; 0: none did */
static uint64_t random_state, now;

static uint32_t roll(uint32_t sides)
{
    return test_random(&random_state) % sides;
}

/* Low, high, even, odd. Host 0's first is the inside of a forward. */
static struct qw_endpoint endpoint_of(unsigned host, unsigned n)
{
    return host_port(host, (uint16_t)((n % 3 == 0 ? 100 : 3000) + n));
}

static bool is_forward(unsigned host, unsigned n)
{
    return host == 0 && n == 0;
}

static struct qw_addr remote_of(unsigned n)
{
    return qw_addr_v4((const uint8_t[4]){203, 0, 113, (uint8_t)n});
}

static struct qw_addr address_of(unsigned slot, unsigned n)
{
    return qw_addr_v4((const uint8_t[4]){198, 51, (uint8_t)(100 + slot), (uint8_t)n});
}

static bool known(unsigned slot)
{
    return !qw_addr_equal(&address[slot], &(struct qw_addr){{0}});
}

/* ---- what the model says ---- */

static bool usable(unsigned slot, unsigned port)
{
    bool in_pool = port <= POOL[0].last || (port >= POOL[1].first && port < END);
    bool excluded = (port >= EXCLUDED.first && port <= EXCLUDED.last) || reflects((uint16_t)port);
    return port >= LOWEST && in_pool && !excluded && !(slot == 0 && port == FORWARDED);
}

static bool rests(unsigned slot, unsigned port)
{
    return resting[slot][port] && now - released[slot][port] < REST;
}

static bool free_now(unsigned slot, unsigned port)
{
    return !mapped[slot][port] && !rests(slot, port) && !router[port] && usable(slot, port);
}

static bool any_free(unsigned slot, uint16_t inside_port)
{
    for (unsigned port = LOWEST; port < END; port++)
        if (port % 2 == inside_port % 2 && (port < 1024) == (inside_port < 1024) && free_now(slot, port))
            return true;
    return false;
}

static unsigned mappings_of(unsigned host)
{
    unsigned count = 0;
    for (unsigned n = 0; n < PORTS_EACH; n++)
        count += !is_forward(host, n) && all[host][n].sessions > 0;
    return count;
}

static unsigned early_ends_of(unsigned host)
{
    unsigned count = 0, slot = slot_of[host];
    for (unsigned port = LOWEST; port < END; port++)
        count += rests(slot, port) && early[slot][port] == host + 1;
    return count;
}

static enum nat_answer expected(unsigned host, unsigned n)
{
    if (sessions == SESSIONS)
        return NAT_NO_PORT;
    if (is_forward(host, n))
        return known(0) ? NAT_OK : NAT_NO_ADDRESS;
    if (all[host][n].sessions > 0)
        return NAT_OK;
    if (!known(slot_of[host]))
        return NAT_NO_ADDRESS;
    if (mappings_of(host) + early_ends_of(host) >= PER_HOST)
        return NAT_HOST_LIMIT;
    return any_free(slot_of[host], endpoint_of(host, n).port) ? NAT_OK : NAT_NO_PORT;
}

/* ---- steps ---- */

static void note_new(unsigned host, unsigned n, nat_external mapping)
{
    struct inside *in = &all[host][n];
    struct qw_endpoint external = nat_endpoint(nat, mapping), inside = endpoint_of(host, n);
    in->slot = is_forward(host, n) ? 0 : slot_of[host];
    in->port = external.port;
    in->mapping = mapping;
    in->since = now;
    CU_ASSERT_TRUE_FATAL(qw_addr_equal(&external.addr, &address[in->slot]));
    if (is_forward(host, n)) {
        CU_ASSERT_EQUAL_FATAL(external.port, FORWARDED);
        return;
    }
    CU_ASSERT_TRUE_FATAL(external.port < END && free_now(in->slot, external.port));
    CU_ASSERT_EQUAL_FATAL(external.port % 2, inside.port % 2);
    CU_ASSERT_EQUAL_FATAL(external.port < 1024, inside.port < 1024);
    mapped[in->slot][external.port] = true;
    resting[in->slot][external.port] = false;
}

static void begin_one(unsigned host, unsigned n, unsigned remote)
{
    struct inside *in = &all[host][n];
    struct qw_endpoint inside = endpoint_of(host, n);
    struct qw_addr with = remote_of(remote);
    nat_external mapping;
    enum nat_answer should = expected(host, n);
    CU_ASSERT_EQUAL_FATAL(nat_session_begin(nat, &inside, &with, at(now), &mapping), should);
    if (should != NAT_OK)
        return;
    if (in->sessions == 0)
        note_new(host, n, mapping);
    CU_ASSERT_EQUAL_FATAL(mapping, in->mapping);
    in->sessions++;
    in->with[remote]++;
    sessions++;
}

static void release(struct inside *in, unsigned counts_for)
{
    if (in->port == FORWARDED && in->slot == 0)
        return;
    mapped[in->slot][in->port] = false;
    resting[in->slot][in->port] = true;
    released[in->slot][in->port] = now;
    early[in->slot][in->port] = counts_for;
}

static void end_one(unsigned host, unsigned n, unsigned remote)
{
    struct inside *in = &all[host][n];
    struct qw_addr with = remote_of(remote);
    if (in->with[remote] == 0)
        return;
    nat_session_end(nat, in->mapping, &with, at(now));
    in->with[remote]--;
    sessions--;
    if (--in->sessions == 0)
        release(in, now - in->since < LIFE ? host + 1 : 0);
}

/* Returns how many sessions ended with the address; their ends are told late, and must do nothing. */
static void forget_slot(unsigned slot)
{
    for (unsigned i = 0; i < HOSTS * PORTS_EACH; i++) {
        struct inside *in = &all[i / PORTS_EACH][i % PORTS_EACH];
        if (in->sessions == 0 || in->slot != slot)
            continue;
        sessions -= in->sessions;
        release(in, 0);
        for (unsigned remote = 0; remote < REMOTES; remote++)
            for (; in->with[remote] > 0; in->with[remote]--) {
                struct qw_addr with = remote_of(remote);
                nat_session_end(nat, in->mapping, &with, at(now));
            }
        in->sessions = 0;
    }
}

static void change_address(unsigned slot, unsigned which)
{
    struct qw_addr to = which == 0 ? (struct qw_addr){{0}} : address_of(slot, which);
    bool another = !qw_addr_equal(&to, &address[slot]);
    CU_ASSERT_EQUAL_FATAL(nat_set_address(nat, slot, which == 0 ? NULL : &to, at(now)), another);
    if (!another)
        return;
    forget_slot(slot);
    address[slot] = to;
    if (which == 0 || qw_addr_equal(&to, &last[slot]))
        return;
    last[slot] = to;
    memset(resting[slot], 0, sizeof resting[slot]);
}

static void change_router_ports(void)
{
    uint64_t ports[NAT_PORT_WORDS] = {0};
    memset(router, 0, sizeof router);
    for (unsigned i = 0; i < 150; i++) {
        unsigned port = i % 2 ? 5000 + roll(300) : LOWEST + roll(41);
        router[port] = true;
        ports[port / 64] |= 1ull << port % 64;
    }
    nat_set_router_ports(nat, ports);
}

/* ---- looks ---- */

static void look_at(unsigned host, unsigned n)
{
    const struct inside *in = &all[host][n];
    struct qw_endpoint inside = endpoint_of(host, n), found;
    if (in->mapping == 0 || is_forward(host, n))
        return;
    CU_ASSERT_EQUAL_FATAL(nat_holds(nat, in->mapping, &inside), in->sessions > 0);
    if (in->sessions == 0)
        return;
    struct qw_endpoint external = {address[in->slot], in->port};
    CU_ASSERT_EQUAL_FATAL(nat_inside(nat, &external, &found), in->mapping);
    CU_ASSERT_TRUE_FATAL(same_endpoint(found, inside));
    for (unsigned remote = 0; remote < REMOTES; remote++) {
        struct qw_addr with = remote_of(remote);
        CU_ASSERT_EQUAL_FATAL(nat_admits(nat, in->mapping, &with), in->with[remote] > 0);
    }
}

static void look_at_all(void)
{
    unsigned count = 0;
    for (unsigned host = 0; host < HOSTS; host++) {
        count += mappings_of(host);
        for (unsigned n = 0; n < PORTS_EACH; n++)
            look_at(host, n);
    }
    CU_ASSERT_EQUAL_FATAL(stats_of(nat).mappings, count);
}

/* ---- the run ---- */

/* Another room with the same secret, and addresses that never change, tells which host has which slot. */
static void learn_slots(struct nat_options options)
{
    options.forward_count = 0;
    struct nat *twin = make(&options);
    for (unsigned host = 0; host < HOSTS; host++) {
        struct qw_endpoint external = nat_endpoint(twin, begin(twin, host_port(host, 3000), 0));
        slot_of[host] = external.addr.bytes[14] - 100u;
    }
    nat_free(twin);
}

static void set_up(void)
{
    static struct nat_forward forward;
    struct nat_options options = plain();
    for (unsigned slot = 0; slot < SLOTS; slot++)
        address[slot] = last[slot] = address_of(slot, 1);
    forward = (struct nat_forward){0, FORWARDED, endpoint_of(0, 0)};
    options.addresses = address;
    options.address_count = SLOTS;
    options.ports = POOL;
    options.port_count = 2;
    options.excluded = &EXCLUDED;
    options.excluded_count = 1;
    options.forwards = &forward;
    options.forward_count = 1;
    options.per_host = PER_HOST;
    options.sessions_max = SESSIONS;
    learn_slots(options);
    nat = make(&options);
}

/* Sessions come and go in waves, so that pools are full at times and empty at others. */
static void step(unsigned i)
{
    unsigned host = roll(HOSTS), n = roll(PORTS_EACH), remote = roll(REMOTES), what = roll(1000);
    now += roll(1 << 20) * 1000ull;
    if (what < 3)
        change_address(roll(SLOTS), roll(3));
    else if (what < 6)
        change_router_ports();
    else if (what < (i / 2000 % 2 ? 700u : 300u))
        begin_one(host, n, remote);
    else
        end_one(host, n, remote);
    look_at(host, n);
}

static void behaves_as_the_model(void)
{
    random_state = 11;
    set_up();
    for (unsigned i = 0; i < ROUNDS; i++) {
        step(i);
        if (i % 500 == 0)
            look_at_all();
    }
    struct nat_stats stats = stats_of(nat);
    CU_ASSERT_TRUE(stats.created > 10000 && stats.refused_port > 1000);
    CU_ASSERT_TRUE(stats.refused_host > 100 && stats.refused_address > 1000);
    nat_free(nat);
}

void suite_model(void)
{
    static const struct test TESTS[] = {
        {"N2 N3 N5 N9 N10 N11: 150,000 random steps agree with a plain model", behaves_as_the_model},
    };
    TEST_SUITE("nat model", TESTS);
}
