/* Counts what this process asks the C library's allocator for, whoever asks: link it into a program, and its
 * malloc, calloc and realloc stand before the library's. */
#ifndef BENCH_ALLOCATIONS_H
#define BENCH_ALLOCATIONS_H

/* Calls since the start. */
unsigned long bench_allocations(void);

#endif
