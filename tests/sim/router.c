/* One router: mappings begin, are used, are idle, and end. */
#include "random.h"
#include "sim.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECOND QW_NS_PER_SECOND
#define NONE UINT32_MAX
#define PARETO 1.5 /* of how busy hosts are */
#define LIFE_MAX_S 4000u

/* Of all routers, as in nat.secret. */
static const struct qw_hash_key SECRET = {0x7175696377617264, 0x636c7573746572};

double sim_random(uint64_t *state)
{
    return ((double)test_random(state) + 0.5) / 2147483648.0;
}

void sim_fail(const char *what)
{
    fprintf(stderr, "sim: %s\n", what);
    exit(1);
}

static void *memory(size_t count, size_t size)
{
    void *all = calloc(count, size);
    if (!all)
        sim_fail("memory is short");
    return all;
}

/* ---- hosts ---- */

unsigned sim_router_of(const struct sim_world *world, uint32_t host)
{
    return (unsigned)(qw_hash24(SECRET, &host, sizeof host) % world->routers);
}

double sim_busyness(const struct sim_world *world, uint32_t host)
{
    uint64_t state = qw_hash24((struct qw_hash_key){world->seed, 1}, &host, sizeof host);
    double busy = pow(sim_random(&state), -1 / PARETO);
    return busy < world->busiest ? busy : world->busiest;
}

static void take_hosts(struct sim_router *router, unsigned number)
{
    const struct sim_world *world = router->world;
    router->hosts = memory(world->hosts, sizeof *router->hosts);
    for (uint32_t host = 0; host < world->hosts; host++)
        if (sim_router_of(world, host) == number) {
            router->busy += sim_busyness(world, host);
            router->hosts[router->host_count++] = (struct sim_host){host, router->busy};
        }
}

static uint32_t pick_host(struct sim_router *router)
{
    double at = sim_random(&router->random) * router->busy;
    uint32_t low = 0, high = router->host_count - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (router->hosts[middle].until < at)
            low = middle + 1;
        else
            high = middle;
    }
    return router->hosts[low].number;
}

static struct qw_endpoint inside_of(uint32_t host, uint16_t port)
{
    const uint8_t bytes[4] = {10, (uint8_t)(host >> 16), (uint8_t)(host >> 8), (uint8_t)host};
    return (struct qw_endpoint){qw_addr_v4(bytes), port};
}

/* ---- life ---- */

struct nat *sim_nat(const struct sim_world *world)
{
    static const struct qw_port_range PORTS = {1024, 65535};
    struct qw_addr addresses[NAT_ADDRESSES_MAX];
    for (unsigned i = 0; i < world->addresses; i++)
        addresses[i] = qw_addr_v4((const uint8_t[4]){198, 51, 100, (uint8_t)(i + 1)});
    const struct nat_options options = {.addresses = addresses,
                                        .address_count = world->addresses,
                                        .ports = &PORTS,
                                        .port_count = 1,
                                        .filtering = NAT_ADDRESS_DEPENDENT,
                                        .per_host = 2048,
                                        .hold_down_ns = 120 * SECOND,
                                        .sessions_max = world->addresses * 65536u,
                                        .choice = NAT_KEYED,
                                        .secret = {world->seed, 2},
                                        .kept = &SECRET};
    struct nat *nat = nat_new(&options);
    if (!nat)
        sim_fail("memory is short");
    return nat;
}

void sim_router_begin(struct sim_router *router, const struct sim_world *world, unsigned number, double total)
{
    *router = (struct sim_router){.world = world, .random = world->seed + number, .now_ns = SECOND};
    take_hosts(router, number);
    router->rate = world->mappings / (world->active_s + world->timer_s) * router->busy / total;
    router->next_ns = router->now_ns;
    router->nat = sim_nat(world);
    router->room = world->addresses * 65536u;
    router->mappings = memory(router->room, sizeof *router->mappings);
    router->ends = memory(LIFE_MAX_S, sizeof *router->ends);
    for (uint32_t i = 0; i < router->room; i++)
        router->mappings[i].next = i + 1 < router->room ? i + 1 : NONE;
    for (unsigned i = 0; i < LIFE_MAX_S; i++)
        router->ends[i] = NONE;
}

void sim_router_end(struct sim_router *router)
{
    nat_free(router->nat);
    free(router->hosts);
    free(router->mappings);
    free(router->ends);
}

static const struct qw_addr SERVER = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1}};

/* A port that the host does not use now. */
static uint16_t pick_port(struct sim_router *router, uint32_t host)
{
    for (;;) {
        uint16_t port = (uint16_t)(32768 + test_random(&router->random) % 28232);
        struct qw_endpoint inside = inside_of(host, port);
        if (nat_mapping_of(router->nat, &inside) == 0)
            return port;
    }
}

static void end_with(struct sim_router *router, uint32_t index, uint64_t end_ns)
{
    uint32_t *list = &router->ends[end_ns / SECOND % LIFE_MAX_S];
    router->mappings[index].next = *list;
    *list = index;
}

static void begin_one(struct sim_router *router)
{
    uint32_t host = pick_host(router), index = router->free_head;
    uint16_t port = pick_port(router, host);
    struct qw_endpoint inside = inside_of(host, port);
    nat_external name;
    router->begun++;
    if (index == NONE ||
        nat_session_begin(router->nat, &inside, &SERVER, (struct qw_time){router->now_ns}, &name) != NAT_OK) {
        router->refused++;
        return;
    }
    double active_s = -log(sim_random(&router->random)) * router->world->active_s;
    double longest_s = LIFE_MAX_S - 2 - router->world->timer_s;
    uint64_t active_ns = (uint64_t)((active_s < longest_s ? active_s : longest_s) * 1e9);
    struct sim_mapping *mapping = &router->mappings[index];
    router->free_head = mapping->next;
    *mapping = (struct sim_mapping){.host = host,
                                    .port = port,
                                    .lives = true,
                                    .name = name,
                                    .since_ns = router->now_ns,
                                    .active_until_ns = router->now_ns + active_ns};
    router->live++;
    end_with(router, index, mapping->active_until_ns + (uint64_t)(router->world->timer_s * 1e9));
}

static void end_second(struct sim_router *router)
{
    uint32_t *list = &router->ends[router->now_ns / SECOND % LIFE_MAX_S];
    while (*list != NONE) {
        uint32_t index = *list;
        struct sim_mapping *mapping = &router->mappings[index];
        struct qw_endpoint inside = inside_of(mapping->host, mapping->port);
        *list = mapping->next;
        nat_session_end(router->nat, mapping->name, &inside, &SERVER, (struct qw_time){router->now_ns});
        *mapping = (struct sim_mapping){.next = router->free_head};
        router->free_head = index;
        router->live--;
    }
}

/* Those that end in a second end when it begins. */
void sim_router_run(struct sim_router *router, uint64_t ns)
{
    uint64_t until = router->now_ns + ns;
    while (router->next_ns < until) {
        if (router->next_ns / SECOND != router->now_ns / SECOND) {
            router->now_ns = (router->now_ns / SECOND + 1) * SECOND;
            end_second(router);
            continue;
        }
        router->now_ns = router->next_ns;
        begin_one(router);
        router->next_ns += (uint64_t)(-log(sim_random(&router->random)) * 1e9 / router->rate);
    }
    router->now_ns = until;
}

struct sim_load sim_router_load(const struct sim_router *router)
{
    struct sim_load load = {.mappings = router->live,
                            .least_busy_address = UINT32_MAX,
                            .refused = router->refused,
                            .begun_a_second = (double)router->begun * 1e9 / (double)router->now_ns};
    uint32_t active = 0;
    for (uint32_t i = 0; i < router->room; i++)
        active += router->mappings[i].lives && router->mappings[i].active_until_ns > router->now_ns;
    load.active = router->live ? (double)active / router->live : 0;
    for (unsigned i = 0; i < router->world->addresses; i++) {
        uint32_t used = nat_ports_of(router->nat, i).used;
        load.busiest_address = used > load.busiest_address ? used : load.busiest_address;
        load.least_busy_address = used < load.least_busy_address ? used : load.least_busy_address;
    }
    return load;
}
