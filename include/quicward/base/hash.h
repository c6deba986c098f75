/* SipHash: keyed, so that nobody outside can aim at a bucket, a shard or a threshold. */
#ifndef QUICWARD_BASE_HASH_H
#define QUICWARD_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct qw_hash_key {
    uint64_t k0, k1;
};

/* SipHash-1-3 of `len` bytes at `data`: for tables. */
uint64_t qw_hash(struct qw_hash_key key, const void *data, size_t len);

/* SipHash-2-4 (the reference parameters, with published vectors): where an attacker sees the outcome. */
uint64_t qw_hash24(struct qw_hash_key key, const void *data, size_t len);

#endif
