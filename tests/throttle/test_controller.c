/* The controller against simulated senders. Loads are in capacities, times in seconds. */
#include "sim.h"
#include "suite.h"
#include "suites.h"
#include <math.h>

#define SEEDS 20

static struct sim sim;

static bool within(const struct sim_seen *seen, double least, double most)
{
    return seen->least >= least && seen->most <= most;
}

/* In 5 seconds within a tenth of the capacity, a last flow freed perhaps, and then nothing moves for five
 * minutes. */
static void settles(enum sim_kind kind, unsigned count, double load)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        sim_begin(&sim, seed);
        sim_add(&sim, kind, count, load);
        sim_run(&sim, 5);
        struct sim_seen seen = sim_run(&sim, 10);
        CU_ASSERT(within(&seen, 0.9, 1.1) && seen.changes <= 1);
        seen = sim_run(&sim, 300);
        CU_ASSERT(within(&seen, 0.9, 1.1) && seen.changes == 0 && seen.rises == 0 && seen.falls == 0);
    }
}

static void constant_flows(void)
{
    settles(SIM_CONSTANT, 200, 10);
    settles(SIM_CONSTANT, 2000, 1.3);
    settles(SIM_CONSTANT, 1000, 40);
}

/* What is offered falls to what passes, and stays blocked all the same. */
static void flows_that_give_up(void)
{
    settles(SIM_GIVES_UP, 200, 10);
    settles(SIM_GIVES_UP, 2000, 3);
}

static void elastic_flows(void)
{
    settles(SIM_ELASTIC, 200, 10);
    settles(SIM_ELASTIC, 1000, 2);
}

/* 200 senders of random bursts: single looks are off by a quarter. */
static void bursts(void)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        sim_begin(&sim, seed);
        sim_add(&sim, SIM_BURSTY, 200, 10);
        sim_run(&sim, 5);
        struct sim_seen seen = sim_run(&sim, 300);
        CU_ASSERT(fabs(seen.mean - 1) < 0.12);
        CU_ASSERT(seen.changes < 60); /* in five minutes */
    }
}

/* A router that stands still for two looks hands over in the third what came meanwhile: no more passes than
 * before. */
static void a_pause_and_its_backlog(void)
{
    static const double LOADS[] = {0, 0, 3, 1, 1};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        sim_begin(&sim, seed);
        sim_add(&sim, SIM_CONSTANT, 190, 10);
        sim_run(&sim, 15);
        double before = sim.controller.x;
        for (unsigned i = 0; i < sizeof(LOADS) / sizeof(LOADS[0]); i++) {
            struct load load = {.capacity = SIM_CAPACITY,
                                .passed = sim.passed * LOADS[i],
                                .seconds = SIM_STEP_S,
                                .x = sim.controller.x};
            controller_look(&sim.controller, &sim.settings, &load);
        }
        CU_ASSERT(sim.controller.x <= before);
        struct sim_seen seen = sim_run(&sim, 5);
        CU_ASSERT(within(&seen, 0.9, 1.1) && fabs(seen.highest - before) < 0.005);
    }
}

static void below_the_capacity_nothing_is_blocked(void)
{
    static const double LOADS[] = {0, 0.5, 0.94, 1, 1.04};
    for (unsigned i = 0; i < 5; i++) {
        sim_begin(&sim, i);
        sim_add(&sim, SIM_CONSTANT, 500, LOADS[i]);
        struct sim_seen seen = sim_run(&sim, 60);
        CU_ASSERT(seen.highest == 0 && seen.changes == 0);
    }
}

/* Monotone down to the floor in under a minute. */
static void no_load_goes_to_the_floor(void)
{
    for (unsigned floor = 0; floor <= 20; floor += 20) {
        sim_begin(&sim, 3);
        sim.settings.floor = floor / 100.0;
        sim_add(&sim, SIM_CONSTANT, 200, 50);
        sim_run(&sim, 10);
        CU_ASSERT(sim.controller.x > 0.95);
        sim_scale(&sim, 0);
        struct sim_seen seen = sim_run(&sim, 60);
        CU_ASSERT(seen.rises == 0 && sim.controller.x == floor / 100.0);
        seen = sim_run(&sim, 60);
        CU_ASSERT(seen.falls == 0 && seen.lowest == floor / 100.0);
    }
}

/* Where nothing passes proportions say nothing, and yet it must come back: all of it, or to where the load
 * that is still there allows. */
static void from_all_blocked(void)
{
    for (unsigned i = 0; i < 2; i++) {
        sim_begin(&sim, 6);
        sim_add(&sim, SIM_CONSTANT, 1000, i == 0 ? 0.5 : 2);
        sim.controller.x = 1;
        sim_run(&sim, 90);
        struct sim_seen seen = sim_run(&sim, 60);
        CU_ASSERT(i == 0 ? seen.highest == 0 : within(&seen, 0.9, 1.1));
    }
}

/* Failed tries are forgotten once nothing is blocked: a later overload is not made to wait for them. */
static void patience_ends_at_the_floor(void)
{
    sim_begin(&sim, 7);
    sim_add(&sim, SIM_CONSTANT, 1, 2);
    sim_run(&sim, 120);
    CU_ASSERT(sim.controller.patience > 20);
    sim_scale(&sim, 0.1);
    sim_run(&sim, 120);
    CU_ASSERT(sim.controller.x == 0 && sim.controller.patience == 0);
}

/* Half of the load goes away: the rest is let in without overshooting, although it comes back late. */
static void room_is_given_away_slowly(void)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        sim_begin(&sim, seed);
        sim_add(&sim, SIM_GIVES_UP, 2000, 10);
        sim_run(&sim, 30);
        sim_scale(&sim, 0.5);
        struct sim_seen seen = sim_run(&sim, 90);
        CU_ASSERT(seen.most < 1.25);
        seen = sim_run(&sim, 300);
        CU_ASSERT(within(&seen, 0.9, 1.1));
        CU_ASSERT(seen.changes < 100); /* of 2000 */
    }
}

/* Every burst but the first finds most of the share in place. */
static void load_that_comes_and_goes(void)
{
    for (unsigned period = 1; period <= 8; period *= 2) {
        sim_begin(&sim, 5);
        sim_add(&sim, SIM_CONSTANT, 200, 10);
        struct sim_seen first = sim_run(&sim, period);
        CU_ASSERT(first.most > 9);
        for (unsigned i = 0; i < 20; i++) {
            sim_scale(&sim, 1e-9);
            sim_run(&sim, period);
            sim_scale(&sim, 1e9);
            struct sim_seen on = sim_run(&sim, period);
            CU_ASSERT(on.most < 2 + 0.3 * period);
        }
    }
}

/* Each is wider than the band, so the load cannot stay within it; but they must not flicker. Where two stand
 * close together both are blocked most of the time. */
static void large_flows_seldom_change(void)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        for (enum sim_kind kind = SIM_CONSTANT; kind <= SIM_GIVES_UP; kind++) {
            sim_begin(&sim, seed);
            sim_add(&sim, kind, 7, 2);
            sim_run(&sim, 90);
            struct sim_seen seen = sim_run(&sim, 600);
            CU_ASSERT(seen.mean > 0.55 && seen.mean < 1.05);
            CU_ASSERT(seen.changes <= 120); /* of seven flows in ten minutes */
        }
    }
}

/* A single flow of twice the capacity passes for a moment twice a minute. */
static void one_flow_larger_than_all(void)
{
    sim_begin(&sim, 9);
    sim_add(&sim, SIM_CONSTANT, 1, 2);
    sim_run(&sim, 120);
    struct sim_seen seen = sim_run(&sim, 600);
    CU_ASSERT(seen.mean < 0.1 && seen.changes <= 44);
}

static void ceiling_and_floor_hold(void)
{
    sim_begin(&sim, 10);
    sim.settings.floor = 0.1;
    sim.settings.ceiling = 0.6;
    sim.controller.x = 0.1;
    sim_add(&sim, SIM_CONSTANT, 1000, 10);
    struct sim_seen seen = sim_run(&sim, 30);
    CU_ASSERT(seen.lowest >= 0.1 && seen.highest <= 0.6 && sim.controller.x > 0.599);
}

static void any_gain_and_interval_settles(void)
{
    static const double GAINS[] = {0.1, 0.25, 0.5, 0.75, 1};
    for (unsigned i = 0; i < 5; i++) {
        sim_begin(&sim, i);
        sim.settings.gain = GAINS[i];
        sim_add(&sim, SIM_GIVES_UP, 1000, 8);
        sim_run(&sim, 30);
        struct sim_seen seen = sim_run(&sim, 300);
        CU_ASSERT(within(&seen, 0.9, 1.1) && seen.changes == 0);
    }
}

/* Half of the flows, those of the second load, are confirmed. */
static void begin_spared(double others, double confirmed, uint64_t seed)
{
    sim_begin(&sim, seed);
    sim.settings.classes = 2;
    sim_add(&sim, SIM_CONSTANT, 400, others);
    sim_add(&sim, SIM_CONSTANT, 400, confirmed);
    for (unsigned i = 400; i < 800; i++)
        sim.flows[i].confirmed = true;
}

static unsigned confirmed_changes(void)
{
    unsigned changes = 0;
    for (unsigned i = 400; i < 800; i++)
        changes += sim.flows[i].changes;
    return changes;
}

static void sparing_settles(void)
{
    static const double LOADS[][2] = {{5, 0.5}, {10, 0.9}, {5, 2}, {0.5, 5}, {20, 0}, {0, 4}};
    for (unsigned i = 0; i < sizeof(LOADS) / sizeof(LOADS[0]); i++) {
        begin_spared(LOADS[i][0], LOADS[i][1], i + 1);
        sim_run(&sim, 5);
        struct sim_seen seen = sim_run(&sim, 300);
        CU_ASSERT(within(&seen, 0.9, 1.1) && seen.changes == 0);
        CU_ASSERT_EQUAL(sim.controller.x > 1, LOADS[i][1] > 1);
        if (LOADS[i][1] < 1)
            CU_ASSERT_EQUAL(confirmed_changes(), 0);
    }
}

/* Down the same way: the confirmed ones come first, then the others, and nothing is left blocked. */
static void sparing_ends(void)
{
    begin_spared(5, 5, 4);
    sim_run(&sim, 10);
    CU_ASSERT(sim.controller.x > 1.5);
    sim_scale(&sim, 0.01);
    struct sim_seen seen = sim_run(&sim, 90);
    CU_ASSERT(seen.rises == 0 && sim.controller.x == 0);
}

/* With a ceiling the others are never blocked all, so the confirmed ones not at all. */
static void a_ceiling_spares_for_good(void)
{
    begin_spared(5, 5, 5);
    sim.settings.ceiling = 0.9;
    sim_run(&sim, 60);
    CU_ASSERT(sim.controller.x > 0.899 && confirmed_changes() == 0);
}

/* The other direction's controller blocks most: this one falls to what its own load needs, and no further. */
static void the_other_direction_in_force(void)
{
    struct controller_settings settings = {.gain = 0.5, .hysteresis = 0.05, .ceiling = 1};
    struct controller c = {.x = 0};
    struct load load = {.capacity = 1e6, .passed = 0.5e6, .seconds = 0.2, .x = 0.9};
    for (unsigned i = 0; i < 1000; i++)
        controller_look(&c, &settings, &load);
    CU_ASSERT_DOUBLE_EQUAL(c.x, 0.8, 0.01);
    load.passed = 1.2e6;
    controller_look(&c, &settings, &load);
    CU_ASSERT(c.x > 0.8);
}

void suite_controller(void)
{
    static const struct test TESTS[] = {
        {"P2: constant flows at up to 40 times the capacity settle in 5 s", constant_flows},
        {"P2: flows that give up and come back settle in 5 s", flows_that_give_up},
        {"P2: elastic flows settle in 5 s", elastic_flows},
        {"P2: bursts move little", bursts},
        {"P2: a pause and its backlog raise nothing", a_pause_and_its_backlog},
        {"P2: below the capacity nothing is blocked", below_the_capacity_nothing_is_blocked},
        {"P2: without load the share goes down to the floor", no_load_goes_to_the_floor},
        {"P2: the share comes back from 100 %", from_all_blocked},
        {"P2: waiting ends at the floor", patience_ends_at_the_floor},
        {"P2: room is given away without overshooting", room_is_given_away_slowly},
        {"P2: load that comes and goes", load_that_comes_and_goes},
        {"P1, P2: flows wider than the band seldom change", large_flows_seldom_change},
        {"P2: one flow larger than the capacity", one_flow_larger_than_all},
        {"P2: ceiling and floor hold", ceiling_and_floor_hold},
        {"P2: any gain settles", any_gain_and_interval_settles},
        {"P3: with sparing it settles too, and spares while it can", sparing_settles},
        {"P3: sparing ends in the same order", sparing_ends},
        {"P3: below a ceiling confirmed flows are never blocked", a_ceiling_spares_for_good},
        {"P2: a direction finds its own share under the other's", the_other_direction_in_force},
    };
    TEST_SUITE("controller", TESTS);
}
