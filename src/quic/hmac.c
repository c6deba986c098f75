#include "hmac.h"
#include <endian.h>
#include <string.h>

#define BLOCK_LEN 64 /* of SHA-256 */
#define LENGTH_LEN 8 /* of the message's length in bits, the end of its padding */
#define END_OF_DATA 0x80
#define IPAD 0x36
#define OPAD 0x5c
_Static_assert(QUIC_HMAC_MESSAGE_MAX + 1 + LENGTH_LEN == BLOCK_LEN,
               "a message and its padding are one block");
_Static_assert(QUIC_HASH_LEN <= QUIC_HMAC_MESSAGE_MAX, "and so is a digest");

/* FIPS 180-4 5.3.3 */
static const struct quic_hash START = {
    {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};

/* The state that follows `from` with one more block taken in. */
static struct quic_hash compress(const struct quic_hash *from, const uint8_t block[BLOCK_LEN])
{
    SHA256_CTX state; /* of which a compression uses `h` alone */
    struct quic_hash to;
    memcpy(state.h, from->h, sizeof state.h);
    SHA256_Transform(&state, block);
    memcpy(to.h, state.h, sizeof to.h);
    return to;
}

static struct quic_hash take_in(struct qw_bytes key, uint8_t pad)
{
    uint8_t block[BLOCK_LEN];
    memset(block, pad, sizeof block);
    for (size_t i = 0; i < key.len; i++)
        block[i] = key.data[i] ^ pad;
    return compress(&START, block);
}

void quic_hmac_key(struct quic_hmac *hmac, struct qw_bytes key)
{
    hmac->inner = take_in(key, IPAD);
    hmac->outer = take_in(key, OPAD);
}

/* Ends a hash that has taken in one block with `message` (FIPS 180-4 5.1.1). */
static void finish(const struct quic_hash *keyed, struct qw_bytes message, uint8_t out[QUIC_HASH_LEN])
{
    uint8_t block[BLOCK_LEN] = {0};
    size_t bits = (BLOCK_LEN + message.len) * 8;
    if (message.len)
        memcpy(block, message.data, message.len);
    block[message.len] = END_OF_DATA;
    block[BLOCK_LEN - 2] = (uint8_t)(bits >> 8);
    block[BLOCK_LEN - 1] = (uint8_t)bits;
    struct quic_hash end = compress(keyed, block);
    for (size_t i = 0; i < QUIC_HASH_LEN / sizeof(uint64_t); i++) {
        uint64_t words = htobe64((uint64_t)end.h[2 * i] << 32 | end.h[2 * i + 1]);
        memcpy(out + i * sizeof words, &words, sizeof words);
    }
}

void quic_hmac(const struct quic_hmac *hmac, struct qw_bytes message, uint8_t out[QUIC_HASH_LEN])
{
    uint8_t digest[QUIC_HASH_LEN];
    finish(&hmac->inner, message, digest);
    finish(&hmac->outer, (struct qw_bytes){digest, sizeof digest}, out);
}
