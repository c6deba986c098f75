/* Where in its memory the kernel keeps what the program reads there (fast_peek.h). */
#ifndef OFFLOAD_KERNEL_PEEK_H
#define OFFLOAD_KERNEL_PEEK_H

#include "fast_peek.h"
#include <stdbool.h>

/* Of this network namespace. False, and all is 0: the kernel does not describe its types (BTF), has others,
 * or lets no program read its memory (lockdown). */
bool kernel_peek(struct fast_peek *out);

#endif
