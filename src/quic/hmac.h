/* HMAC-SHA256 (RFC 2104) as a pair of hash states that have taken in the key. Keying costs two of the four
 * compressions of a short message, so a key that is used often is kept as its states. */
#ifndef QUIC_HMAC_H
#define QUIC_HMAC_H

#include <openssl/evp.h>
#include <quicward/base/bytes.h>
#include <stdbool.h>

#define QUIC_HASH_LEN 32

struct quic_hmac {
    EVP_MD_CTX *inner, *outer; /* owned */
};

/* Every function returns false when the crypto library refuses. */
bool quic_hmac_new(struct quic_hmac *hmac);
void quic_hmac_free(struct quic_hmac *hmac);

/* Takes in a key of at most QUIC_HASH_LEN bytes. `blank` is a fresh SHA-256 state. */
bool quic_hmac_key(struct quic_hmac *hmac, const EVP_MD_CTX *blank, struct qw_bytes key);

/* Makes `to` the same keyed state as `from`. */
bool quic_hmac_copy(struct quic_hmac *to, const struct quic_hmac *from);

/* The HMAC of `message`. Uses the states up: the next use needs a key or a copy. */
bool quic_hmac_end(struct quic_hmac *hmac, struct qw_bytes message, uint8_t out[QUIC_HASH_LEN]);

#endif
