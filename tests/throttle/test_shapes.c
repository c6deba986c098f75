/* What docs/throttle.md says of its shapes of load. */
#include "shapes.h"
#include "suite.h"
#include "suites.h"
#include <math.h>
#include <stdio.h>

static void say(unsigned shape, const struct shape_result *r)
{
    printf("\n    %s: %.2f..%.2f, innocent %.3f %.3f, by turns %.4f, settled %.0f, back %.0f",
           shape_name(shape), r->least, r->most, r->blocked_median, r->blocked_worst, r->half, r->settle_s,
           r->back_s);
}

static bool holds(const struct shape_result *r, const struct shape_bounds *bounds)
{
    double fair = fmin(r->offered, 1);
    bool load =
        bounds->within <= 0 || (r->most <= 1 + bounds->within && r->least >= fair * (1 - bounds->within));
    bool time = bounds->within <= 0 || (r->settle_s >= 0 && r->settle_s <= bounds->settle_s);
    return load && time && r->back_s >= 0 && r->back_s <= bounds->back_s &&
           r->blocked_median <= bounds->median && r->blocked_worst <= bounds->worst && r->half <= 0.01;
}

static void every_shape(void)
{
    for (unsigned shape = 0; shape < SHAPES; shape++) {
        struct shape_bounds bounds = shape_bounds(shape);
        struct shape_result r = shape_run(shape, 1, true);
        if (!holds(&r, &bounds))
            say(shape, &r);
        CU_ASSERT_TRUE(holds(&r, &bounds));
    }
}

void suite_shapes(void)
{
    static const struct test TESTS[] = {
        {"P1 P2 P3: 24 shapes of load", every_shape},
    };
    TEST_SUITE("shapes", TESTS);
}
