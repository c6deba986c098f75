/* Large arrays that packets look into at random. */
#ifndef QUICWARD_BASE_ARRAY_H
#define QUICWARD_BASE_ARRAY_H

#include <stddef.h>

/* `count` elements of `size` bytes, all zero, and all of it taken now and not when packets come: the first
 * touch of a page costs more than a packet does. A large one asks the kernel for huge pages, so that a look
 * does not miss the translation of addresses too. For free, also with
 * `count` 0; NULL when memory is short. */
void *qw_array(size_t count, size_t size);

#endif
