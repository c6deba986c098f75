#include "hex.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned digit(int c)
{
    static const char DIGITS[] = "0123456789abcdef";
    const char *at = c ? strchr(DIGITS, tolower(c)) : NULL;
    if (!at) {
        fprintf(stderr, "test_hex: not a hex digit: '%c'\n", c);
        exit(1);
    }
    return (unsigned)(at - DIGITS);
}

size_t test_hex(const char *text, uint8_t *out, size_t size)
{
    size_t len = 0;
    for (; *text; text++) {
        if (isspace((unsigned char)*text))
            continue;
        unsigned high = digit(*text++), low = digit(*text);
        if (len == size) {
            fprintf(stderr, "test_hex: more than %zu bytes\n", size);
            exit(1);
        }
        out[len++] = (uint8_t)(high << 4 | low);
    }
    return len;
}
