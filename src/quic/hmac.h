/* HMAC-SHA256 (RFC 2104) as a pair of hash states that have taken in the key. Keying costs two of the four
 * compressions of a short message, so a key that is used often is kept as its states.
 *
 * EVP's digests allocate for every copy of a state. This is the one place that uses OpenSSL's older interface
 * to SHA-256, whose states are plain data. */
#ifndef QUIC_HMAC_H
#define QUIC_HMAC_H

#define OPENSSL_API_COMPAT 10101 /* of OpenSSL 1.1.1: without it, version 3 warns of that interface */
#include <openssl/sha.h>
#include <quicward/base/bytes.h>

#define QUIC_HASH_LEN 32

struct quic_hmac {
    SHA256_CTX inner, outer;
};

/* Takes in a key of at most QUIC_HASH_LEN bytes. */
void quic_hmac_key(struct quic_hmac *hmac, struct qw_bytes key);

/* The HMAC of `message` under the key that `hmac` took in. */
void quic_hmac(const struct quic_hmac *hmac, struct qw_bytes message, uint8_t out[QUIC_HASH_LEN]);

#endif
