#include "shapes.h"
#include "link.h"
#include "random.h"
#include "traffic.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEP_S (TRAFFIC_STEP_MS / 1000.0)
#define ALL_S (SHAPE_LOAD_S + SHAPE_REST_S)
#define TENTH 0.1

/* ---- the shapes ---- */

#define THIN .count = 500, .load = 0.3, .bytes = 120, .innocent = true

static const struct entry {
    const char *name;
    struct shape_bounds bounds;
    struct traffic traffic;
} ENTRIES[SHAPES] = {
    {"500 thin flows, 0.9",
     {0.1, 0, 0, 0, 0},
     {.groups = {{.count = 500, .load = 0.9, .bytes = 120, .innocent = true}}}},
    {"500 thin flows, 2", {0.1, 1, 1, 10, 60}, {.groups = {{.count = 500, .load = 2, .bytes = 120}}}},
    {"2,000 thin flows, 5", {0.1, 1, 1, 10, 60}, {.groups = {{.count = 2000, .load = 5, .bytes = 500}}}},
    {"3 fat flows of 1 each", {0, 1, 1, 60, 60}, {.groups = {{.count = 3, .load = 3, .bytes = 1200}}}},
    {"3 fat of 1 each, 500 thin",
     {0, 0, 0.02, 60, 60},
     {.groups = {{THIN}, {.count = 3, .load = 3, .bytes = 1200}}}},
    {"20 fat of 0.1 each, 500 thin",
     {0.1, 0, 0.02, 10, 60},
     {.groups = {{THIN}, {.count = 20, .load = 2, .bytes = 1200}}}},
    {"20 confirmed fat, 2; DNS, NTP and calls",
     {0.1, 0, 0.02, 10, 60},
     {.groups = {{.count = 50, .load = 0.02, .bytes = 80, .innocent = true, .new_ports = true},
                 {.count = 4, .load = 0.04, .bytes = 200, .innocent = true},
                 {.count = 20, .load = 2, .bytes = 1200, .confirmed = true}}}},
    {"200 flows, 2, all confirmed",
     {0.1, 1, 1, 15, 60},
     {.groups = {{.count = 200, .load = 2, .bytes = 1200, .confirmed = true}}}},
    {"100 confirmed, 0.5; 200 others, 4",
     {0.1, 0.02, 0.05, 10, 60},
     {.groups = {{.count = 100, .load = 0.5, .bytes = 600, .confirmed = true, .innocent = true},
                 {.count = 200, .load = 4, .bytes = 1200}}}},
    {"one host, 100 flows, 3; 500 thin",
     {0.1, 0.01, 0.02, 10, 60},
     {.groups = {{THIN}, {.count = 100, .load = 3, .bytes = 1200, .one_host = true}}}},
    {"one flow of 2", {0, 1, 1, 60, 60}, {.groups = {{.count = 1, .load = 2, .bytes = 1200}}}},
    {"one flow of 2, 500 thin",
     {0, 0, 0.02, 60, 60},
     {.groups = {{THIN}, {.count = 1, .load = 2, .bytes = 1200}}}},
    {"200 flows in random bursts, 2",
     {0.1, 1, 1, 15, 60},
     {.groups = {{.count = 200, .load = 2, .bytes = 600, .bursts = true}}}},
    {"50 flows on and off every 200 ms, 500 thin",
     {0.1, 0, 0.02, 15, 60},
     {.groups = {{THIN}, {.count = 50, .load = 6, .bytes = 1200, .on_ms = 200, .off_ms = 200}}}},
    {"50 flows on and off every 2 s, 500 thin",
     {0, 0, 0.02, 60, 60},
     {.groups = {{THIN}, {.count = 50, .load = 6, .bytes = 1200, .on_ms = 2000, .off_ms = 2000}}}},
    {"50 flows on and off every 10 s, 500 thin",
     {0, 0, 0.02, 60, 60},
     {.groups = {{THIN}, {.count = 50, .load = 3, .bytes = 1200, .on_ms = 10000, .off_ms = 10000}}}},
    {"1,000 flows that give up and come back, 3",
     {0.1, 1, 1, 20, 60},
     {.groups = {{.count = 1000, .load = 3, .bytes = 600, .gives_up = true}}}},
    {"200 elastic flows, 5, 500 thin",
     {0.15, 0, 0.02, 60, 60},
     {.groups = {{THIN}, {.count = 200, .load = 5, .bytes = 1200, .elastic = true}}}},
    {"20 fat, 2; a new flow for each of 400 packets/s",
     {0.1, 0, 0.02, 10, 60},
     {.groups = {{.count = 40, .load = 0.04, .bytes = 100, .innocent = true, .new_ports = true},
                 {.count = 20, .load = 2, .bytes = 1200}}}},
    {"both directions over, 500 thin",
     {0.1, 0, 0.02, 10, 60},
     {.groups = {{THIN},
                 {.count = 40, .load = 2, .bytes = 1200},
                 {.count = 40, .load = 2, .bytes = 1200, .incoming = true}},
      .both = true}},
    {"two interfaces, the other one over",
     {0.1, 0, 0, 0, 60},
     {.groups = {{.count = 200, .load = 0.9, .bytes = 600, .innocent = true},
                 {.count = 200, .load = 4, .bytes = 1200, .elsewhere = true}},
      .two = true}},
    {"0.9 by 40 fat and 500 thin, the capacity is halved for 20 s",
     {0, 0, 0.02, 60, 60},
     {.groups = {{THIN}, {.count = 40, .load = 0.6, .bytes = 600}}, .capacity_half_at = {20, 40}}},
    {"0.9 by 500 thin, stalls of 8 s",
     {0, 0, 0, 60, 60},
     {.groups = {{.count = 500, .load = 0.9, .bytes = 120, .innocent = true}},
      .stall_at_s = 20,
      .stall_ms = 8000,
      .every_s = 12}},
    {"20 fat, 2, 500 thin, stalls of 3 s",
     {0, 0, 0.02, 60, 60},
     {.groups = {{THIN}, {.count = 20, .load = 2, .bytes = 1200}},
      .stall_at_s = 20,
      .stall_ms = 3000,
      .every_s = 10}},
};

const char *shape_name(unsigned shape)
{
    return ENTRIES[shape].name;
}

struct shape_bounds shape_bounds(unsigned shape)
{
    return ENTRIES[shape].bounds;
}

/* ---- senders ---- */

static struct run {
    const struct traffic *traffic;
    struct throttle *throttle;
    struct sender senders[TRAFFIC_FLOWS_MAX];
    unsigned count, ports;
    uint64_t random;
    unsigned ms;
    double passed[ALL_S], offered[ALL_S], innocent[ALL_S]; /* by second; the last: share that was blocked */
    bool blocking[ALL_S];
    uint64_t flow_seconds, half, packets;
} run;

static double unit(void)
{
    return test_random(&run.random) / 2147483648.0;
}

/* The same address for all of one host. */
static void new_key(struct sender *sender)
{
    struct qw_tuple tuple = link_tuple((uint32_t)(run.random >> 1) + run.ports++ * 2 + 1);
    if (sender->group->one_host)
        memset(&tuple.src.addr, 7, sizeof tuple.src.addr);
    flow_key_of(&tuple, &sender->key);
    sender->hash = flow_hash(LINK_KEY, &sender->key);
}

static void make_senders(void)
{
    for (unsigned g = 0; g < TRAFFIC_GROUPS_MAX; g++)
        for (unsigned i = 0; i < run.traffic->groups[g].count; i++) {
            struct sender *sender = &run.senders[run.count++];
            *sender = (struct sender){.group = &run.traffic->groups[g], .factor = 1, .owed = unit()};
            new_key(sender);
        }
}

static double factor(struct sender *sender, double now)
{
    const struct group *group = sender->group;
    if (!group->innocent && now >= SHAPE_LOAD_S)
        return 0;
    if (group->on_ms && run.ms % (group->on_ms + group->off_ms) >= group->on_ms)
        return 0;
    if (group->gives_up && now < sender->silent_until)
        return 0;
    if (group->bursts && run.ms % 200 == 0)
        sender->factor = 2 * unit();
    if (group->elastic && run.ms % 200 == 0)
        sender->factor = sender->blocked ? 0.02 : fmin(2 * sender->factor, 1);
    return sender->factor;
}

static void react(struct sender *sender, double now)
{
    if (!sender->blocked || now < sender->silent_until)
        sender->blocked_since = now;
    else if (now - sender->blocked_since >= 1)
        sender->silent_until = now + 1 + 9 * unit();
}

static void send_one(struct sender *sender)
{
    const struct group *group = sender->group;
    enum throttle_direction direction = group->incoming ? THROTTLE_IN : THROTTLE_OUT;
    int interface = throttle_find(run.throttle, group->elsewhere ? "wan1" : "wan0");
    if (group->new_ports)
        new_key(sender);
    const struct throttle_flow flow = {&sender->key, sender->hash, group->confirmed};
    bool blocked = interface >= 0 && throttle_active(run.throttle, interface) &&
                   throttle_blocks(run.throttle, interface, direction, &flow, group->bytes);
    if (interface >= 0)
        throttle_count(run.throttle, interface, direction, sender->hash, group->bytes,
                       blocked ? THROTTLE_BLOCKED : THROTTLE_PASSED);
    sender->turns += sender->blocked != blocked;
    sender->blocked = blocked;
    sender->passed += !blocked;
    sender->lost += blocked;
    run.packets++;
    if (!group->elsewhere && !group->incoming) {
        run.offered[run.ms / 1000] += group->bytes * 8 / TRAFFIC_CAPACITY;
        run.passed[run.ms / 1000] += blocked ? 0 : group->bytes * 8 / TRAFFIC_CAPACITY;
    }
}

/* Nobody is at work: what comes waits. */
static bool stalled(void)
{
    const struct traffic *t = run.traffic;
    unsigned at = t->stall_at_s * 1000;
    if (t->stall_ms == 0 || run.ms < at)
        return false;
    unsigned since = run.ms - at, period = t->every_s * 1000;
    return (period ? since % period : since) < t->stall_ms && run.ms < SHAPE_LOAD_S * 1000;
}

/* Packets of all senders mix as they would on a link, also those that waited. */
static void send_all(double now)
{
    bool more = true, waits = stalled();
    for (unsigned i = 0; i < run.count; i++) {
        struct sender *sender = &run.senders[i];
        double rate =
            sender->group->load * TRAFFIC_CAPACITY / 8 / sender->group->bytes / sender->group->count;
        sender->owed += rate * STEP_S * factor(sender, now);
    }
    for (more = !waits; more;) {
        more = false;
        for (unsigned i = 0; i < run.count; i++)
            if (run.senders[i].owed >= 1) {
                run.senders[i].owed--;
                send_one(&run.senders[i]);
                more = true;
            }
    }
    for (unsigned i = 0; i < run.count; i++)
        react(&run.senders[i], now);
}

/* ---- the clock ---- */

static void end_second(unsigned second)
{
    unsigned sent = 0, hurt = 0;
    for (unsigned i = 0; i < run.count; i++) {
        struct sender *s = &run.senders[i];
        run.flow_seconds += s->passed + s->lost > 0;
        run.half += !s->group->new_ports && s->turns > 1;
        if (s->group->innocent) {
            sent += s->passed + s->lost > 0;
            hurt += s->lost > 0;
        }
        s->passed = s->lost = s->turns = 0;
    }
    run.innocent[second] = sent ? (double)hurt / sent : 0;
    run.blocking[second] = throttle_active(run.throttle, 0);
}

static struct throttle_options options_at(double now, bool small, struct throttle_limit limits[static 2])
{
    struct throttle_options options = link_options();
    const double *half = run.traffic->capacity_half_at;
    double capacity = now >= half[0] && now < half[1] ? TRAFFIC_CAPACITY / 2 : TRAFFIC_CAPACITY;
    limits[0] = (struct throttle_limit){"wan0", THROTTLE_OUT, (uint64_t)capacity};
    limits[1] = (struct throttle_limit){"wan0", THROTTLE_IN, (uint64_t)capacity};
    if (run.traffic->two)
        limits[1] = (struct throttle_limit){"wan1", THROTTLE_OUT, (uint64_t)capacity};
    options.limits = limits;
    options.limit_count = run.traffic->two || run.traffic->both ? 2 : 1;
    options.spare_confirmed = true;
    options.spare_small = small;
    return options;
}

static void go(bool small)
{
    struct throttle_limit limits[2];
    for (run.ms = 0; run.ms < ALL_S * 1000; run.ms += TRAFFIC_STEP_MS) {
        double now = run.ms / 1000.0;
        struct throttle_options options = options_at(now, small, limits);
        if (run.ms % 1000 == 0)
            link_change(run.throttle, &options);
        if (!stalled())
            throttle_tick(run.throttle, (struct qw_time){run.ms * QW_NS_PER_MS});
        send_all(now);
        if ((run.ms + TRAFFIC_STEP_MS) % 1000 == 0)
            end_second(run.ms / 1000);
    }
}

/* ---- what is said of it ---- */

static int by_size(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static double mean(const double *values, unsigned from, unsigned to)
{
    double sum = 0;
    for (unsigned i = from; i < to; i++)
        sum += values[i] / (to - from);
    return sum;
}

/* The second from which on it stayed so. */
static double settled(void)
{
    for (unsigned s = SHAPE_LOAD_S - 1; s > 0; s--) {
        double passed = mean(run.passed, s - 1, s + 1), most = fmin(mean(run.offered, s - 1, s + 1), 1);
        if (passed > 1 + TENTH || passed < most * (1 - TENTH))
            return s + 1 < SHAPE_LOAD_S ? s + 1.0 : -1;
    }
    return 0;
}

static double given_back(void)
{
    for (unsigned s = ALL_S; s > SHAPE_LOAD_S; s--)
        if (run.blocking[s - 1])
            return s < ALL_S ? s - (double)SHAPE_LOAD_S : -1;
    return 0;
}

static struct shape_result result(void)
{
    struct shape_result r = {.offered = mean(run.offered, SHAPE_SETTLED_S, SHAPE_LOAD_S),
                             .passed = mean(run.passed, SHAPE_SETTLED_S, SHAPE_LOAD_S),
                             .least = INFINITY,
                             .half = run.flow_seconds ? (double)run.half / (double)run.flow_seconds : 0,
                             .settle_s = settled(),
                             .back_s = given_back(),
                             .packets = run.packets};
    for (unsigned s = SHAPE_SETTLED_S; s + 2 <= SHAPE_LOAD_S; s++) {
        r.least = fmin(r.least, mean(run.passed, s, s + 2));
        r.most = fmax(r.most, mean(run.passed, s, s + 2));
    }
    double sorted[ALL_S - 2];
    memcpy(sorted, run.innocent + 2, sizeof sorted);
    qsort(sorted, ALL_S - 2, sizeof *sorted, by_size);
    r.blocked_worst = sorted[ALL_S - 3];
    memcpy(sorted, run.innocent + 2, sizeof sorted);
    qsort(sorted, SHAPE_LOAD_S - 2, sizeof *sorted, by_size);
    r.blocked_median = sorted[(SHAPE_LOAD_S - 2) / 2];
    return r;
}

struct shape_result shape_run(unsigned shape, uint64_t seed, bool small)
{
    struct throttle_limit limits[2];
    memset(&run, 0, sizeof run);
    run.traffic = &ENTRIES[shape].traffic;
    run.random = seed * 1000003;
    make_senders();
    struct throttle_options options = options_at(0, small, limits);
    run.throttle = throttle_new(&options);
    if (!run.throttle)
        abort();
    go(small);
    throttle_free(run.throttle);
    return result();
}
