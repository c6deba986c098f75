#include "random.h"

/* Knuth's linear congruential generator; its low bits are weak and left out. */
uint32_t test_random(uint64_t *state)
{
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(*state >> 33);
}
