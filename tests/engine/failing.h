/* Allocations that fail on purpose: of the program's own objects, which are linked with --wrap. */
#ifndef TEST_FAILING_H
#define TEST_FAILING_H

#include <stdbool.h>

/* From now on the nth allocation (1: the next) fails. */
void failing_begin(unsigned nth);

/* No more; whether one has failed. */
bool failing_end(void);

#endif
