/* Test vectors as people print them. */
#ifndef TEST_HEX_H
#define TEST_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Reads hex digits, blanks ignored, into `out` of `size` bytes; returns how many. Ends the program on
 * anything else: a wrong vector is a wrong test. */
size_t test_hex(const char *text, uint8_t *out, size_t size);

#endif
