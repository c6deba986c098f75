#include "sim.h"
#include "random.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double random_unit(struct sim *sim)
{
    return test_random(&sim->random) / 2147483648.0;
}

void sim_begin(struct sim *sim, uint64_t seed)
{
    memset(sim, 0, sizeof(*sim));
    sim->settings = (struct controller_settings){.gain = 0.5, .hysteresis = 0.05, .ceiling = 1};
    sim->random = seed;
}

void sim_add(struct sim *sim, enum sim_kind kind, unsigned count, double load)
{
    for (unsigned i = 0; i < count; i++) {
        if (sim->count == SIM_FLOWS_MAX)
            abort();
        sim->flows[sim->count++] = (struct sim_flow){
            .kind = kind, .place = random_unit(sim), .rate = load * SIM_CAPACITY / count, .share = 0.02};
    }
}

void sim_scale(struct sim *sim, double factor)
{
    for (unsigned i = 0; i < sim->count; i++)
        sim->flows[i].rate *= factor;
}

static double sends(struct sim *sim, struct sim_flow *flow)
{
    switch (flow->kind) {
    case SIM_GIVES_UP:
        return sim->now < flow->silent_until ? 0 : flow->rate;
    case SIM_ELASTIC:
        return flow->rate * flow->share;
    case SIM_BURSTY:
        return flow->rate * 2 * random_unit(sim);
    default:
        return flow->rate;
    }
}

/* How the sender takes what became of its packets. */
static void react(struct sim *sim, struct sim_flow *flow)
{
    flow->share = flow->blocked ? 0.02 : fmin(2 * flow->share, 1);
    if (!flow->blocked || sim->now < flow->silent_until)
        flow->blocked_since = sim->now;
    else if (sim->now - flow->blocked_since >= 1)
        flow->silent_until = sim->now + 1 + 9 * random_unit(sim);
}

static void send_all(struct sim *sim, struct sim_seen *seen)
{
    double x = sim->controller.x, others = fmin(x, 1),
           confirmed = sim->settings.classes > 1 ? fmax(x - 1, 0) : others;
    sim->passed = 0;
    for (unsigned i = 0; i < sim->count; i++) {
        struct sim_flow *flow = &sim->flows[i];
        bool blocked = flow->place < (flow->confirmed ? confirmed : others);
        double load = sends(sim, flow);
        seen->changes += blocked != flow->blocked;
        flow->changes += blocked != flow->blocked;
        flow->blocked = blocked;
        sim->passed += blocked ? 0 : load;
        react(sim, flow);
    }
}

static void note(struct sim_seen *seen, double passed, double before, double x)
{
    seen->least = fmin(seen->least, passed);
    seen->most = fmax(seen->most, passed);
    seen->lowest = fmin(seen->lowest, x);
    seen->highest = fmax(seen->highest, x);
    seen->rises += x > before;
    seen->falls += x < before;
}

struct sim_seen sim_run(struct sim *sim, double seconds)
{
    struct sim_seen seen = {.least = INFINITY, .lowest = INFINITY};
    unsigned steps = (unsigned)lround(seconds / SIM_STEP_S);
    for (unsigned i = 0; i < steps; i++) {
        double before = sim->controller.x;
        send_all(sim, &seen);
        struct load load = {
            .capacity = SIM_CAPACITY, .passed = sim->passed, .seconds = SIM_STEP_S, .x = before};
        controller_look(&sim->controller, &sim->settings, &load);
        note(&seen, sim->passed / SIM_CAPACITY, before, sim->controller.x);
        seen.mean += sim->passed / SIM_CAPACITY / steps;
        sim->now += SIM_STEP_S;
    }
    return seen;
}
