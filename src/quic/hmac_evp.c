/* EVP allocates for every copy of a state, so that a key cannot be kept as one: each HMAC hashes it anew. */
#include "hmac_pad.h"
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct quic_hmac_work {
    EVP_MD *sha256;
    EVP_MD_CTX *ctx;
};

struct quic_hmac_work *quic_hmac_work_new(void)
{
    struct quic_hmac_work *work = calloc(1, sizeof *work);
    if (!work)
        return NULL;
    work->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    work->ctx = EVP_MD_CTX_new();
    if (work->sha256 && work->ctx && EVP_DigestInit_ex2(work->ctx, work->sha256, NULL))
        return work;
    quic_hmac_work_free(work);
    return NULL;
}

void quic_hmac_work_free(struct quic_hmac_work *work)
{
    if (!work)
        return;
    EVP_MD_CTX_free(work->ctx);
    EVP_MD_free(work->sha256);
    free(work);
}

void quic_hmac_key(struct quic_hmac *hmac, struct qw_bytes key)
{
    memset(hmac->key, 0, sizeof hmac->key);
    if (key.len > 0)
        memcpy(hmac->key, key.data, key.len);
}

/* The hash of the padded key and `message`. */
static bool hash(struct quic_hmac_work *work, const struct quic_hmac *hmac, uint8_t pad,
                 struct qw_bytes message, uint8_t out[QUIC_HASH_LEN])
{
    uint8_t block[QUIC_HMAC_BLOCK_LEN];
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = hmac->key[i] ^ pad;
    return EVP_DigestInit_ex2(work->ctx, NULL, NULL) && EVP_DigestUpdate(work->ctx, block, sizeof block) &&
           EVP_DigestUpdate(work->ctx, message.data, message.len) && EVP_DigestFinal_ex(work->ctx, out, NULL);
}

void quic_hmac(struct quic_hmac_work *work, const struct quic_hmac *hmac,
               const struct quic_hmac_message *message, uint8_t out[QUIC_HASH_LEN])
{
    uint8_t inner[QUIC_HASH_LEN];
    struct qw_bytes text = {message->block, hmac_message_len(message->block)};
    bool done = hash(work, hmac, HMAC_IPAD, text, inner) &&
                hash(work, hmac, HMAC_OPAD, (struct qw_bytes){inner, sizeof inner}, out);
    if (!done)
        memset(out, 0, QUIC_HASH_LEN);
}
