/* Somebody else who forwards packets, judging them by what he was told alone, as the fast path's program
 * does: the same packets fare the same, and the controllers come to the same. */
#include "link.h"
#include "random.h"
#include "suite.h"
#include "suites.h"
#include <stdlib.h>
#include <string.h>

enum { FLOWS = 300, LOOKS = 300, STEPS = 4 /* in a look */ };

struct other {
    struct throttle_force force[THROTTLE_LIMITS_MAX];
    unsigned count, told;
    struct throttle_rooms rooms[THROTTLE_DIRECTIONS];
    struct throttle_came came;
};

static bool look(void *context, const char *interface, struct throttle_came *came)
{
    struct other *other = context;
    CU_ASSERT_STRING_EQUAL(interface, "wan0");
    *came = other->came;
    memset(&other->came, 0, sizeof other->came);
    return true;
}

static void tell(void *context, const struct throttle_force *force, unsigned count)
{
    struct other *other = context;
    memcpy(other->force, force, count * sizeof *force);
    other->count = count;
    other->told++;
}

static void tell_rooms(void *context, const char *interface, enum throttle_direction direction,
                       const struct throttle_rooms *rooms)
{
    struct other *other = context;
    CU_ASSERT_STRING_EQUAL(interface, "wan0");
    other->rooms[direction] = *rooms;
}

static void begin(struct other *other, struct throttle *throttle)
{
    memset(other, 0, sizeof *other);
    throttle_set_fast(throttle, &(struct throttle_fast){other, look, tell, tell_rooms});
}

struct sender {
    struct flow_key key;
    uint64_t hash;
    uint32_t bytes; /* in a step */
    bool confirmed;
    enum throttle_direction direction;
};

static bool is_fat(const struct other *other, int d, const struct sender *flow, uint32_t bytes)
{
    for (unsigned row = 0; other->force[0].weighs && row < QW_SHARE_ROWS; row++) {
        uint32_t cell = qw_share_cell((uint32_t)flow->hash, row);
        if (!qw_share_overflows(other->rooms[d].rows[row][cell], other->came.cells[d].bytes[row][cell],
                                bytes))
            return false;
    }
    return true;
}

static void mark(uint64_t marks[static THROTTLE_MARKS], uint64_t hash)
{
    marks[(uint16_t)hash / 64] |= 1ull << hash % 64;
}

static bool judge(struct other *other, const struct sender *flow)
{
    const struct throttle_force *force = &other->force[0];
    bool fat[THROTTLE_DIRECTIONS] = {false, false}, spared = force->spares && flow->confirmed;
    uint32_t place = throttle_place(LINK_KEY, &flow->key) & ~((1u << QW_SHARE_SHIFT) - 1), share = 0;
    if (!force->active[0] && !force->active[1])
        return false;
    for (int d = 0; d < THROTTLE_DIRECTIONS; d++) {
        fat[d] = force->active[d] && is_fat(other, d, flow, d == (int)flow->direction ? flow->bytes : 0);
        uint32_t of = force->shares[d][flow->confirmed][!fat[d]];
        share = of > share ? of : share;
    }
    bool blocked = qw_share_blocks(share, qw_share_step(place));
    for (int d = 0; d < THROTTLE_DIRECTIONS; d++)
        if (fat[d])
            other->came.cells[d].who[qw_share_cell((uint32_t)flow->hash, 0)] =
                qw_share_name(place, spared, blocked);
    mark(blocked           ? other->came.blocked
         : spared          ? other->came.confirmed
         : fat[0] | fat[1] ? (uint64_t[THROTTLE_MARKS]){0}
                           : other->came.small,
         flow->hash);
    return blocked;
}

static bool forward(struct other *other, const struct sender *flow)
{
    bool blocked = judge(other, flow);
    struct throttle_load *load = &other->came.load[flow->direction];
    load->offered += flow->bytes;
    load->passed += blocked ? 0 : flow->bytes;
    load->dropped += blocked;
    for (unsigned row = 0; other->force[0].weighs && row < QW_SHARE_ROWS; row++)
        other->came.cells[flow->direction].bytes[row][qw_share_cell((uint32_t)flow->hash, row)] +=
            flow->bytes;
    return blocked;
}

static bool by_throttle(struct throttle *throttle, const struct sender *flow)
{
    const struct throttle_flow of = {&flow->key, flow->hash, flow->confirmed};
    bool blocked =
        throttle_active(throttle, 0) && throttle_blocks(throttle, 0, flow->direction, &of, flow->bytes);
    throttle_count(throttle, 0, flow->direction, flow->hash, flow->bytes,
                   blocked ? THROTTLE_BLOCKED : THROTTLE_PASSED);
    return blocked;
}

/* Few send much, and who sends changes. Together about twice the capacity. */
static void choose(struct sender *flow, uint32_t number, uint64_t *random)
{
    double mean = 2.0 * LINK_CAPACITY / 8 * LINK_INTERVAL_NS / QW_NS_PER_SECOND / STEPS / FLOWS;
    unsigned kind = test_random(random) % 8;
    flow->key = link_flow(number);
    flow->hash = flow_hash(LINK_KEY, &flow->key);
    flow->bytes = (uint32_t)(mean * (kind == 0 ? 6 : kind == 1 ? 0 : 0.3));
    flow->confirmed = test_random(random) % 3 == 0;
    flow->direction = test_random(random) % 3 ? THROTTLE_OUT : THROTTLE_IN;
}

static struct throttle_options options_of(unsigned kind)
{
    static const struct throttle_limit BOTH[] = {{"wan0", THROTTLE_OUT, LINK_CAPACITY},
                                                 {"wan0", THROTTLE_IN, LINK_CAPACITY / 3}};
    struct throttle_options options = link_options();
    options.limits = BOTH;
    options.limit_count = kind & 4 ? 1 : 2;
    options.spare_confirmed = kind & 1;
    options.spare_small = kind & 2;
    options.floor = kind & 4 ? 10 : 0;
    return options;
}

/* Estimates, by other bits. */
static void are_near(uint32_t left, uint32_t right)
{
    CU_ASSERT_DOUBLE_EQUAL((double)left, (double)right, 3 + left / 10.0);
}

static void compare_views(struct throttle *a, struct throttle *b)
{
    struct throttle_view left[THROTTLE_LIMITS_MAX], right[THROTTLE_LIMITS_MAX];
    unsigned count = throttle_views(a, left);
    CU_ASSERT_EQUAL_FATAL(throttle_views(b, right), count);
    for (unsigned i = 0; i < count; i++) {
        CU_ASSERT_TRUE(left[i].share == right[i].share && left[i].fair == right[i].fair);
        CU_ASSERT_TRUE(left[i].share_confirmed == right[i].share_confirmed);
        CU_ASSERT_TRUE(left[i].share_small == right[i].share_small);
        CU_ASSERT_TRUE(left[i].offered == right[i].offered && left[i].passed == right[i].passed);
        CU_ASSERT_EQUAL(left[i].dropped, right[i].dropped);
        are_near(left[i].flows_hit, right[i].flows_hit);
        are_near(left[i].spared_confirmed, right[i].spared_confirmed);
        are_near(left[i].spared_small, right[i].spared_small);
    }
}

static unsigned replay(unsigned kind, unsigned *passed)
{
    static struct other other;
    static struct sender flows[FLOWS];
    struct throttle_options options = options_of(kind);
    struct throttle *slow = link_new(&options), *fast = link_new(&options);
    uint64_t random = kind + 1;
    struct qw_time now = {0};
    unsigned blocked = 0, differ = 0;
    begin(&other, fast);
    for (uint32_t i = 0; i < FLOWS; i++)
        choose(&flows[i], i, &random);
    for (unsigned l = 0; l < LOOKS; l++) {
        for (unsigned i = 0; i < STEPS * FLOWS; i++) {
            const struct sender *flow = &flows[i % FLOWS];
            bool is = by_throttle(slow, flow);
            differ += is != forward(&other, flow);
            blocked += is;
            *passed += !is;
        }
        choose(&flows[test_random(&random) % FLOWS], l + FLOWS, &random);
        now = qw_time_add(now, LINK_INTERVAL_NS);
        throttle_tick(slow, now);
        throttle_tick(fast, now);
    }
    CU_ASSERT_EQUAL(differ, 0);
    compare_views(slow, fast);
    throttle_free(slow);
    throttle_free(fast);
    return blocked;
}

static void the_same_as_slow(void)
{
    for (unsigned kind = 0; kind < 8; kind++) {
        unsigned passed = 0, blocked = replay(kind, &passed);
        CU_ASSERT_TRUE(blocked > LOOKS * STEPS && passed > LOOKS * STEPS);
    }
}

/* Half of the flows by him, half by the queue: together they come to the capacity. */
static void together(void)
{
    static struct other other;
    struct throttle_options options = options_of(1);
    struct throttle *throttle = link_new(&options);
    uint64_t random = 5;
    struct qw_time now = {0};
    static struct sender flows[FLOWS];
    struct throttle_view views[THROTTLE_LIMITS_MAX];
    begin(&other, throttle);
    for (uint32_t i = 0; i < FLOWS; i++) {
        choose(&flows[i], i, &random);
        flows[i].bytes = 2 * LINK_CAPACITY / 8 / 5 / STEPS / FLOWS;
        flows[i].direction = THROTTLE_OUT;
    }
    for (unsigned l = 0; l < LOOKS; l++) {
        for (unsigned i = 0; i < STEPS * FLOWS; i++)
            if (i % 2)
                forward(&other, &flows[i % FLOWS]);
            else
                by_throttle(throttle, &flows[i % FLOWS]);
        now = qw_time_add(now, LINK_INTERVAL_NS);
        throttle_tick(throttle, now);
    }
    throttle_views(throttle, views);
    CU_ASSERT_DOUBLE_EQUAL((double)views[0].offered, 2.0 * LINK_CAPACITY, 0.02 * LINK_CAPACITY);
    CU_ASSERT_DOUBLE_EQUAL((double)views[0].passed, LINK_CAPACITY, 0.1 * LINK_CAPACITY);
    throttle_free(throttle);
}

/* Changes are told with the change, and whoever has left is told nothing. */
static void told_at_once(void)
{
    static struct other other;
    struct throttle *throttle = link_with_share(50, false);
    begin(&other, throttle);
    CU_ASSERT_EQUAL(other.count, 1);
    CU_ASSERT_STRING_EQUAL(other.force[0].interface, "wan0");
    CU_ASSERT_EQUAL(other.force[0].shares[THROTTLE_OUT][THROTTLE_OTHERS][0], QW_SHARE_STEPS / 2);
    CU_ASSERT_EQUAL(other.force[0].shares[THROTTLE_OUT][THROTTLE_CONFIRMED][0], QW_SHARE_STEPS / 2);
    link_set_share(throttle, 100, true);
    CU_ASSERT_EQUAL(other.force[0].shares[THROTTLE_OUT][THROTTLE_OTHERS][0], QW_SHARE_STEPS);
    CU_ASSERT_EQUAL(other.force[0].shares[THROTTLE_OUT][THROTTLE_CONFIRMED][0], 0);
    CU_ASSERT_TRUE(other.force[0].spares);
    struct throttle_options none = link_options();
    none.limit_count = 0;
    link_change(throttle, &none);
    CU_ASSERT_EQUAL(other.count, 0);
    unsigned told = other.told;
    throttle_set_fast(throttle, NULL);
    link_set_share(throttle, 30, true);
    throttle_tick(throttle, (struct qw_time){100 * QW_NS_PER_SECOND});
    CU_ASSERT_EQUAL(other.told, told);
    throttle_free(throttle);
}

void suite_fast(void)
{
    static const struct test TESTS[] = {
        {"P1 X6: who judges by what he was told blocks the same packets, and the controller sees the same",
         the_same_as_slow},
        {"P2 X6: load by both ways together comes to the capacity", together},
        {"P2 X7: limits and shares that change are told at once", told_at_once},
    };
    TEST_SUITE("a fast path", TESTS);
}
