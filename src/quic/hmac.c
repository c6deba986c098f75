#include "hmac.h"
#include <endian.h>
#include <string.h>

#define LENGTH_LEN 8 /* of the count of bits that ends the padding (FIPS 180-4 5.1.1) */
#define END_OF_MESSAGE 0x80
#define IPAD 0x36
#define OPAD 0x5c
_Static_assert(QUIC_HMAC_MESSAGE_MAX + 1 + LENGTH_LEN == QUIC_HMAC_BLOCK_LEN, "one block with its padding");
_Static_assert(QUIC_HASH_LEN <= QUIC_HMAC_MESSAGE_MAX, "so is a digest");

/* FIPS 180-4 5.3.3 */
static const struct quic_hash START = {
    {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};

/* Takes one more block in behind `from`. Of `state` a compression uses `h` alone. */
static void compress(const struct quic_hash *from, const uint8_t block[QUIC_HMAC_BLOCK_LEN],
                     SHA256_CTX *state)
{
    memcpy(state->h, from->h, sizeof state->h);
    SHA256_Transform(state, block);
}

static void take_in(struct qw_bytes key, uint8_t pad, struct quic_hash *out)
{
    uint8_t block[QUIC_HMAC_BLOCK_LEN];
    SHA256_CTX state;
    memset(block, pad, sizeof block);
    for (size_t i = 0; i < key.len; i++)
        block[i] = key.data[i] ^ pad;
    compress(&START, block, &state);
    memcpy(out->h, state.h, sizeof out->h);
}

void quic_hmac_key(struct quic_hmac *hmac, struct qw_bytes key)
{
    take_in(key, IPAD, &hmac->inner);
    take_in(key, OPAD, &hmac->outer);
}

static void end_message(uint8_t block[QUIC_HMAC_BLOCK_LEN], size_t len)
{
    size_t bits = (QUIC_HMAC_BLOCK_LEN + len) * 8;
    block[len] = END_OF_MESSAGE;
    block[QUIC_HMAC_BLOCK_LEN - 2] = (uint8_t)(bits >> 8);
    block[QUIC_HMAC_BLOCK_LEN - 1] = (uint8_t)bits;
}

struct quic_hmac_message quic_hmac_message(struct qw_bytes message)
{
    struct quic_hmac_message out = {{0}};
    if (message.len > 0)
        memcpy(out.block, message.data, message.len);
    end_message(out.block, message.len);
    return out;
}

static void put_digest(const SHA256_CTX *state, uint8_t out[QUIC_HASH_LEN])
{
    for (size_t i = 0; i < QUIC_HASH_LEN / sizeof(uint64_t); i++) {
        uint64_t words = htobe64((uint64_t)state->h[2 * i] << 32 | state->h[2 * i + 1]);
        memcpy(out + i * sizeof words, &words, sizeof words);
    }
}

void quic_hmac(const struct quic_hmac *hmac, const struct quic_hmac_message *message,
               uint8_t out[QUIC_HASH_LEN])
{
    uint8_t block[QUIC_HMAC_BLOCK_LEN] = {0};
    SHA256_CTX state;
    end_message(block, QUIC_HASH_LEN);
    compress(&hmac->inner, message->block, &state);
    put_digest(&state, block);
    compress(&hmac->outer, block, &state);
    put_digest(&state, out);
}
