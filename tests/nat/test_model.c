/* The room against the simplest thing that does the same: arrays that are searched from end to end. */
#include "nat_state.h"
#include "nats.h"
#include "random.h"
#include "suite.h"
#include <string.h>

enum {
    SLOTS = 3,
    SPARE_SLOTS = 2,
    HOSTS = 24,
    PORTS_EACH = 16,
    REMOTES = 4,
    PER_HOST = 11,
    SESSIONS = 260,
    ROUNDS = 150000
};
enum { LOWEST = 600, END = 5300, FORWARDED = 5004 };

/* Pools that follow each other. */
enum { POOLS = 3 };
static const struct qw_port_range POOL[POOLS][2] =
    {
        {{LOWEST, 640}, {5000, END - 1}},
        {{LOWEST, 620}, {5000, 5180}},
        {{610, 640}, {5090, END - 1}},
},
                                  EXCLUDED = {5100, 5109};
static const struct qw_port_range *pool;

struct inside {
    nat_external mapping;
    uint32_t sessions, with[REMOTES];
    unsigned slot;
    uint16_t port; /* external */
    uint64_t since;
};

static struct nat *nat;
static struct store *store;
static struct nat_options running;
static struct qw_port_map shown[SLOTS + SPARE_SLOTS];
static struct inside all[HOSTS][PORTS_EACH];
static unsigned slot_of[HOSTS], sessions, regained;
static struct qw_addr address[SLOTS], last[SLOTS]; /* zero: unknown */
static bool mapped[SLOTS][END], resting[SLOTS][END], router[END];
static uint64_t released[SLOTS][END];
static enum nat_choice choice;
static unsigned owner[SLOTS][END]; /* resting: 1 + the number of the inside endpoint that had it */
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
    bool in_pool =
        (port >= pool[0].first && port <= pool[0].last) || (port >= pool[1].first && port <= pool[1].last);
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

static unsigned number_of(unsigned host, unsigned n)
{
    return 1 + host * PORTS_EACH + n;
}

/* With NAT_KEYED an endpoint may have its own port back. */
static bool own(unsigned slot, unsigned port, unsigned host, unsigned n)
{
    return choice == NAT_KEYED && !router[port] && rests(slot, port) && usable(slot, port) &&
           owner[slot][port] == number_of(host, n);
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
    CU_ASSERT_TRUE_FATAL(external.port < END &&
                         (free_now(in->slot, external.port) || own(in->slot, external.port, host, n)));
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
    enum nat_answer should = expected(host, n),
                    is = nat_session_begin(nat, &inside, &with, at(now), &mapping);
    if (is != should) {
        regained++;
        CU_ASSERT_EQUAL_FATAL(is, NAT_OK);
        uint16_t port = nat_endpoint(nat, mapping).port;
        CU_ASSERT_TRUE_FATAL(own(slot_of[host], port, host, n));
        CU_ASSERT_TRUE_FATAL(should == NAT_NO_PORT || early[slot_of[host]][port] == host + 1);
    }
    if (is != NAT_OK)
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
    unsigned number = 1 + (unsigned)(in - &all[0][0]);
    if (in->port == FORWARDED && in->slot == 0)
        return;
    mapped[in->slot][in->port] = false;
    resting[in->slot][in->port] = true;
    released[in->slot][in->port] = now;
    early[in->slot][in->port] = counts_for;
    owner[in->slot][in->port] = number;
}

static void end_one(unsigned host, unsigned n, unsigned remote)
{
    struct inside *in = &all[host][n];
    struct qw_addr with = remote_of(remote);
    struct qw_endpoint inside = endpoint_of(host, n);
    if (in->with[remote] == 0)
        return;
    nat_session_end(nat, in->mapping, &inside, &with, at(now));
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
        struct qw_endpoint inside = endpoint_of(i / PORTS_EACH, i % PORTS_EACH);
        if (in->sessions == 0 || in->slot != slot)
            continue;
        sessions -= in->sessions;
        release(in, 0);
        for (unsigned remote = 0; remote < REMOTES; remote++)
            for (; in->with[remote] > 0; in->with[remote]--) {
                struct qw_addr with = remote_of(remote);
                nat_session_end(nat, in->mapping, &inside, &with, at(now));
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
    uint64_t ports[QW_PORT_WORDS] = {0};
    memset(router, 0, sizeof router);
    for (unsigned i = 0; i < 150; i++) {
        unsigned port = i % 2 ? 5000 + roll(300) : LOWEST + roll(41);
        router[port] = true;
        ports[port / 64] |= 1ull << port % 64;
    }
    nat_set_router_ports(nat, ports);
}

/* Nothing ends. */
static void change_pool(unsigned which)
{
    pool = POOL[which];
    running.ports = pool;
    const struct nat_pool next = {.ports = pool,
                                  .port_count = 2,
                                  .excluded = &EXCLUDED,
                                  .excluded_count = 1,
                                  .hold_down_ns = REST,
                                  .choice = choice,
                                  .forwards = running.forwards,
                                  .forward_count = running.forward_count,
                                  .filtering = running.filtering,
                                  .per_host = PER_HOST,
                                  .now = at(now)};
    bool cut;
    CU_ASSERT_EQUAL_FATAL(nat_change(nat, &next, &cut), QW_OK);
    CU_ASSERT_FALSE_FATAL(cut);
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

static bool is_shown(const struct qw_endpoint *external)
{
    for (unsigned slot = 0; slot < SLOTS + SPARE_SLOTS; slot++)
        if (shown[slot].ipv4 != 0 && memcmp(&shown[slot].ipv4, external->addr.bytes + 12, 4) == 0)
            return qw_ports_has(shown[slot].used, external->port);
    return false;
}

/* What packets find is used, and nothing else is. */
static void look_at_ports(unsigned slot)
{
    struct qw_endpoint external = {address[slot], 0}, inside;
    for (unsigned port = LOWEST; port < END; port++) {
        external.port = (uint16_t)port;
        CU_ASSERT_EQUAL_FATAL(is_shown(&external), nat_inside(nat, &external, &inside) != 0);
    }
}

static void look_at_all(void)
{
    unsigned count = 0;
    for (unsigned slot = 0; slot < SLOTS; slot++)
        look_at_ports(slot);
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

static struct store *new_store(void)
{
    struct store_part parts[NAT_PARTS];
    struct store *made;
    nat_parts(SLOTS + SPARE_SLOTS, parts);
    const struct store_plan plan = {.parts = parts, .part_count = NAT_PARTS};
    CU_ASSERT_EQUAL_FATAL(store_new(&plan, &made), QW_OK);
    return made;
}

/* With the addresses as they are now. */
static void start(void)
{
    struct nat_memory memory;
    store = new_store();
    CU_ASSERT_TRUE_FATAL(nat_memory_of(store, &memory));
    running.memory = &memory;
    running.now = at(now);
    nat = make(&running);
    nat_show_ports(nat, shown);
}

static void forget(void)
{
    memset(all, 0, sizeof all);
    memset(mapped, 0, sizeof mapped);
    memset(resting, 0, sizeof resting);
    memset(router, 0, sizeof router);
    memset(released, 0, sizeof released);
    memset(early, 0, sizeof early);
    memset(owner, 0, sizeof owner);
    sessions = regained = 0;
    now = 0;
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
    pool = POOL[0];
    options.ports = pool;
    options.slots = SLOTS + SPARE_SLOTS;
    options.port_count = 2;
    options.excluded = &EXCLUDED;
    options.excluded_count = 1;
    options.forwards = &forward;
    options.forward_count = 1;
    options.per_host = PER_HOST;
    options.sessions_max = SESSIONS;
    options.choice = choice;
    learn_slots(options);
    running = options;
    start();
}

/* ---- restarts ---- */

/* What stands in memory goes on in another room, as after a crash. */
static struct store *copy_store(void)
{
    struct store *copy = new_store();
    struct nat_memory from, to;
    CU_ASSERT_TRUE_FATAL(nat_memory_of(store, &from) && nat_memory_of(copy, &to));
    memcpy(to.addresses.records, from.addresses.records, from.addresses.count * from.addresses.record_size);
    memcpy(to.words.records, from.words.records, from.words.count * from.words.record_size);
    memcpy(to.ports.records, from.ports.records, from.ports.count * from.ports.record_size);
    return copy;
}

static void tell_router_ports(void)
{
    uint64_t ports[QW_PORT_WORDS] = {0};
    for (unsigned port = 0; port < END; port++)
        if (router[port])
            qw_ports_add(ports, (uint16_t)port, (uint16_t)port);
    nat_set_router_ports(nat, ports);
}

static unsigned mappings_now(void)
{
    unsigned count = 0;
    for (unsigned host = 0; host < HOSTS; host++)
        count += mappings_of(host);
    return count;
}

static void hold_again(unsigned host, unsigned n)
{
    struct inside *in = &all[host][n];
    struct qw_endpoint inside = endpoint_of(host, n);
    for (unsigned remote = 0; remote < REMOTES; remote++)
        for (unsigned i = 0; i < in->with[remote]; i++) {
            struct qw_addr with = remote_of(remote);
            nat_external mapping = nat_adopt_session(nat, &inside, &with);
            CU_ASSERT_EQUAL_FATAL(nat_port(mapping), in->port);
            in->mapping = mapping;
        }
}

static void restart(void)
{
    struct nat_recovery counts = {0};
    struct nat_memory memory;
    struct store *before = copy_store();
    nat_free(nat);
    store_free(store);
    start();
    CU_ASSERT_TRUE_FATAL(nat_memory_of(before, &memory));
    CU_ASSERT_EQUAL_FATAL(nat_recover(nat, &memory, at(now), &counts), QW_OK);
    CU_ASSERT_EQUAL_FATAL(counts.results[NAT_ADOPTED], mappings_now());
    CU_ASSERT_EQUAL_FATAL(counts.unclear, 0);
    for (int i = 1; i < NAT_ADOPT_RESULTS; i++)
        CU_ASSERT_EQUAL_FATAL(counts.results[i], 0);
    tell_router_ports();
    for (unsigned i = 0; i < HOSTS * PORTS_EACH; i++)
        hold_again(i / PORTS_EACH, i % PORTS_EACH);
    CU_ASSERT_EQUAL_FATAL(nat_adopt_end(nat, at(now)), 0);
    store_free(before);
    look_at_all();
}

/* ---- torn memory ---- */

static void tear(const struct store_region *region, unsigned times)
{
    uint8_t *bytes = region->records;
    size_t size = (size_t)(region->count * region->record_size);
    for (unsigned i = 0; i < times; i++)
        bytes[(size_t)roll(INT32_MAX) % size] = (uint8_t)roll(256);
}

static void nothing_twice(struct nat *torn)
{
    static bool seen_inside[HOSTS * PORTS_EACH];
    struct nat_mapping mapping;
    uint64_t cursor = 0;
    memset(seen_inside, 0, sizeof seen_inside);
    while (nat_mappings(torn, &cursor, &mapping, 1) == 1) {
        CU_ASSERT_TRUE_FATAL(mapping.since.ns <= now);
        CU_ASSERT_TRUE_FATAL(mapping.forward || mapping.external.port % 2 == mapping.inside.port % 2);
        for (unsigned i = 0; i < HOSTS * PORTS_EACH; i++)
            if (same_endpoint(endpoint_of(i / PORTS_EACH, i % PORTS_EACH), mapping.inside)) {
                CU_ASSERT_FALSE_FATAL(seen_inside[i]);
                seen_inside[i] = true;
            }
    }
}

/* Whatever else was torn: a port that had a mapping is nobody else's now. */
static void nothing_is_given_away(struct nat *torn)
{
    for (unsigned slot = 0; slot < SLOTS; slot++)
        for (unsigned port = LOWEST; port < END; port++) {
            struct qw_endpoint external = {address[slot], (uint16_t)port}, inside;
            if (!mapped[slot][port] || !usable(slot, port))
                continue;
            CU_ASSERT_NOT_EQUAL_FATAL(torn->pools[slot].ports[port].state, PORT_FREE);
            if (nat_inside(torn, &external, &inside) != 0)
                CU_ASSERT_EQUAL_FATAL(torn->pools[slot].ports[port].state, PORT_MAPPED);
        }
}

static void recover_torn(void)
{
    struct store *before = copy_store();
    struct nat_recovery counts = {0};
    struct nat_memory memory;
    struct nat_options options = running;
    options.memory = NULL;
    CU_ASSERT_TRUE_FATAL(nat_memory_of(before, &memory));
    tear(&memory.words, 1 + roll(20000));
    tear(&memory.ports, 1 + roll(20000));
    struct nat *torn = make(&options);
    CU_ASSERT_EQUAL_FATAL(nat_recover(torn, &memory, at(now), &counts), QW_OK);
    nothing_twice(torn);
    nothing_is_given_away(torn);
    nat_adopt_end(torn, at(now));
    CU_ASSERT_EQUAL_FATAL(stats_of(torn).mappings, 0);
    for (uint16_t i = 0; i < 200; i++)
        answer(torn, host_port(roll(HOSTS), (uint16_t)(3000 + i)), now);
    nat_free(torn);
    store_free(before);
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
    else if (what < 8)
        change_pool(roll(POOLS));
    else if (what < (i / 2000 % 2 ? 700u : 300u))
        begin_one(host, n, remote);
    else
        end_one(host, n, remote);
    look_at(host, n);
}

static void run(enum nat_choice how, unsigned restart_every)
{
    random_state = 11;
    choice = how;
    forget();
    set_up();
    for (unsigned i = 0; i < ROUNDS; i++) {
        step(i);
        if (i % 500 == 0)
            look_at_all();
        if (restart_every && i % restart_every == restart_every - 1) {
            recover_torn();
            restart();
        }
    }
}

static void end_of_run(void)
{
    nat_free(nat);
    store_free(store);
}

static void behaves_as_the_model(void)
{
    run(NAT_RANDOM, 0);
    struct nat_stats stats = stats_of(nat);
    CU_ASSERT_TRUE(stats.created > 10000 && stats.refused_port > 1000);
    CU_ASSERT_TRUE(stats.refused_host > 100 && stats.refused_address > 1000);
    CU_ASSERT_EQUAL(regained, 0);
    end_of_run();
}

static void so_do_keyed_ports(void)
{
    run(NAT_KEYED, 0);
    struct nat_stats stats = stats_of(nat);
    CU_ASSERT_TRUE(stats.created > 10000 && stats.refused_port > 500);
    CU_ASSERT_TRUE(stats.refused_host > 100 && stats.refused_address > 1000);
    CU_ASSERT_TRUE(regained > 10);
    end_of_run();
}

static void goes_on_after_crashes(void)
{
    run(NAT_RANDOM, 4801);
    end_of_run();
    run(NAT_KEYED, 4801);
    end_of_run();
}

void suite_model(void)
{
    static const struct test TESTS[] = {
        {"S2 N2 N3 N5 N9 N10 N11: 150,000 random steps agree with a plain model", behaves_as_the_model},
        {"N2 N3 N5 N9 N10 N11 N16: keyed ports agree with it too", so_do_keyed_ports},
        {"S1 N2 N10: the memory goes on in another room at any moment, and torn memory gives nothing away",
         goes_on_after_crashes},
    };
    TEST_SUITE("nat model", TESTS);
}
