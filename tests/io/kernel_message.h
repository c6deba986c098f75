/* Messages as the kernel's queue sends them. */
#ifndef TEST_IO_KERNEL_MESSAGE_H
#define TEST_IO_KERNEL_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

/* Writes one for packet `id` taken at FORWARD to `buffer`, which has room and is aligned; returns its length.
 */
size_t kernel_message(void *buffer, uint32_t id, const void *packet, size_t len);

#endif
