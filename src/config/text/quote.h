#ifndef CONFIG_QUOTE_H
#define CONFIG_QUOTE_H

#include <stddef.h>
#include <stdio.h>

/* Writes `text` as a libconfig string in double quotes that reads back to the same bytes; after `max` bytes
 * it ends with "..." instead. The output is one line of UTF-8 whatever the bytes are. */
void quote_write(FILE *out, const char *text, size_t max);

#endif
