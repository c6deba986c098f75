/* Records of an earlier process: single ones, and whole regions, copied at any moment, torn, or left by a
 * process that was killed. */
#include "flows.h"
#include "random.h"
#include "suite.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW (1000 * SECOND)

/* ---- single records ---- */

static struct flow sample(uint32_t n)
{
    struct flow record;
    memset(&record, 0xa5, sizeof record); /* what is private is not looked at */
    record.id = 100 + n;
    memset(&record.key, 0, sizeof record.key);
    record.key = key(n);
    record.state = FLOW_CONFIRMED;
    record.class = FLOW_KNOWN;
    record.flags = FLOW_INSIDE_HI | FLOW_CLIENT_SEEN | FLOW_HOLDS_MAPPING;
    record.version = 1;
    record.rule = 7;
    record.last_seen_ns = NOW - SECOND;
    record.external = 0x401234;
    for (int side = 0; side < 2; side++) {
        record.packets[side] = 10;
        record.bytes[side] = 1000;
        record.ce[side] = 1;
    }
    return record;
}

static enum flow_adopted adopt(struct flow_table *t, const struct flow *record)
{
    return flow_adopt(t, record, (struct qw_time){NOW}, NULL);
}

static void a_record_goes_on(void)
{
    struct flow_table *t = table(4, NULL, NULL);
    struct flow record = sample(1), *flow;
    record.flags |= FLOW_QUIC;
    record.marks = UINT8_MAX;
    CU_ASSERT_EQUAL_FATAL(flow_adopt(t, &record, (struct qw_time){NOW}, &flow), FLOW_ADOPTED);
    CU_ASSERT_EQUAL(flow->marks, FLOW_INHERITED | FLOW_CAME_ON);
    CU_ASSERT_PTR_EQUAL(find(t, 1, NOW), flow);
    CU_ASSERT_EQUAL(flow->id, 101);
    CU_ASSERT_EQUAL(flow->state, FLOW_CONFIRMED);
    CU_ASSERT_EQUAL(flow->flags, record.flags);
    CU_ASSERT_EQUAL(flow->rule, 7);
    CU_ASSERT_EQUAL(flow->external, record.external);
    CU_ASSERT_EQUAL(flow->packets[1], 10);
    CU_ASSERT_EQUAL(flow->handshake, FLOW_NONE);
    CU_ASSERT_EQUAL(flow->names, FLOW_NONE);
    CU_ASSERT_EQUAL(flow_count(t, FLOW_KNOWN), 1);
    CU_ASSERT_PTR_NOT_NULL(find(t, 1, NOW + 299 * SECOND - 1));
    CU_ASSERT_PTR_NULL(find(t, 1, NOW + 299 * SECOND));
    CU_ASSERT_EQUAL(add(t, 2, NOW + 300 * SECOND)->id, 102);
    flow_table_free(t);
}

static void expect(const struct flow *record, enum flow_adopted result)
{
    struct flow_table *t = table(2, NULL, NULL);
    CU_ASSERT_EQUAL(adopt(t, record), result);
    for (int class = 0; class < FLOW_CLASSES; class ++)
        CU_ASSERT_EQUAL(flow_count(t, (enum flow_class) class),
                        class == FLOW_KNOWN && result == FLOW_ADOPTED);
    flow_table_free(t);
}

static void turn_around(struct flow *record)
{
    struct flow_key was = record->key;
    for (int side = 0; side < 2; side++) {
        record->key.addr[side] = was.addr[1 - side];
        record->key.port[side] = was.port[1 - side];
    }
}

static void what_cannot_be_is_refused(void)
{
    struct flow record = sample(1);
    expect(&record, FLOW_ADOPTED);
    record.key.family = 5;
    expect(&record, FLOW_ADOPT_IMPOSSIBLE);
    record.key.family = QW_IPV4;
    record.key.addr[1].bytes[3] = 1; /* an IPv6 address */
    expect(&record, FLOW_ADOPT_IMPOSSIBLE);
    record.key.family = QW_IPV6;
    expect(&record, record.key.addr[0].bytes[3] < 1 ? FLOW_ADOPTED : FLOW_ADOPT_IMPOSSIBLE);
    record = sample(1);
    turn_around(&record);
    expect(&record, FLOW_ADOPT_IMPOSSIBLE);
    record = sample(1);
    record.state = FLOW_CONFIRMED + 1;
    expect(&record, FLOW_ADOPT_IMPOSSIBLE);
    record = sample(1);
    record.class = FLOW_CLASSES;
    expect(&record, FLOW_ADOPT_IMPOSSIBLE);
    record = sample(1);
    record.id = UINT64_MAX;
    expect(&record, FLOW_ADOPT_IMPOSSIBLE);
    record = sample(1);
    record.external = 0; /* and it holds a mapping */
    expect(&record, FLOW_ADOPT_IMPOSSIBLE);
    record = sample(1);
    record.flags = FLOW_CLIENT_HI;
    expect(&record, FLOW_ADOPT_IMPOSSIBLE);
    record = sample(1);
    record.flags |= FLOW_UNDECIDED;
    expect(&record, FLOW_ADOPT_UNDECIDED);
}

static void times_are_checked(void)
{
    struct flow record = sample(1);
    record.last_seen_ns = NOW;
    expect(&record, FLOW_ADOPTED);
    record.last_seen_ns = NOW + 1;
    expect(&record, FLOW_ADOPT_AHEAD);
    record.last_seen_ns = UINT64_MAX;
    expect(&record, FLOW_ADOPT_AHEAD);
    record.last_seen_ns = NOW - 300 * SECOND + 1;
    expect(&record, FLOW_ADOPTED);
    record.last_seen_ns = NOW - 300 * SECOND;
    expect(&record, FLOW_ADOPT_EXPIRED);
}

static void no_two_of_one_key_and_no_more_than_there_is_room(void)
{
    struct flow_table *t = table(2, NULL, NULL);
    struct flow record = sample(1), twin = sample(1), other = sample(2), third = sample(3);
    twin.id = 555;
    CU_ASSERT_EQUAL(adopt(t, &record), FLOW_ADOPTED);
    CU_ASSERT_EQUAL(adopt(t, &twin), FLOW_ADOPT_TWIN);
    CU_ASSERT_EQUAL(adopt(t, &other), FLOW_ADOPTED);
    CU_ASSERT_EQUAL(adopt(t, &third), FLOW_ADOPT_FULL);
    for (int i = 0; i < FLOW_ADOPT_RESULTS; i++)
        CU_ASSERT_STRING_NOT_EQUAL(flow_adopted_word((enum flow_adopted)i), "unknown");
    CU_ASSERT_STRING_EQUAL(flow_adopted_word(FLOW_ADOPT_RESULTS), "unknown");
    flow_table_free(t);
}

static void ids_never_repeat(void)
{
    struct flow_table *t = flow_table_new(NULL, 8, SECRET, 3, 8, NULL, NULL);
    flow_set_timers(t, &(struct flow_timers){TIMERS});
    struct flow mine = sample(1), foreign = sample(2), *flow;
    mine.id = 3 + 8 * 50;
    CU_ASSERT_EQUAL(flow_adopt(t, &mine, (struct qw_time){NOW}, &flow), FLOW_ADOPTED);
    CU_ASSERT_EQUAL(flow->id, 3 + 8 * 50);
    foreign.id = 3 + 8 * 70 + 1; /* of another shard */
    CU_ASSERT_EQUAL(flow_adopt(t, &foreign, (struct qw_time){NOW}, &flow), FLOW_ADOPTED);
    CU_ASSERT_EQUAL(flow->id, 3 + 8 * 51);
    CU_ASSERT_EQUAL(add(t, 3, NOW)->id, 3 + 8 * 52);
    flow_table_free(t);
}

/* Whatever the order they come in: who expires next stands first. */
static void queues_come_back_in_order(void)
{
    enum { FLOWS = 500 };
    struct flow_table *t = table(FLOWS, NULL, NULL);
    for (uint32_t n = 0; n < FLOWS; n++) {
        struct flow record = sample(n);
        record.class = FLOW_ANSWERED;
        record.last_seen_ns = NOW - (n * 7919 % 290) * SECOND - n;
        CU_ASSERT_EQUAL_FATAL(adopt(t, &record), FLOW_ADOPTED);
    }
    CU_ASSERT_TRUE(flow_order(t, (struct qw_time){NOW}));
    uint32_t left = FLOWS;
    for (uint64_t second = 1; second <= 301; second++) {
        uint32_t live = 0;
        left -= flow_sweep(t, (struct qw_time){NOW + second * SECOND}, FLOWS);
        for (uint32_t slot = 0; slot < FLOWS; slot++)
            live += flow_at(t, slot, (struct qw_time){NOW + (second - 1) * SECOND}) != NULL;
        CU_ASSERT_TRUE_FATAL(left <= live); /* a second late at most */
    }
    CU_ASSERT_EQUAL(left, 0);
    flow_table_free(t);
}

/* Ends what is over: what is left was seen within its timer and a second, or a 500th of it. */
static void sweep_all(struct flow_table *t, uint64_t now_ns, uint64_t timer_ns)
{
    const struct flow *records = flow_records(t);
    uint32_t live = 0, counted = 0;
    flow_sweep(t, (struct qw_time){now_ns}, UINT32_MAX);
    for (uint32_t slot = 0; slot < flow_slots(t); slot++)
        if (records[slot].id != 0) {
            CU_ASSERT_TRUE_FATAL(now_ns - records[slot].last_seen_ns < timer_ns + timer_ns / 500 + SECOND);
            live++;
        }
    for (int class = 0; class < FLOW_CLASSES; class ++)
        counted += flow_count(t, (enum flow_class) class);
    CU_ASSERT_EQUAL_FATAL(live, counted);
}

enum { MIXED = 400 };

/* One that is there goes on, changes its class or ends; one that is not begins, or comes from elsewhere. */
static void mix(struct flow_table *t, uint64_t now_ns, uint64_t timer_ns, uint64_t *random)
{
    uint32_t n = test_random(random) % MIXED, what = test_random(random) % 4;
    struct flow *flow = find(t, n, now_ns), record = sample(n);
    if (flow && what == 0)
        flow_finish(t, flow, FLOW_UNMAPPED);
    else if (flow && what == 1)
        flow_set_class(t, flow, test_random(random) % 2 ? FLOW_KNOWN : FLOW_RETURNED,
                       (struct qw_time){now_ns});
    else if (flow)
        flow_refresh(t, flow, (struct qw_time){now_ns});
    else if (what == 0)
        flow_set_class(t, add(t, n, now_ns), FLOW_KNOWN, (struct qw_time){now_ns});
    else {
        record.class = what == 1 ? FLOW_KNOWN : FLOW_RETURNED;
        record.last_seen_ns = now_ns - test_random(random) % (timer_ns / SECOND) * SECOND;
        CU_ASSERT_EQUAL_FATAL(flow_adopt(t, &record, (struct qw_time){now_ns}, NULL), FLOW_ADOPTED);
    }
}

/* Among others, in any order and again and again, whatever the timers: nobody puts them in order. */
static void adopted_ones_end_in_time(void)
{
    static const uint64_t TIMER_S[] = {3, 300, 86400};
    for (unsigned timer = 0; timer < 3; timer++) {
        uint64_t random = timer, now_ns = 200000 * SECOND, timer_ns = TIMER_S[timer] * SECOND;
        struct flow_table *t = table(MIXED, NULL, NULL);
        struct flow_timers timers;
        for (int class = 0; class < FLOW_CLASSES; class ++)
            timers.idle_ns[class] = timer_ns;
        flow_set_timers(t, &timers);
        CU_ASSERT_TRUE_FATAL(flow_marks_start(t));
        for (unsigned i = 0; i < 20000; i++) {
            mix(t, now_ns, timer_ns, &random);
            if (i % 20 == 0)
                now_ns += test_random(&random) % (timer_ns / 10);
            sweep_all(t, now_ns, timer_ns);
        }
        sweep_all(t, now_ns + timer_ns + timer_ns / 500 + SECOND, timer_ns);
        CU_ASSERT_EQUAL(flow_count(t, FLOW_KNOWN) + flow_count(t, FLOW_RETURNED), 0);
        flow_table_free(t);
    }
}

/* Also for those that make room. */
static void the_oldest_goes_first_wherever_it_stands(void)
{
    struct flow_table *t = table(3, NULL, NULL);
    CU_ASSERT_TRUE_FATAL(flow_marks_start(t));
    struct flow older = sample(1), younger = sample(3);
    older.class = younger.class = FLOW_ANSWERED;
    older.last_seen_ns = NOW - 9 * SECOND;
    younger.last_seen_ns = NOW - 3 * SECOND;
    flow_set_class(t, add(t, 2, NOW - 6 * SECOND), FLOW_ANSWERED, (struct qw_time){NOW - 6 * SECOND});
    CU_ASSERT_EQUAL(adopt(t, &younger), FLOW_ADOPTED);
    CU_ASSERT_EQUAL(adopt(t, &older), FLOW_ADOPTED);
    for (uint32_t n = 1; n <= 3; n++) {
        CU_ASSERT_PTR_NOT_NULL(find(t, n, NOW));
        CU_ASSERT_PTR_NOT_NULL_FATAL(add(t, 10 + n, NOW));
        CU_ASSERT_PTR_NULL(find(t, n, NOW));
        flow_set_class(t, find(t, 10 + n, NOW), FLOW_KNOWN, (struct qw_time){NOW});
    }
    flow_table_free(t);
}

/* ---- regions ---- */

enum { KEYS = 300, ROUNDS = 60000 };

static struct flow_table *target;

static void choose(void *context, struct flow_offer *offer, unsigned index)
{
    (void)context;
    CU_ASSERT_TRUE_FATAL(index < FLOW_OFFERS);
    offer->hash = flow_hash(SECRET, &offer->record.key);
    offer->table = target;
}

static const struct flow_taker TAKER = {.choose = choose};

static struct store *store_for(uint32_t capacity, struct store_region *memory)
{
    const struct store_part part = flow_part(0, capacity);
    struct store *store;
    CU_ASSERT_EQUAL_FATAL(store_new(&(struct store_plan){.parts = &part, .part_count = 1}, &store), QW_OK);
    CU_ASSERT_TRUE_FATAL(store_region(store, part.name, memory));
    return store;
}

static struct flow_table *table_in(const struct store_region *memory, uint32_t capacity)
{
    struct flow_table *t = flow_table_new(memory, capacity, SECRET, 1, 1, NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    flow_set_timers(t, &(struct flow_timers){TIMERS});
    return t;
}

/* The model: what is known of each key. */
struct known {
    bool live;
    uint64_t id, last_seen;
    uint8_t class, state;
};
static struct known model[KEYS];
static uint64_t now, next_id;

static uint64_t timeout(uint8_t class)
{
    return (flow_is_attempt((enum flow_class) class) ? 120 : class == FLOW_ASKED ? 10 : 300) * SECOND;
}

static void forget_expired(struct known *known)
{
    if (known->live && now - known->last_seen >= timeout(known->class))
        known->live = false;
}

static void step(struct flow_table *t, uint64_t *random)
{
    uint32_t n = test_random(random) % KEYS, action = test_random(random) % 8;
    now += test_random(random) % SECOND;
    struct known *known = &model[n];
    struct flow *flow = find(t, n, now);
    forget_expired(known);
    CU_ASSERT_EQUAL_FATAL(flow != NULL, known->live);
    if (!flow) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(flow = add(t, n, now));
        *known = (struct known){true, next_id++, now, FLOW_ATTEMPT, FLOW_ONE_WAY};
    } else if (action == 0) {
        flow_finish(t, flow, FLOW_UNMAPPED);
        known->live = false;
        return;
    } else if (action == 1 && known->class < FLOW_KNOWN) {
        flow->state = known->state =
            flow_is_attempt((enum flow_class)known->class) ? FLOW_TWO_WAY : FLOW_CONFIRMED;
        flow_set_class(t, flow, (enum flow_class)++ known->class, (struct qw_time){now});
    } else
        flow_refresh(t, flow, (struct qw_time){now});
    known->last_seen = now;
    CU_ASSERT_EQUAL_FATAL(flow->id, known->id);
    if (action == 2)
        flow_sweep(t, (struct qw_time){now}, 3);
}

static void expect_as_model(struct flow_table *t)
{
    for (uint32_t n = 0; n < KEYS; n++) {
        forget_expired(&model[n]);
        struct flow *flow = find(t, n, now);
        CU_ASSERT_EQUAL_FATAL(flow != NULL, model[n].live);
        if (!flow)
            continue;
        CU_ASSERT_EQUAL_FATAL(flow->id, model[n].id);
        CU_ASSERT_EQUAL_FATAL(flow->last_seen_ns, model[n].last_seen);
        CU_ASSERT_EQUAL_FATAL(flow->class, model[n].class);
        CU_ASSERT_EQUAL_FATAL(flow->state, model[n].state);
    }
}

/* In another region of another size. */
static struct flow_table *go_on(const struct store_region *from, uint32_t capacity,
                                const struct store_region *to)
{
    struct flow_recovery counts = {{0}, 0};
    target = table_in(to, capacity);
    flow_continue_ids(target, from);
    CU_ASSERT_TRUE_FATAL(flow_recover(from, &TAKER, (struct qw_time){now}, &counts));
    CU_ASSERT_TRUE_FATAL(flow_order(target, (struct qw_time){now}));
    for (int i = 0; i < FLOW_ADOPT_RESULTS; i++)
        CU_ASSERT_TRUE_FATAL(i == FLOW_ADOPTED || i == FLOW_ADOPT_EXPIRED || counts.results[i] == 0);
    CU_ASSERT_EQUAL(counts.refused, 0);
    return target;
}

static void begin_model(void)
{
    memset(model, 0, sizeof model);
    now = 1;
    next_id = 1;
}

static void a_region_goes_on_at_any_moment(void)
{
    struct store_region memory, next;
    struct store *store = store_for(KEYS, &memory);
    struct flow_table *t = table_in(&memory, KEYS);
    uint64_t random = 5;
    begin_model();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        step(t, &random);
        if (test_random(&random) % 997 != 0)
            continue;
        flow_table_free(t);
        struct store *other = store_for(KEYS + i % 100, &next);
        t = go_on(&memory, KEYS + i % 100, &next);
        store_free(store);
        store = other;
        memory = next;
        expect_as_model(t);
    }
    flow_table_free(t);
    store_free(store);
}

/* Random bytes are written into a copy. What is adopted then is possible; the table works on. */
static void look_at_torn(const struct store_region *memory, uint64_t *random)
{
    struct store_region copy;
    struct store *store = store_for(KEYS, &copy);
    struct flow_recovery counts = {{0}, 0};
    memcpy(copy.head, memory->head, memory->head_size);
    memcpy(copy.records, memory->records, (size_t)(memory->count * memory->record_size));
    for (uint32_t i = test_random(random) % 3000; i > 0; i--)
        ((uint8_t *)copy.records)[test_random(random) % (KEYS * sizeof(struct flow))] =
            (uint8_t)test_random(random);
    for (uint32_t i = test_random(random) % 3; i > 0; i--)
        ((uint8_t *)copy.head)[test_random(random) % 8] = (uint8_t)test_random(random);
    target = table(KEYS, NULL, NULL);
    flow_continue_ids(target, &copy);
    CU_ASSERT_TRUE_FATAL(flow_recover(&copy, &TAKER, (struct qw_time){now}, &counts));
    CU_ASSERT_TRUE_FATAL(flow_order(target, (struct qw_time){now}));
    uint64_t live = 0;
    for (uint32_t slot = 0; slot < KEYS; slot++) {
        struct flow *flow = flow_at(target, slot, (struct qw_time){now});
        if (!flow)
            continue;
        live++;
        CU_ASSERT_TRUE_FATAL(flow->last_seen_ns <= now && flow->state <= FLOW_CONFIRMED && flow->id != 0);
        CU_ASSERT_PTR_EQUAL_FATAL(
            flow_lookup(target, &flow->key, flow_hash(SECRET, &flow->key), (struct qw_time){now}), flow);
    }
    CU_ASSERT_EQUAL_FATAL(live, counts.results[FLOW_ADOPTED]);
    for (uint32_t n = 0; n < KEYS; n++)
        if (!find(target, n, now))
            add(target, n, now);
    flow_sweep(target, (struct qw_time){now + 301 * SECOND}, KEYS);
    for (int class = 0; class < FLOW_CLASSES; class ++)
        CU_ASSERT_EQUAL_FATAL(flow_count(target, (enum flow_class) class), 0);
    flow_table_free(target);
    store_free(store);
}

static void a_torn_region_is_not_believed(void)
{
    struct store_region memory;
    struct store *store = store_for(KEYS, &memory);
    struct flow_table *t = table_in(&memory, KEYS);
    uint64_t random = 6;
    begin_model();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        step(t, &random);
        if (i % 300 == 0)
            look_at_torn(&memory, &random);
    }
    flow_table_free(t);
    store_free(store);
}

static void another_form_is_none(void)
{
    struct store_region memory;
    struct store *store = store_for(2, &memory);
    struct flow_recovery counts = {{0}, 0};
    memory.record_size = 120;
    CU_ASSERT_FALSE(flow_recover(&memory, &TAKER, (struct qw_time){0}, &counts));
    CU_ASSERT_PTR_NULL(flow_table_new(&memory, 2, SECRET, 1, 1, NULL, NULL));
    store_free(store);
}

static void odd_ones(void *context, struct flow_offer *offers, unsigned count)
{
    (void)context;
    for (unsigned i = 0; i < count; i++) {
        const struct flow_key *key = &offers[i].record.key;
        CU_ASSERT_EQUAL(offers[i].flow != NULL, offers[i].table != NULL);
        offers[i].refused = key->port[0] % 2 == 0 || key->port[1] % 2 == 0;
    }
}

static void no_table(void *context, struct flow_offer *offer, unsigned index)
{
    const struct flow_key *key = &offer->record.key;
    CU_ASSERT_PTR_NULL(offer->table);
    if (key->port[0] != 3 && key->port[1] != 3)
        choose(context, offer, index);
}

/* How often each table was to be locked. */
static void count_turns(void *context, const struct flow_offer *offer)
{
    unsigned *turns = context;
    CU_ASSERT_PTR_EQUAL(offer->table, target);
    ++*turns;
}

static void the_caller_may_refuse(void)
{
    struct store_region memory;
    struct store *store = store_for(8, &memory);
    struct flow_table *t = table_in(&memory, 8);
    struct flow_recovery counts = {{0}, 0};
    for (uint32_t n = 1; n < 6; n++)
        add(t, n, 0);
    target = table(8, NULL, NULL);
    unsigned turns = 0;
    const struct flow_taker taker = {&turns, no_table, count_turns, odd_ones};
    CU_ASSERT_TRUE(flow_recover(&memory, &taker, (struct qw_time){1}, &counts));
    CU_ASSERT_EQUAL(counts.results[FLOW_ADOPTED], 2);
    CU_ASSERT_EQUAL(counts.refused, 3);
    CU_ASSERT_EQUAL(turns, 4 + 2); /* and for those that went again */
    CU_ASSERT_PTR_NOT_NULL(find(target, 1, 1));
    CU_ASSERT_PTR_NULL(find(target, 2, 1));
    flow_table_free(target);
    flow_table_free(t);
    store_free(store);
}

/* ---- kill -9 ---- */

static char folder[64], path[128];
static const struct store_boot BOOT = {{1, 2, 3}};

struct progress {
    _Atomic uint32_t done;
};

/* Never returns: random operations, whose number stands in `done` behind each. */
static void work(struct store *store, struct progress *progress)
{
    struct store_region memory;
    uint64_t random = 9;
    if (!store_region(store, "flows.0", &memory))
        _exit(1);
    struct flow_table *t = table_in(&memory, KEYS);
    begin_model();
    for (;;) {
        step(t, &random);
        atomic_fetch_add(&progress->done, 1);
    }
}

static bool differs(const struct known *known, const struct flow *flow)
{
    if (!flow || !known->live)
        return flow || known->live;
    return flow->id != known->id || flow->last_seen_ns != known->last_seen || flow->class != known->class ||
           flow->state != known->state;
}

/* Of how many keys the killed process left something else than so many operations make. The next operation
 * may have changed its own flow, wholly or in part. */
static unsigned differences(uint32_t operations, struct flow_table *found, struct qw_time when)
{
    uint64_t random = 9;
    struct flow_table *t = table(KEYS, NULL, NULL);
    unsigned count = 0;
    begin_model();
    for (uint32_t i = 0; i < operations; i++)
        step(t, &random);
    flow_table_free(t);
    now = when.ns;
    for (uint32_t n = 0; n < KEYS; n++) {
        forget_expired(&model[n]);
        count += differs(&model[n], find(found, n, now));
    }
    return count;
}

static void expect_found(struct flow_table *t, uint32_t done, struct qw_time when)
{
    struct flow_recovery counts = {{0}, 0};
    struct store_error error;
    struct store_region memory;
    struct store *left;
    CU_ASSERT_EQUAL_FATAL(store_open(path, &BOOT, &left, &error), QW_OK);
    CU_ASSERT_TRUE_FATAL(store_region(left, "flows.0", &memory));
    target = t;
    CU_ASSERT_TRUE(flow_recover(&memory, &TAKER, when, &counts));
    CU_ASSERT_EQUAL(counts.results[FLOW_ADOPT_IMPOSSIBLE] + counts.results[FLOW_ADOPT_TWIN], 0);
    CU_ASSERT_TRUE(differences(done, t, when) <= 1);
    store_free(left);
}

static uint64_t time_after(uint32_t operations)
{
    uint64_t random = 9, then = 1;
    for (uint32_t i = 0; i < operations; i++) {
        test_random(&random);
        test_random(&random);
        then += test_random(&random) % SECOND;
    }
    return then;
}

static void kill_one(uint64_t *random)
{
    const struct store_part part = flow_part(0, KEYS);
    const struct store_plan plan = {.parts = &part, .part_count = 1, .boot = BOOT};
    struct store *store;
    struct store_error error;
    struct progress *progress = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_PTR_NOT_EQUAL_FATAL(progress, MAP_FAILED);
    CU_ASSERT_EQUAL_FATAL(store_create(path, &plan, &store, &error), QW_OK);
    CU_ASSERT_EQUAL_FATAL(store_publish(store, NULL, &error), QW_OK);
    pid_t child = fork();
    if (child == 0)
        work(store, progress);
    store_free(store); /* the child has it, and its lock */
    uint32_t until = 1 + test_random(random) % 20000;
    while (atomic_load(&progress->done) < until)
        usleep(1);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    struct flow_table *t = table(KEYS, NULL, NULL);
    expect_found(t, atomic_load(&progress->done),
                 (struct qw_time){time_after(atomic_load(&progress->done) + 1)});
    flow_table_free(t);
    munmap(progress, 4096);
    unlink(path);
}

static void a_killed_process_leaves_all_it_had(void)
{
    uint64_t random = 4;
    snprintf(folder, sizeof folder, "/tmp/quicward-flows.XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/state", folder);
    for (int i = 0; i < 40; i++)
        kill_one(&random);
    rmdir(folder);
}

void suite_adopt(void)
{
    static const struct test TESTS[] = {
        {"S1: an adopted record goes on, with nothing of its private fields", a_record_goes_on},
        {"S1: what no flow can be is refused", what_cannot_be_is_refused},
        {"S1: so is what is ahead of the clock, and what has expired", times_are_checked},
        {"S1 S3: no two of one key, and no more than there is room",
         no_two_of_one_key_and_no_more_than_there_is_room},
        {"S1: ids never repeat", ids_never_repeat},
        {"S1 T3: the queues come back in order", queues_come_back_in_order},
        {"K1 T3: adopted flows end in time, whatever the order they come in", adopted_ones_end_in_time},
        {"K1 T3: the oldest makes room, adopted or not", the_oldest_goes_first_wherever_it_stands},
        {"S1: a region goes on in another of any size, at any moment, as a plain model",
         a_region_goes_on_at_any_moment},
        {"S1: of a torn region only what can be is adopted", a_torn_region_is_not_believed},
        {"S1: records of another size are none", another_form_is_none},
        {"S1: the caller may refuse a flow", the_caller_may_refuse},
        {"S1: 40 processes killed at any moment leave what they had", a_killed_process_leaves_all_it_had},
    };
    TEST_SUITE("flow adopt", TESTS);
}
