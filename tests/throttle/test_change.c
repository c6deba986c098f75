/* Other limits and settings while it runs. */
#include "link.h"
#include "suite.h"
#include "suites.h"
#include <stdio.h>
#include <string.h>

static double share_of(struct throttle *throttle, const char *interface)
{
    struct throttle_view views[THROTTLE_LIMITS_MAX];
    unsigned count = throttle_views(throttle, views);
    for (unsigned i = 0; i < count; i++)
        if (strcmp(views[i].limit.interface, interface) == 0)
            return views[i].share;
    return -1;
}

static void change_to(struct throttle *throttle, const struct throttle_limit *limits, unsigned count)
{
    struct throttle_options options = link_options();
    options.limits = limits;
    options.limit_count = count;
    link_change(throttle, &options);
}

static void overload(struct throttle *throttle, const char *interface, struct qw_time *now)
{
    for (unsigned i = 0; i < 5; i++)
        link_load(throttle, throttle_find(throttle, interface), THROTTLE_OUT, 10, now);
}

static void names(void)
{
    struct throttle_options options = link_options();
    struct throttle *throttle = link_new(&options);
    CU_ASSERT_EQUAL(throttle_find(throttle, "wan0"), 0);
    CU_ASSERT_EQUAL(throttle_find(throttle, "wan"), -1);
    CU_ASSERT_EQUAL(throttle_find(throttle, "wan01"), -1);
    CU_ASSERT_EQUAL(throttle_find(throttle, ""), -1);
    CU_ASSERT_EQUAL(throttle_find(throttle, NULL), -1);
    CU_ASSERT_EQUAL(throttle_find(throttle, "a-name-longer-than-any-interface-has"), -1);
    throttle_free(throttle);
    options.limit_count = 0;
    options.limits = NULL;
    throttle = link_new(&options);
    CU_ASSERT_EQUAL(throttle_find(throttle, "wan0"), -1);
    throttle_free(throttle);
    throttle_free(NULL);
}

static void as_many_as_there_may_be(void)
{
    struct throttle_limit limits[2][THROTTLE_LIMITS_MAX];
    for (unsigned set = 0; set < 2; set++)
        for (unsigned i = 0; i < THROTTLE_LIMITS_MAX; i++) {
            limits[set][i] = (struct throttle_limit){.direction = THROTTLE_OUT, .capacity = LINK_CAPACITY};
            snprintf(limits[set][i].interface, THROTTLE_NAME_MAX, "longest-%c%u", set ? 'b' : 'a', i + 10000);
        }
    struct throttle_options options = link_options();
    struct throttle *throttle = link_new(&options);
    for (unsigned round = 0; round < 10; round++) {
        unsigned seen = 0;
        change_to(throttle, limits[round % 2], THROTTLE_LIMITS_MAX);
        for (unsigned i = 0; i < THROTTLE_LIMITS_MAX; i++) {
            seen |= 1u << throttle_find(throttle, limits[round % 2][i].interface);
            CU_ASSERT_EQUAL(throttle_find(throttle, limits[1 - round % 2][i].interface), -1);
        }
        CU_ASSERT_EQUAL(seen, (1u << THROTTLE_LIMITS_MAX) - 1);
    }
    throttle_free(throttle);
}

static void shares_of_limits_that_stay(void)
{
    const struct throttle_limit more[] = {{"lan1", THROTTLE_IN, 1000},
                                          {"wan0", THROTTLE_OUT, LINK_CAPACITY / 2}};
    struct throttle_options options = link_options();
    struct throttle *throttle = link_new(&options);
    struct qw_time now = {0};
    overload(throttle, "wan0", &now);
    int wan = throttle_find(throttle, "wan0");
    double share = share_of(throttle, "wan0");
    CU_ASSERT(share > 0.8);
    change_to(throttle, more, 2);
    CU_ASSERT_EQUAL(throttle_find(throttle, "wan0"), wan);
    CU_ASSERT_EQUAL(share_of(throttle, "wan0"), share);
    CU_ASSERT_EQUAL(share_of(throttle, "lan1"), 0);
    struct throttle_view views[THROTTLE_LIMITS_MAX];
    CU_ASSERT_EQUAL(throttle_views(throttle, views), 2);
    CU_ASSERT_EQUAL(views[1].limit.capacity, LINK_CAPACITY / 2);
    throttle_free(throttle);
}

/* What is no longer limited is free at once, and begins from nothing when it is limited again. */
static void limits_that_go(void)
{
    const struct throttle_limit wan0 = {"wan0", THROTTLE_OUT, LINK_CAPACITY};
    const struct throttle_limit other = {"other", THROTTLE_OUT, LINK_CAPACITY};
    struct throttle_options options = link_options();
    struct throttle *throttle = link_new(&options);
    struct qw_time now = {0};
    overload(throttle, "wan0", &now);
    link_count(throttle, 0, THROTTLE_OUT, 100, false);
    change_to(throttle, NULL, 0);
    CU_ASSERT_EQUAL(throttle_find(throttle, "wan0"), -1);
    CU_ASSERT_FALSE(throttle_active(throttle, 0));
    link_count(throttle, 0, THROTTLE_OUT, LINK_CAPACITY, true);
    change_to(throttle, &other, 1);
    link_load(throttle, throttle_find(throttle, "other"), THROTTLE_OUT, 0, &now);
    CU_ASSERT_EQUAL(share_of(throttle, "other"), 0);
    struct throttle_view views[THROTTLE_LIMITS_MAX];
    throttle_views(throttle, views);
    CU_ASSERT(views[0].dropped == 0 && views[0].offered == 0 && views[0].flows_hit == 0);
    change_to(throttle, &wan0, 1);
    CU_ASSERT_EQUAL(share_of(throttle, "wan0"), 0);
    throttle_free(throttle);
}

static void floor_ceiling_and_sparing_at_once(void)
{
    struct throttle_options options = link_options();
    options.spare_confirmed = true;
    struct throttle *throttle = link_new(&options);
    struct qw_time now = {0};
    for (unsigned i = 0; i < 100; i++)
        link_load(throttle, 0, THROTTLE_OUT, 50, &now);
    struct throttle_view views[THROTTLE_LIMITS_MAX];
    throttle_views(throttle, views);
    CU_ASSERT(views[0].share == 1 && views[0].share_confirmed > 0.9);
    options.spare_confirmed = false;
    link_change(throttle, &options);
    throttle_views(throttle, views);
    CU_ASSERT(views[0].share == 1 && views[0].share_confirmed == 1);
    link_set_share(throttle, 25, false);
    CU_ASSERT_EQUAL(share_of(throttle, "wan0"), 0.25);
    throttle_free(throttle);
}

/* Two workers go over to the settings of two reloads, in any order. */
static void older_limits_change_nothing(void)
{
    struct throttle_options options = link_options();
    struct throttle *throttle = link_new(&options);
    options.floor = options.ceiling = 50;
    throttle_change(throttle, &options, 2);
    CU_ASSERT_EQUAL(share_of(throttle, "wan0"), 0.5);
    options.floor = options.ceiling = 25;
    throttle_change(throttle, &options, 2);
    throttle_change(throttle, &options, 1);
    CU_ASSERT_EQUAL(share_of(throttle, "wan0"), 0.5);
    throttle_change(throttle, &options, 3);
    CU_ASSERT_EQUAL(share_of(throttle, "wan0"), 0.25);
    throttle_free(throttle);
}

static void the_key_stays(void)
{
    struct throttle_options options = link_options();
    struct throttle *throttle = link_with_share(50, false);
    options.floor = options.ceiling = 50;
    options.key.k0 ^= 1;
    link_change(throttle, &options);
    for (uint32_t n = 0; n < 1000; n++) {
        struct flow_key flow = link_flow(n);
        CU_ASSERT_EQUAL(link_blocks(throttle, 0, &flow, false), throttle_place(LINK_KEY, &flow) < 1u << 31);
    }
    throttle_free(throttle);
}

void suite_change(void)
{
    static const struct test TESTS[] = {
        {"P2: interfaces are found by their whole names", names},
        {"P2: as many limits as there may be, changed again and again", as_many_as_there_may_be},
        {"P2: a reload keeps the shares of limits that stay", shares_of_limits_that_stay},
        {"P2: limits that go free their flows", limits_that_go},
        {"P2, P3: floor, ceiling and sparing hold at once", floor_ceiling_and_sparing_at_once},
        {"P2: older limits never replace newer ones", older_limits_change_nothing},
        {"P4: the key stays", the_key_stays},
    };
    TEST_SUITE("change", TESTS);
}
