/* The key schedule of Initial packets: RFC 9001 5.1, 5.2, RFC 9369 3.3, over HKDF (RFC 5869) with SHA-256. */
#include "crypto.h"
#include <string.h>

/* One output block of HKDF-Expand, cut to `len`; uses `hmac` up. */
static bool expand(struct quic_hmac *hmac, struct qw_bytes label, uint8_t *out, size_t len)
{
    uint8_t block[QUIC_HASH_LEN];
    if (!quic_hmac_end(hmac, label, block))
        return false;
    memcpy(out, block, len);
    return true;
}

/* Leaves `crypto->secret` keyed with the sender's initial secret. */
static bool derive_secret(struct quic_crypto *crypto, const struct quic_hmac *salt,
                          struct qw_bytes client_dcid, struct qw_bytes label)
{
    uint8_t secret[QUIC_HASH_LEN];
    struct qw_bytes key = {secret, sizeof secret};
    return quic_hmac_copy(&crypto->work, salt) && quic_hmac_end(&crypto->work, client_dcid, secret) &&
           quic_hmac_key(&crypto->work, crypto->blank, key) && quic_hmac_end(&crypto->work, label, secret) &&
           quic_hmac_key(&crypto->secret, crypto->blank, key);
}

static bool derive_keys(struct quic_crypto *crypto, const struct quic_version *version,
                        struct quic_initial_keys *out)
{
    struct quic_hmac *work = &crypto->work, *secret = &crypto->secret;
    return quic_hmac_copy(work, secret) && expand(work, version->key, out->key, sizeof out->key) &&
           quic_hmac_copy(work, secret) && expand(work, version->iv, out->iv, sizeof out->iv) &&
           expand(secret, version->hp, out->hp, sizeof out->hp);
}

enum qw_error quic_initial_keys(struct quic_crypto *crypto, uint32_t version, struct qw_bytes client_dcid,
                                enum quic_sender sender, struct quic_initial_keys *out)
{
    const struct quic_version *v = quic_version_find(version);
    if (!v)
        return QW_ERR_UNSUPPORTED;
    if (client_dcid.len > QUIC_CID_MAX)
        return QW_ERR_INVALID;
    const struct quic_hmac *salt = &crypto->salt[v - quic_versions];
    struct qw_bytes label = sender == QUIC_CLIENT ? quic_label_client_in : quic_label_server_in;
    return derive_secret(crypto, salt, client_dcid, label) && derive_keys(crypto, v, out) ? QW_OK
                                                                                          : QW_ERR_CRYPTO;
}
