/* nettle's sha256_ctx is an open struct that is copied like any other, and an update by one block is one
 * compression. */
#include "hmac_pad.h"
#include <endian.h>
#include <nettle/sha2.h>
#include <string.h>

_Static_assert(sizeof(((struct sha256_ctx *)0)->state) == QUIC_HASH_LEN, "a state of eight words");

/* FIPS 180-4 5.3.3 */
static const uint32_t START[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/* Takes one more block in behind `from`. What the context counts is not used: messages come padded. */
static void compress(const uint32_t from[8], const uint8_t block[QUIC_HMAC_BLOCK_LEN], struct sha256_ctx *ctx)
{
    memcpy(ctx->state, from, sizeof ctx->state);
    ctx->index = 0;
    ctx->count = 0;
    sha256_update(ctx, QUIC_HMAC_BLOCK_LEN, block);
}

static void take_in(struct qw_bytes key, uint8_t pad, uint32_t out[8])
{
    uint8_t block[QUIC_HMAC_BLOCK_LEN];
    struct sha256_ctx ctx;
    memset(block, pad, sizeof block);
    for (size_t i = 0; i < key.len; i++)
        block[i] = key.data[i] ^ pad;
    compress(START, block, &ctx);
    memcpy(out, ctx.state, sizeof ctx.state);
}

void quic_hmac_key(struct quic_hmac *hmac, struct qw_bytes key)
{
    take_in(key, HMAC_IPAD, hmac->states[0]);
    take_in(key, HMAC_OPAD, hmac->states[1]);
}

static void put_digest(const struct sha256_ctx *ctx, uint8_t out[QUIC_HASH_LEN])
{
    for (size_t i = 0; i < QUIC_HASH_LEN / sizeof(uint64_t); i++) {
        uint64_t words = htobe64((uint64_t)ctx->state[2 * i] << 32 | ctx->state[2 * i + 1]);
        memcpy(out + i * sizeof words, &words, sizeof words);
    }
}

void quic_hmac(struct quic_hmac_work *work, const struct quic_hmac *hmac,
               const struct quic_hmac_message *message, uint8_t out[QUIC_HASH_LEN])
{
    uint8_t block[QUIC_HMAC_BLOCK_LEN] = {0};
    struct sha256_ctx ctx;
    (void)work;
    hmac_end_message(block, QUIC_HASH_LEN);
    compress(hmac->states[0], message->block, &ctx);
    put_digest(&ctx, block);
    compress(hmac->states[1], block, &ctx);
    put_digest(&ctx, out);
}

/* Nothing but the stack is needed: this only is not NULL. */
struct quic_hmac_work {
    char unused;
};

struct quic_hmac_work *quic_hmac_work_new(void)
{
    static struct quic_hmac_work none;
    return &none;
}

void quic_hmac_work_free(struct quic_hmac_work *work)
{
    (void)work;
}
