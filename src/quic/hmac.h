/* HMAC-SHA256 (RFC 2104) for the short keys and messages of QUIC's key schedule, in single compressions: a
 * key is kept as the two hash states that have taken it in, a message as the one block that ends its hash.
 *
 * EVP's digests allocate for every copy of a state. This is the one place that uses OpenSSL's older interface
 * to SHA-256, and of it the compression alone. */
#ifndef QUIC_HMAC_H
#define QUIC_HMAC_H

#define OPENSSL_API_COMPAT 10101 /* of OpenSSL 1.1.1: without it, version 3 warns of that interface */
#include <openssl/sha.h>
#include <quicward/base/bytes.h>

#define QUIC_HASH_LEN 32
#define QUIC_HMAC_BLOCK_LEN 64
#define QUIC_HMAC_MESSAGE_MAX 55

/* SHA-256 after some whole blocks. */
struct quic_hash {
    SHA_LONG h[8];
};

struct quic_hmac {
    struct quic_hash inner, outer;
};

/* A message behind a key's block, padded. */
struct quic_hmac_message {
    uint8_t block[QUIC_HMAC_BLOCK_LEN];
};

/* Takes in a key of at most QUIC_HASH_LEN bytes. */
void quic_hmac_key(struct quic_hmac *hmac, struct qw_bytes key);

/* Pads `message`, of at most QUIC_HMAC_MESSAGE_MAX bytes. */
struct quic_hmac_message quic_hmac_message(struct qw_bytes message);

/* The HMAC of `message` under the key that `hmac` took in. */
void quic_hmac(const struct quic_hmac *hmac, const struct quic_hmac_message *message,
               uint8_t out[QUIC_HASH_LEN]);

#endif
