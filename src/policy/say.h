#ifndef POLICY_SAY_H
#define POLICY_SAY_H

#include <quicward/base/bytes.h>
#include <stdio.h>

/* Writes bytes of a packet or a file in double quotes, as one line of ASCII: others become \xNN. At most
 * `max` of them, then "...". */
void say_bytes(FILE *out, struct qw_bytes bytes, size_t max);
void say_text(FILE *out, const char *text);

#endif
