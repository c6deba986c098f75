#include "measure.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t read_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t bench_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t bench_cpu(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t bench_work(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double bench_median(double values[static ROUNDS])
{
    qsort(values, ROUNDS, sizeof *values, by_size);
    return values[ROUNDS / 2];
}

double bench_rss(void)
{
    unsigned long total, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    bench_require(file && fscanf(file, "%lu %lu", &total, &resident) == 2, "/proc/self/statm");
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

void bench_row(const char *what, const char *measured)
{
    printf("%s\t%s\t-\t-\t-\n", what, measured);
}

void bench_ratio(const char *what, const char *measured, const char *to, double ratio, double target)
{
    printf("%s\t%s\t%.2f of %s\t", what, measured, ratio, to);
    if (target > 0)
        printf("<= %.2f\t%s\n", target, ratio <= target ? "met" : "not met");
    else
        printf("-\t-\n");
}

_Noreturn void bench_die(const char *what)
{
    fprintf(stderr, "bench: not as it should be: %s\n", what);
    exit(1);
}
