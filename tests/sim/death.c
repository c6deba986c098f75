/* A router dies: what the one that takes its addresses has of it. */
#include "random.h"
#include "sim.h"
#include <math.h>
#include <stdlib.h>

#define SPEAKS_AGAIN_S 5.0 /* on the average, until a client whose mapping was lost sends its next packet */
#define NEWCOMERS_S 30     /* so long others begin meanwhile */

struct speaker {
    uint64_t at_ns;
    const struct sim_mapping *lost; /* NULL: somebody new */
};

static struct qw_endpoint inside_of(const struct sim_mapping *mapping)
{
    const uint32_t host = mapping->host;
    const uint8_t bytes[4] = {10, (uint8_t)(host >> 16), (uint8_t)(host >> 8), (uint8_t)host};
    return (struct qw_endpoint){qw_addr_v4(bytes), mapping->port};
}

static const struct qw_addr SERVER = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1}};

static bool same(const struct qw_endpoint *a, const struct qw_endpoint *b)
{
    return qw_endpoint_compare(a, b) == 0;
}

/* What is in the store is entered, as engine_mirror_give does. Returns how many are not in it. */
static uint64_t enter(const struct sim_router *router, struct nat *taker, uint64_t unsent_ns,
                      struct sim_lost *lost)
{
    uint64_t missing = 0;
    for (uint32_t i = 0; i < router->room; i++) {
        const struct sim_mapping *mapping = &router->mappings[i];
        if (!mapping->lives)
            continue;
        if (mapping->since_ns + unsent_ns > router->now_ns) {
            missing++;
            continue;
        }
        struct nat_mapping wanted = {.inside = inside_of(mapping),
                                     .external = nat_endpoint(router->nat, mapping->name),
                                     .since = {mapping->since_ns}};
        bool entered = nat_adopt_awake(taker, &wanted, (struct qw_time){router->now_ns}) == NAT_ADOPTED &&
                       nat_adopt_session(taker, &wanted.inside, &SERVER) != 0;
        lost->restored += entered;
        if (!entered)
            sim_fail("what was stored is entered");
    }
    return missing;
}

static int by_time(const void *left, const void *right)
{
    const struct speaker *a = left, *b = right;
    return (a->at_ns > b->at_ns) - (a->at_ns < b->at_ns);
}

/* Those that were lost, and newcomers at the pace of before. */
static struct speaker *speakers_of(const struct sim_router *router, uint64_t unsent_ns, uint64_t missing,
                                   uint64_t *count)
{
    uint64_t random = router->random, newcomers = (uint64_t)(router->rate * NEWCOMERS_S);
    struct speaker *all = calloc(missing + newcomers + 1, sizeof *all);
    if (!all)
        sim_fail("memory is short");
    *count = 0;
    for (uint32_t i = 0; i < router->room; i++) {
        const struct sim_mapping *mapping = &router->mappings[i];
        if (mapping->lives && mapping->since_ns + unsent_ns > router->now_ns)
            all[(*count)++] = (struct speaker){
                router->now_ns + (uint64_t)(-log(sim_random(&random)) * SPEAKS_AGAIN_S * 1e9), mapping};
    }
    for (uint64_t i = 0; i < newcomers; i++)
        all[(*count)++] =
            (struct speaker){router->now_ns + (uint64_t)(sim_random(&random) * NEWCOMERS_S * 1e9), NULL};
    qsort(all, *count, sizeof *all, by_time);
    return all;
}

static void newcomer_speaks(const struct sim_router *router, struct nat *taker, struct qw_time now,
                            uint64_t *random)
{
    nat_external name;
    struct sim_mapping somebody = {.host = router->hosts[test_random(random) % router->host_count].number,
                                   .port = (uint16_t)(32768 + test_random(random) % 28232)};
    struct qw_endpoint inside = inside_of(&somebody);
    nat_session_begin(taker, &inside, &SERVER, now, &name);
}

static void lost_one_speaks(const struct sim_router *router, struct nat *taker, struct qw_time now,
                            const struct sim_mapping *mapping, struct sim_lost *lost)
{
    nat_external name;
    struct qw_endpoint inside = inside_of(mapping), somebody,
                       before = nat_endpoint(router->nat, mapping->name);
    bool free = nat_inside(taker, &before, &somebody) == 0;
    lost->lost++;
    if (nat_session_begin(taker, &inside, &SERVER, now, &name) != NAT_OK)
        return;
    struct qw_endpoint after = nat_endpoint(taker, name);
    lost->came_back += same(&before, &after);
    lost->taken += !free && !same(&before, &after);
}

void sim_die(const struct sim_router *router, uint64_t unsent_ns, struct sim_lost *lost)
{
    struct nat *taker = sim_nat(router->world);
    uint64_t count, random = router->random + 1;
    struct speaker *speakers = speakers_of(router, unsent_ns, enter(router, taker, unsent_ns, lost), &count);
    for (uint64_t i = 0; i < count; i++) {
        struct qw_time now = {speakers[i].at_ns};
        if (speakers[i].lost)
            lost_one_speaks(router, taker, now, speakers[i].lost, lost);
        else
            newcomer_speaks(router, taker, now, &random);
    }
    sim_check(taker);
    free(speakers);
    nat_free(taker);
}

/* ---- no endpoint twice ---- */

static int by_endpoint(const void *left, const void *right)
{
    return qw_endpoint_compare(left, right);
}

static void check_side(struct qw_endpoint *all, uint64_t count, const char *what)
{
    qsort(all, count, sizeof *all, by_endpoint);
    for (uint64_t i = 1; i < count; i++)
        if (same(&all[i - 1], &all[i]))
            sim_fail(what);
}

uint64_t sim_check(struct nat *nat)
{
    struct nat_stats stats;
    nat_stats(nat, &stats);
    struct qw_endpoint *inside = calloc(stats.mappings + 1, sizeof *inside),
                       *external = calloc(stats.mappings + 1, sizeof *external);
    struct nat_mapping mapping;
    uint64_t count = 0;
    if (!inside || !external)
        sim_fail("memory is short");
    for (uint64_t cursor = 0; count < stats.mappings && nat_mappings(nat, &cursor, &mapping, 1) > 0;
         count++) {
        inside[count] = mapping.inside;
        external[count] = mapping.external;
    }
    if (count != stats.mappings)
        sim_fail("all mappings are told");
    check_side(inside, count, "an inside endpoint has two mappings");
    check_side(external, count, "an external endpoint stands for two inside ones");
    free(inside);
    free(external);
    return count;
}
