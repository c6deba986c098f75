/* Bits a second in words: "100M", "2500k", "1G", "64000". */
#ifndef CONFIG_CAPACITY_H
#define CONFIG_CAPACITY_H

#include <stdbool.h>
#include <stdint.h>

/* Below, a full-sized packet alone is more than the default interval (200 ms) holds: the load would be either
 * nothing or too much. */
#define CAPACITY_MIN UINT64_C(64000)
#define CAPACITY_MAX UINT64_C(1000000000000)

#define CAPACITY_TEXT_MAX 24

/* Digits and at most one of k, M and G, which are decimal. False for anything else; a number that does not
 * fit is UINT64_MAX. */
bool capacity_parse(const char *text, uint64_t *out);

/* With the largest unit that leaves a whole number. Returns `out`. */
char *capacity_text(uint64_t capacity, char out[static CAPACITY_TEXT_MAX]);

#endif
