/* What the benchmarks share: a clock, the middle of several runs, and rows of the one table. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#define ROUNDS 5

/* Nanoseconds of the monotonic clock. */
uint64_t bench_now(void);

/* Nanoseconds that this thread has had of a core. */
uint64_t bench_cpu(void);

/* Nanoseconds that all threads of this process have had. */
uint64_t bench_work(void);

/* The middle one; sorts `values`. */
double bench_median(double values[static ROUNDS]);

/* Bytes of memory that the process has in RAM. */
double bench_rss(void);

/* Prints a row: what, what was measured, a ratio and its target, "-" where there is none. The ratio is met
 * when it is no more than `target`; with `target` 0 there is none. */
void bench_row(const char *what, const char *measured);
void bench_ratio(const char *what, const char *measured, const char *to, double ratio, double target);

_Noreturn void bench_die(const char *what);

/* Ends the program with a message unless `condition` holds: a figure of work that was not done is none. */
static inline void bench_require(bool condition, const char *what)
{
    if (!condition)
        bench_die(what);
}

#endif
