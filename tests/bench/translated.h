/* Known flows in mode nat: packets both ways, written anew in place. */
#ifndef BENCH_TRANSLATED_H
#define BENCH_TRANSLATED_H

#include <stdint.h>

/* A row for `flows` known flows of an engine with `flows_max`, beside `at_thousand` nanoseconds a packet, or
 * beside itself when that is 0; returns its own. */
double translated_show(uint32_t flows, uint32_t flows_max, double at_thousand);

#endif
