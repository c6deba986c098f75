#ifndef CONFIG_UTF8_H
#define CONFIG_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Length of the character at `at`, of which `left` bytes can be read: 1 to 4, or 0 when it is not UTF-8 (RFC
 * 3629). */
size_t utf8_length(const char *at, size_t left);

/* Whether the character of `len` bytes at `at` is a control character: C0, DEL or C1. */
bool utf8_is_control(const char *at, size_t len);

#endif
