#include "floor.h"
#include "initials.h"
#include "measure.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#define COMPRESSIONS 14
#define HEADER 23 /* of the Initials: 1 + 4 + 9 + 9 without token, then length and packet number */
#define AAD (HEADER + 1 + 2 + 1)
#define TAG 16
#define SEALED (INITIAL_LEN - AAD - TAG)
#define NONCE_LEN 12

struct sealed {
    uint8_t aad[AAD], text[SEALED], tag[TAG];
};

static struct {
    struct sealed *set;
    EVP_CIPHER *gcm, *ecb;
    EVP_CIPHER_CTX *aead, *hp;
} g;

static const uint8_t NONCE[NONCE_LEN] = {1};

/* Each its own key, as Initials have. */
static void key_of(uint32_t number, uint8_t key[static 16])
{
    memset(key, 0x4b, 16);
    memcpy(key, &number, sizeof number);
}

static void seal(uint32_t number, struct sealed *out)
{
    static const uint8_t PLAIN[SEALED];
    uint8_t key[16];
    int len;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    key_of(number, key);
    memset(out, 0, sizeof *out);
    bench_require(EVP_EncryptInit_ex2(ctx, g.gcm, key, NONCE, NULL) &&
                      EVP_EncryptUpdate(ctx, NULL, &len, out->aad, AAD) &&
                      EVP_EncryptUpdate(ctx, out->text, &len, PLAIN, SEALED) &&
                      EVP_EncryptFinal_ex(ctx, out->tag, &len) &&
                      EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, out->tag),
                  "sealing for the floor");
    EVP_CIPHER_CTX_free(ctx);
}

void floor_prepare(void)
{
    g.gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
    g.ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
    g.aead = EVP_CIPHER_CTX_new();
    g.hp = EVP_CIPHER_CTX_new();
    g.set = calloc(INITIALS, sizeof *g.set);
    bench_require(g.set && g.gcm && g.ecb && g.aead && g.hp, "the floor's ciphers");
    bench_require(EVP_DecryptInit_ex2(g.aead, g.gcm, NULL, NULL, NULL), "AES-128-GCM");
    bench_require(EVP_EncryptInit_ex2(g.hp, g.ecb, NULL, NULL, NULL), "AES-128-ECB");
    for (uint32_t i = 0; i < INITIALS; i++)
        seal(i, &g.set[i]);
}

void floor_free(void)
{
    EVP_CIPHER_CTX_free(g.aead);
    EVP_CIPHER_CTX_free(g.hp);
    EVP_CIPHER_free(g.gcm);
    EVP_CIPHER_free(g.ecb);
    free(g.set);
}

/* The compression alone is only offered by the interface that OpenSSL 3 calls old. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static void compress(const uint8_t *block)
{
    SHA256_CTX state;
    SHA256_Init(&state);
    for (int i = 0; i < COMPRESSIONS; i++)
        SHA256_Transform(&state, block);
}
#pragma GCC diagnostic pop

static int open_one(uint32_t number, struct sealed *sealed)
{
    uint8_t key[16], mask[16], plain[SEALED];
    OSSL_PARAM with_tag[] = {OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, sealed->tag, TAG),
                             OSSL_PARAM_END};
    int len;
    key_of(number, key);
    compress(sealed->text);
    return EVP_EncryptInit_ex2(g.hp, NULL, key, NULL, NULL) &&
           EVP_EncryptUpdate(g.hp, mask, &len, sealed->text, sizeof mask) &&
           EVP_DecryptInit_ex2(g.aead, NULL, key, NONCE, with_tag) &&
           EVP_DecryptUpdate(g.aead, NULL, &len, sealed->aad, AAD) &&
           EVP_DecryptUpdate(g.aead, plain, &len, sealed->text, SEALED) &&
           EVP_DecryptFinal_ex(g.aead, plain + len, &len);
}

double floor_round(void)
{
    unsigned opened = 0;
    uint64_t began = bench_now();
    for (uint32_t i = 0; i < INITIALS; i++)
        opened += open_one(i, &g.set[i]) == 1;
    uint64_t took = bench_now() - began;
    bench_require(opened == INITIALS, "the floor opens every payload");
    return (double)took / INITIALS;
}
