/* Two workers of one engine, each in a thread on a core of its own. */
#ifndef BENCH_WORKERS_H
#define BENCH_WORKERS_H

#include <stdint.h>

/* Rows for `flows` known flows of an engine with `flows_max`: one worker, two workers, two engines. */
void workers_show(uint32_t flows, uint32_t flows_max);

#endif
