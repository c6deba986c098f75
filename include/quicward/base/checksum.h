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

/* ---- changes that are known before the packet (RFC 1624 3) ----
 *
 * A delta is the folded sum of ~m + m' over all words that change. Any byte order will do if both arguments
 * have the same (RFC 1071 2.B). Programs in the kernel compile these two as well: no call, no loop. */

/* What `checksum` becomes: ~(~HC + delta). A delta of 0 leaves it as it is. */
static inline uint16_t qw_checksum_apply(uint16_t checksum, uint16_t delta)
{
    uint32_t sum = (uint32_t)(uint16_t)~checksum + delta;
    return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

/* UDP's: 0 says that the sender made no checksum and stays, one that becomes 0 is sent as 0xffff (RFC 768).
 */
static inline uint16_t qw_checksum_apply_udp(uint16_t checksum, uint16_t delta)
{
    uint16_t changed = qw_checksum_apply(checksum, delta);
    if (checksum == 0)
        return 0;
    return changed ? changed : 0xffff;
}

#endif
