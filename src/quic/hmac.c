#include "hmac.h"
#include <string.h>

#define BLOCK_LEN 64 /* of SHA-256 */
#define IPAD 0x36
#define OPAD 0x5c

static void take_in(SHA256_CTX *state, struct qw_bytes key, uint8_t pad)
{
    uint8_t block[BLOCK_LEN];
    memset(block, pad, sizeof block);
    for (size_t i = 0; i < key.len; i++)
        block[i] = key.data[i] ^ pad;
    SHA256_Init(state);
    SHA256_Update(state, block, sizeof block);
}

void quic_hmac_key(struct quic_hmac *hmac, struct qw_bytes key)
{
    take_in(&hmac->inner, key, IPAD);
    take_in(&hmac->outer, key, OPAD);
}

void quic_hmac(const struct quic_hmac *hmac, struct qw_bytes message, uint8_t out[QUIC_HASH_LEN])
{
    SHA256_CTX inner = hmac->inner, outer = hmac->outer;
    uint8_t digest[QUIC_HASH_LEN];
    SHA256_Update(&inner, message.data, message.len);
    SHA256_Final(digest, &inner);
    SHA256_Update(&outer, digest, sizeof digest);
    SHA256_Final(out, &outer);
}
