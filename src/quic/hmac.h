/* HMAC-SHA256 (RFC 2104) for the short keys and messages of QUIC's key schedule. Two implementations, of
 * which the build takes one: hmac_nettle.c in single compressions, a key being kept as the two hash states
 * that have taken it in; hmac_evp.c with OpenSSL's EVP alone, where nettle is not there, slower. Neither
 * allocates once its work exists. */
#ifndef QUIC_HMAC_H
#define QUIC_HMAC_H

#include <quicward/base/bytes.h>

#define QUIC_HASH_LEN 32
#define QUIC_HMAC_BLOCK_LEN 64
#define QUIC_HMAC_MESSAGE_MAX 55

/* A key: the states of the inner and the outer hash behind it, or itself with zeros behind it. */
struct quic_hmac {
    union {
        uint32_t states[2][QUIC_HASH_LEN / 4];
        uint8_t key[QUIC_HMAC_BLOCK_LEN];
    };
};

/* A message behind a key's block, padded as SHA-256 ends it (FIPS 180-4 5.1.1). */
struct quic_hmac_message {
    uint8_t block[QUIC_HMAC_BLOCK_LEN];
};

/* What a thread computes with. NULL when memory is short or the library refuses. The caller owns it. */
struct quic_hmac_work;
struct quic_hmac_work *quic_hmac_work_new(void);
void quic_hmac_work_free(struct quic_hmac_work *work);

/* Takes in a key of at most QUIC_HASH_LEN bytes. */
void quic_hmac_key(struct quic_hmac *hmac, struct qw_bytes key);

/* Pads `message`, of at most QUIC_HMAC_MESSAGE_MAX bytes. */
struct quic_hmac_message quic_hmac_message(struct qw_bytes message);

/* The HMAC of `message` under the key that `hmac` took in; zeros when the library refuses. */
void quic_hmac(struct quic_hmac_work *work, const struct quic_hmac *hmac,
               const struct quic_hmac_message *message, uint8_t out[QUIC_HASH_LEN]);

#endif
