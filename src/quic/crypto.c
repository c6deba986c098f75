#include "crypto.h"
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t NO_KEY[16]; /* makes a context whole; the real key comes with each packet */

/* What is the same for all connections. */
static void begin_schedules(struct quic_crypto *c)
{
    for (size_t i = 0; i < QUIC_VERSIONS; i++) {
        const struct quic_version *version = &quic_versions[i];
        struct qw_bytes salt = {version->initial_salt, sizeof version->initial_salt};
        quic_hmac_key(&c->schedule[i].salt, salt);
        c->schedule[i].key = quic_hmac_message(version->key);
        c->schedule[i].iv = quic_hmac_message(version->iv);
        c->schedule[i].hp = quic_hmac_message(version->hp);
    }
    c->secret[QUIC_CLIENT] = quic_hmac_message(quic_label_client_in);
    c->secret[QUIC_SERVER] = quic_hmac_message(quic_label_server_in);
}

static EVP_CIPHER_CTX *new_opener(const EVP_CIPHER *gcm, const uint8_t *key)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx && EVP_DecryptInit_ex2(ctx, gcm, key, NULL, NULL))
        return ctx;
    EVP_CIPHER_CTX_free(ctx);
    return NULL;
}

static bool new_ciphers(struct quic_crypto *c)
{
    c->gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
    c->ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
    c->hp = EVP_CIPHER_CTX_new();
    if (!c->gcm || !c->ecb || !c->hp || !EVP_EncryptInit_ex2(c->hp, c->ecb, NO_KEY, NULL, NULL))
        return false;
    for (size_t i = 0; i < QUIC_VERSIONS; i++) {
        c->retry[i] = new_opener(c->gcm, quic_versions[i].retry_key);
        if (!c->retry[i])
            return false;
    }
    c->aead = new_opener(c->gcm, NO_KEY);
    return c->aead != NULL;
}

struct quic_crypto *quic_crypto_new(void)
{
    struct quic_crypto *crypto = calloc(1, sizeof *crypto);
    if (!crypto)
        return NULL;
    begin_schedules(crypto);
    crypto->hmac = quic_hmac_work_new();
    if (crypto->hmac && new_ciphers(crypto))
        return crypto;
    quic_crypto_free(crypto);
    return NULL;
}

void quic_crypto_free(struct quic_crypto *crypto)
{
    if (!crypto)
        return;
    for (size_t i = 0; i < QUIC_VERSIONS; i++)
        EVP_CIPHER_CTX_free(crypto->retry[i]);
    quic_hmac_work_free(crypto->hmac);
    EVP_CIPHER_CTX_free(crypto->aead);
    EVP_CIPHER_CTX_free(crypto->hp);
    EVP_CIPHER_free(crypto->gcm);
    EVP_CIPHER_free(crypto->ecb);
    free(crypto);
}

/* EVP counts in int. No datagram comes near its end. */
static bool update(EVP_CIPHER_CTX *ctx, uint8_t *out, struct qw_bytes in)
{
    int written;
    return in.len == 0 ||
           (in.len <= QUIC_AAD_MAX && EVP_DecryptUpdate(ctx, out, &written, in.data, (int)in.len));
}

enum qw_error quic_aead_open(EVP_CIPHER_CTX *ctx, const uint8_t *key, const uint8_t nonce[QUIC_NONCE_LEN],
                             struct qw_bytes aad, struct qw_bytes sealed, uint8_t *out)
{
    struct qw_bytes ciphertext = {sealed.data, sealed.len - QUIC_TAG_LEN};
    uint8_t tag[QUIC_TAG_LEN];
    memcpy(tag, sealed.data + ciphertext.len, sizeof tag);
    OSSL_PARAM with_tag[] = {OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, sizeof tag),
                             OSSL_PARAM_END};
    int written;
    if (!EVP_DecryptInit_ex2(ctx, NULL, key, nonce, with_tag) || !update(ctx, NULL, aad) ||
        !update(ctx, out, ciphertext))
        return QW_ERR_CRYPTO;
    return EVP_DecryptFinal_ex(ctx, out, &written) ? QW_OK : QW_ERR_AUTH;
}
