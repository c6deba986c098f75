/* The Internet checksum (RFC 1071). */
#ifndef QUICWARD_BASE_CHECKSUM_H
#define QUICWARD_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Adds `len` bytes at `data` to the running one's complement sum `sum` (start with 0). An odd last byte is
 * padded with zero, so only the last piece may have odd length. */
uint32_t qw_checksum_add(uint32_t sum, const void *data, size_t len);

/* Folds a running sum and complements it: the header field's value in host order. */
uint16_t qw_checksum_finish(uint32_t sum);

/* What `checksum` becomes when the words `from` of the data become `to` (RFC 1624 3), in host order. Feed an
 * address as two words. */
uint16_t qw_checksum_update(uint16_t checksum, uint16_t from, uint16_t to);

#endif
