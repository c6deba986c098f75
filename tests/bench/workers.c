#include "workers.h"
#include "known.h"
#include "measure.h"
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

/* Who works at once, and on what. */
enum team {
    TEAM_ONE,   /* one worker, all flows */
    TEAM_OWN,   /* each worker half of the flows, as the kernel's balance by addresses deals them out */
    TEAM_WAYS,  /* one gets what comes from inside, one what comes from outside: every flow is of both */
    TEAM_APART, /* as TEAM_OWN, each in an engine of its own: what the machine allows */
    TEAMS
};

struct member {
    struct known known;
    unsigned core;
    pthread_barrier_t *start;
    double ns; /* a packet */
};

/* Two that share an engine, and two that do not: on another page each, so that none writes beside another. */
static _Alignas(4096) struct member together[2], apart[2];

static bool read_topology(unsigned core, const char *name, unsigned *value)
{
    char path[96];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/topology/%s", core, name);
    FILE *file = fopen(path, "r");
    bool got = file && fscanf(file, "%u", value) == 1;
    if (file)
        fclose(file);
    return got;
}

/* Two threads of one core share what a packet needs of it. */
static bool share_a_core(unsigned a, unsigned b)
{
    unsigned core[2] = {a, b}, package[2] = {0, 0};
    return read_topology(a, "core_id", &core[0]) && read_topology(b, "core_id", &core[1]) &&
           read_topology(a, "physical_package_id", &package[0]) &&
           read_topology(b, "physical_package_id", &package[1]) && core[0] == core[1] &&
           package[0] == package[1];
}

/* Two processors that this process may use, of different cores where there are such. False: there is one. */
static bool find_cores(unsigned cores[static 2])
{
    cpu_set_t set;
    unsigned found = 0;
    bench_require(sched_getaffinity(0, sizeof set, &set) == 0, "sched_getaffinity");
    for (unsigned i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, &set))
            continue;
        if (found < 2)
            cores[found++] = i;
        else if (share_a_core(cores[0], cores[1]))
            cores[1] = i;
    }
    return found == 2;
}

static void *run_member(void *argument)
{
    struct member *member = argument;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(member->core, &set);
    bench_require(pthread_setaffinity_np(pthread_self(), sizeof set, &set) == 0, "a core to run on");
    pthread_barrier_wait(member->start);
    member->ns = known_round(&member->known);
    return NULL;
}

/* Millions of packets a second of all `count` together, by the slower one's time. */
static double run_team(struct member *members, unsigned count)
{
    pthread_t threads[2];
    pthread_barrier_t start;
    double slowest = 0;
    pthread_barrier_init(&start, NULL, count);
    for (unsigned i = 0; i < count; i++) {
        members[i].start = &start;
        bench_require(pthread_create(&threads[i], NULL, run_member, &members[i]) == 0, "a thread");
    }
    for (unsigned i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        slowest = members[i].ns > slowest ? members[i].ns : slowest;
    }
    pthread_barrier_destroy(&start);
    return count * 1000 / slowest;
}

/* Workers of one engine have one clock, also after a round in which only one of them worked. */
static void set_clocks(void)
{
    struct qw_time *a = &together[0].known.now, *b = &together[1].known.now;
    *a = *b = a->ns > b->ns ? *a : *b;
}

static double measure(enum team team, uint32_t flows)
{
    struct known *a = &together[0].known, *b = &together[1].known;
    bool halves = team == TEAM_OWN;
    set_clocks();
    known_take(a, 0, halves ? flows / 2 : flows, team == TEAM_WAYS ? KNOWN_UP : KNOWN_BOTH);
    known_take(b, halves ? flows / 2 : 0, halves ? flows / 2 : flows,
               team == TEAM_WAYS ? KNOWN_DOWN : KNOWN_BOTH);
    return run_team(team == TEAM_APART ? apart : together, team == TEAM_ONE ? 1 : 2);
}

/* Teams take turns, after one to warm up, so that what else the machine does meets all alike. */
static void measure_all(uint32_t flows, double middle[static TEAMS])
{
    double mpps[TEAMS][ROUNDS];
    for (int round = -1; round < ROUNDS; round++)
        for (enum team team = 0; team < TEAMS; team++)
            mpps[team][round < 0 ? 0 : round] = measure(team, flows);
    for (enum team team = 0; team < TEAMS; team++)
        middle[team] = bench_median(mpps[team]);
}

static void prepare(uint32_t flows, uint32_t flows_max, const unsigned cores[static 2])
{
    struct engine *shared = known_engine(flows_max);
    for (unsigned i = 0; i < 2; i++) {
        together[i].core = apart[i].core = cores[i];
        known_start(&together[i].known, shared);
        known_start(&apart[i].known, known_engine(flows_max / 2));
        known_take(&apart[i].known, i * (flows / 2), flows / 2, KNOWN_BOTH);
        known_fill(&apart[i].known);
    }
    known_take(&together[0].known, 0, flows, KNOWN_BOTH);
    known_fill(&together[0].known);
}

static void finish(void)
{
    for (unsigned i = 0; i < 2; i++) {
        known_stop(&together[i].known);
        known_stop(&apart[i].known);
        engine_free(apart[i].known.engine);
    }
    engine_free(together[0].known.engine);
}

static void show(uint32_t flows, const double mpps[static TEAMS])
{
    static const char *const NAMES[TEAMS] = {[TEAM_ONE] = "one worker",
                                             [TEAM_OWN] = "two workers, flows of their own",
                                             [TEAM_WAYS] = "two workers, a direction each",
                                             [TEAM_APART] = "two engines, nothing shared"};
    for (enum team team = 0; team < TEAMS; team++) {
        char what[80], measured[64];
        snprintf(what, sizeof what, "workers: %u flows, %s", flows, NAMES[team]);
        snprintf(measured, sizeof measured, "%.2f Mpps in all", mpps[team]);
        bench_ratio(what, measured, "one worker", mpps[team] / mpps[TEAM_ONE], 0);
    }
}

void workers_show(uint32_t flows, uint32_t flows_max)
{
    double mpps[TEAMS];
    unsigned cores[2];
    if (!find_cores(cores)) {
        bench_row("workers: two at once", "left out: this process has one core");
        return;
    }
    prepare(flows, flows_max, cores);
    measure_all(flows, mpps);
    show(flows, mpps);
    finish();
}
