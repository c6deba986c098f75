/* The OpenSSL objects of one thread. Fetching an algorithm costs more than using it, so it happens once. */
#ifndef QUIC_CRYPTO_H
#define QUIC_CRYPTO_H

#include "hmac.h"
#include "quic_version.h"
#include <openssl/evp.h>

#define QUIC_TAG_LEN 16   /* of AES-128-GCM */
#define QUIC_NONCE_LEN 12 /* likewise */

/* The longest: a Retry Pseudo-Packet (RFC 9001 5.8), which puts a connection ID before a packet. */
#define QUIC_AAD_MAX (1 + QUIC_CID_MAX + QUIC_DATAGRAM_MAX)

struct quic_crypto {
    struct quic_hmac_work *hmac;
    struct quic_schedule {
        struct quic_hmac salt;                /* keyed with the version's initial_salt */
        struct quic_hmac_message key, iv, hp; /* its labels */
    } schedule[QUIC_VERSIONS];
    struct quic_hmac_message secret[2]; /* the labels of the initial secrets, by enum quic_sender */
    EVP_CIPHER *gcm, *ecb;
    EVP_CIPHER_CTX *aead, *hp;            /* keyed anew by each packet */
    EVP_CIPHER_CTX *retry[QUIC_VERSIONS]; /* keyed with each version's Retry key */
    uint8_t aad[QUIC_AAD_MAX];            /* room to put associated data together */
};

/* Removes AES-128-GCM protection. `sealed` is ciphertext and tag, at least QUIC_TAG_LEN bytes. The plaintext
 * goes to `out`, which AUTH leaves with garbage. `key` is NULL when `ctx` has its key. QW_OK, QW_ERR_AUTH,
 * QW_ERR_CRYPTO. */
enum qw_error quic_aead_open(EVP_CIPHER_CTX *ctx, const uint8_t *key, const uint8_t nonce[QUIC_NONCE_LEN],
                             struct qw_bytes aad, struct qw_bytes sealed, uint8_t *out);

#endif
