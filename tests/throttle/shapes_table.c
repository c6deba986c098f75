/* Prints the table of docs/throttle.md (tests/throttle/table.sh). Arguments: none, or `hash` for
 * throttle.spare_small = false. */
#include "shapes.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SEEDS 5

static void put_time(double seconds)
{
    if (seconds < 0)
        printf(" never |");
    else
        printf(" %.0f |", seconds);
}

/* The worst of all seeds, and the mean of the loads. */
static struct shape_result worst_of(unsigned shape, bool small)
{
    struct shape_result all = shape_run(shape, 1, small);
    for (uint64_t seed = 2; seed <= SEEDS; seed++) {
        struct shape_result one = shape_run(shape, seed, small);
        all.passed += (one.passed - all.passed) / (double)seed;
        all.least = fmin(all.least, one.least);
        all.most = fmax(all.most, one.most);
        all.blocked_median = fmax(all.blocked_median, one.blocked_median);
        all.blocked_worst = fmax(all.blocked_worst, one.blocked_worst);
        all.half = fmax(all.half, one.half);
        all.settle_s = one.settle_s < 0 || all.settle_s < 0 ? -1 : fmax(all.settle_s, one.settle_s);
        all.back_s = one.back_s < 0 || all.back_s < 0 ? -1 : fmax(all.back_s, one.back_s);
    }
    return all;
}

int main(int argc, char **argv)
{
    bool small = argc < 2 || strcmp(argv[1], "hash") != 0;
    puts("| shape | offered | passed | least..most | innocent blocked: median, worst | by turns | settled, s "
         "| given "
         "back, s |");
    puts("|---|---|---|---|---|---|---|---|");
    for (unsigned shape = 0; shape < SHAPES; shape++) {
        struct shape_result r = worst_of(shape, small);
        printf("| %s | %.2f | %.2f | %.2f..%.2f | %.1f %%, %.1f %% | %.2f %% |", shape_name(shape), r.offered,
               r.passed, r.least, r.most, 100 * r.blocked_median, 100 * r.blocked_worst, 100 * r.half);
        put_time(r.settle_s);
        put_time(r.back_s);
        putchar('\n');
        fflush(stdout);
    }
    return 0;
}
