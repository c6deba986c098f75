/* sim_cluster [small|full]: the table of docs/cluster.md, "Sixteen routers". `small` has a hundredth of the
 * hosts and checks what must be so of any number; it takes seconds. */
#include "sim.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define RECORD 64u       /* bytes of a flow in the store */
#define TABLE (1u << 20) /* flows.max of a router of the full world */

static const struct sim_world FULL = {.routers = 16,
                                      .addresses = 16,
                                      .hosts = 1000000,
                                      .mappings = 10e6,
                                      .active_s = 300,
                                      .timer_s = 300,
                                      .busiest = 100,
                                      .warm_up_s = 1500,
                                      .seed = 1};
static const struct sim_world SMALL = {.routers = 16,
                                       .addresses = 1,
                                       .hosts = 10000,
                                       .mappings = 100e3,
                                       .active_s = 300,
                                       .timer_s = 300,
                                       .busiest = 100,
                                       .warm_up_s = 1500,
                                       .seed = 1};

static const uint64_t UNSENT_NS[] = {15 * QW_NS_PER_MS, QW_NS_PER_SECOND};
#define UNSENT (sizeof UNSENT_NS / sizeof UNSENT_NS[0])

struct outcome {
    double load[SIM_ROUTERS_MAX], most, least, all, begun, active;
    uint32_t busiest_address, least_busy_address;
    uint64_t refused;
    struct sim_lost lost[UNSENT];
};

/* ---- one router after the other ---- */

static void add_load(struct outcome *outcome, unsigned number, const struct sim_load *load)
{
    double mappings = load->mappings;
    outcome->load[number] = mappings;
    outcome->all += mappings;
    outcome->begun += load->begun_a_second;
    outcome->active += load->active * mappings;
    outcome->refused += load->refused;
    outcome->most = number == 0 ? mappings : fmax(outcome->most, mappings);
    outcome->least = number == 0 ? mappings : fmin(outcome->least, mappings);
    if (number == 0 || load->busiest_address > outcome->busiest_address)
        outcome->busiest_address = load->busiest_address;
    if (number == 0 || load->least_busy_address < outcome->least_busy_address)
        outcome->least_busy_address = load->least_busy_address;
}

static struct outcome simulate(const struct sim_world *world)
{
    struct outcome outcome = {.all = 0};
    double total = 0;
    for (uint32_t host = 0; host < world->hosts; host++)
        total += sim_busyness(world, host);
    for (unsigned number = 0; number < world->routers; number++) {
        struct sim_router router;
        sim_router_begin(&router, world, number, total);
        sim_router_run(&router, world->warm_up_s * QW_NS_PER_SECOND);
        struct sim_load load = sim_router_load(&router);
        if (sim_check(router.nat) != load.mappings)
            sim_fail("mappings are counted right");
        add_load(&outcome, number, &load);
        for (unsigned i = 0; i < UNSENT; i++)
            sim_die(&router, UNSENT_NS[i], &outcome.lost[i]);
        sim_router_end(&router);
    }
    return outcome;
}

/* ---- the table ---- */

/* A mapping is written when both sides spoke, when its class rises, and when it ends; in use each `refresh_s`
 * besides. */
static double writes(const struct sim_world *world, const struct outcome *outcome, double refresh_s)
{
    return (3 * outcome->begun + outcome->active / refresh_s) / world->routers;
}

static void row(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void row(const char *what, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    printf("| %s | ", what);
    vprintf(format, values);
    printf(" |\n");
    va_end(values);
}

static void show_load(const struct sim_world *world, const struct outcome *outcome)
{
    unsigned addresses = world->routers * world->addresses;
    row("mappings, all routers", "%.2f million of %u hosts", outcome->all / 1e6, world->hosts);
    row("mappings of a router", "%.0f to %.0f", outcome->least, outcome->most);
    row("mappings of an address", "%u to %u; %.0f %% of its ports on the average, %.0f %% at most",
        outcome->least_busy_address, outcome->busiest_address, 100 * outcome->all / addresses / 64512,
        100.0 * outcome->busiest_address / 64512);
    row("mappings that were refused", "%llu", (unsigned long long)outcome->refused);
    row("writes a second of a router, `cluster.refresh` 30 s", "%.0f", writes(world, outcome, 30));
    row("writes a second of a router, `cluster.refresh` 150 s", "%.0f", writes(world, outcome, 150));
}

static void show_moved(const struct sim_world *world, const struct outcome *outcome)
{
    for (unsigned dead = 1; dead <= 2; dead++)
        for (int dealt_out = 0; dealt_out < 2; dealt_out++) {
            struct sim_moved moved = sim_moved(world, outcome->load, dead, dealt_out);
            char what[128];
            snprintf(what, sizeof what, "%s, %s", dead == 1 ? "one router dies" : "two neighbours die",
                     dealt_out ? "each address has another router behind its own"
                               : "the next router is behind all addresses of one");
            row(what,
                "%.1f %% of all mappings move; the busiest router has %.2f times what it had, and %u "
                "addresses",
                100 * moved.share, moved.most / moved.most_before, moved.addresses);
        }
}

static void show_lost(const struct sim_world *world, const struct outcome *outcome)
{
    for (unsigned i = 0; i < UNSENT; i++) {
        const struct sim_lost *lost = &outcome->lost[i];
        double each = (double)lost->lost / world->routers;
        char what[96];
        snprintf(what, sizeof what, "a router dies with %.0f ms unsent", (double)UNSENT_NS[i] / 1e6);
        row(what,
            "%.0f mappings (%.4f %%) are not in the copy; %.0f %% of them come back by the port sequence, "
            "%.2f %% of them find "
            "theirs taken by somebody else",
            each, 100 * each * world->routers / outcome->all,
            100 * (double)lost->came_back / (double)lost->lost,
            100 * (double)lost->taken / (double)lost->lost);
    }
}

static void show_memory(const struct sim_world *world)
{
    double store = (double)TABLE * RECORD / 1048576;
    row("a router's own store, `flows.max` 1,048,576", "%.0f MiB", store);
    row("copies on a router that is behind one other, or two",
        "%.0f or %.0f MiB in Redis, as much in quicward", store, 2 * store);
    row("copies on a router that is behind all others", "%.0f MiB in Redis, as much in quicward",
        (world->routers - 1) * store);
}

static void show(const struct sim_world *world, const struct outcome *outcome)
{
    printf("| what | outcome |\n|---|---|\n");
    show_load(world, outcome);
    show_moved(world, outcome);
    show_lost(world, outcome);
    show_memory(world);
}

/* ---- what must be so ---- */

static void check(bool holds, const char *what)
{
    if (!holds)
        sim_fail(what);
}

static void check_outcome(const struct sim_world *world, const struct outcome *outcome)
{
    double mean = outcome->all / world->routers;
    check(fabs(outcome->all / world->mappings - 1) < 0.1, "as many mappings live as are meant to");
    check(outcome->most < 1.5 * mean && outcome->least > mean / 2,
          "routers have about as many mappings each");
    check(outcome->refused == 0, "nothing is refused");
    for (unsigned i = 0; i < UNSENT; i++) {
        const struct sim_lost *lost = &outcome->lost[i];
        check((double)(lost->restored + lost->lost) == outcome->all, "what is not lost is restored");
        check(lost->came_back <= lost->lost, "no more come back than were lost");
    }
    check(outcome->lost[0].lost < outcome->lost[1].lost, "the less is unsent the less is lost");
    check(outcome->lost[1].came_back > outcome->lost[1].lost / 2,
          "at a tenth of the load most come back by the port sequence");
    for (unsigned dead = 1; dead <= 2; dead++) {
        struct sim_moved next = sim_moved(world, outcome->load, dead, false),
                         dealt = sim_moved(world, outcome->load, dead, true);
        check(fabs(next.share - dealt.share) < 1e-9 && fabs(next.share * world->routers / dead - 1) < 0.5,
              "what dies moves, whoever takes it");
        check(dealt.most <= next.most, "it is borne by many");
    }
}

int main(int argc, char **argv)
{
    bool small = argc > 1 && strcmp(argv[1], "small") == 0;
    if (argc != 2 || (!small && strcmp(argv[1], "full") != 0))
        sim_fail("usage: sim_cluster small|full");
    const struct sim_world *world = small ? &SMALL : &FULL;
    struct outcome outcome = simulate(world);
    show(world, &outcome);
    if (small)
        check_outcome(world, &outcome);
    return 0;
}
