#include "hmac.h"
#include <string.h>

#define BLOCK_LEN 64 /* of SHA-256 */
#define IPAD 0x36
#define OPAD 0x5c

bool quic_hmac_new(struct quic_hmac *hmac)
{
    hmac->inner = EVP_MD_CTX_new();
    hmac->outer = EVP_MD_CTX_new();
    return hmac->inner && hmac->outer;
}

void quic_hmac_free(struct quic_hmac *hmac)
{
    EVP_MD_CTX_free(hmac->inner);
    EVP_MD_CTX_free(hmac->outer);
}

static bool take_in(EVP_MD_CTX *state, const EVP_MD_CTX *blank, struct qw_bytes key, uint8_t pad)
{
    uint8_t block[BLOCK_LEN];
    memset(block, pad, sizeof block);
    for (size_t i = 0; i < key.len; i++)
        block[i] = key.data[i] ^ pad;
    return EVP_MD_CTX_copy_ex(state, blank) && EVP_DigestUpdate(state, block, sizeof block);
}

bool quic_hmac_key(struct quic_hmac *hmac, const EVP_MD_CTX *blank, struct qw_bytes key)
{
    return key.len <= QUIC_HASH_LEN && take_in(hmac->inner, blank, key, IPAD) &&
           take_in(hmac->outer, blank, key, OPAD);
}

bool quic_hmac_copy(struct quic_hmac *to, const struct quic_hmac *from)
{
    return EVP_MD_CTX_copy_ex(to->inner, from->inner) && EVP_MD_CTX_copy_ex(to->outer, from->outer);
}

bool quic_hmac_end(struct quic_hmac *hmac, struct qw_bytes message, uint8_t out[QUIC_HASH_LEN])
{
    uint8_t digest[QUIC_HASH_LEN];
    return EVP_DigestUpdate(hmac->inner, message.data, message.len) &&
           EVP_DigestFinal_ex(hmac->inner, digest, NULL) &&
           EVP_DigestUpdate(hmac->outer, digest, sizeof digest) && EVP_DigestFinal_ex(hmac->outer, out, NULL);
}
