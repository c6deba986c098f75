/* Choices that are the same in every run. */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include <stdint.h>

/* The next of a long sequence that `state` (any value to begin with) determines: 31 bits. */
uint32_t test_random(uint64_t *state);

#endif
