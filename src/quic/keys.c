/* The key schedule of Initial packets: RFC 9001 5.1, 5.2, RFC 9369 3.3, over HKDF (RFC 5869) with SHA-256. */
#include "crypto.h"
#include <string.h>

/* One output block of HKDF-Expand, cut to `len`. */
static void expand(struct quic_hmac_work *work, const struct quic_hmac *secret,
                   const struct quic_hmac_message *label, uint8_t *out, size_t len)
{
    uint8_t block[QUIC_HASH_LEN];
    quic_hmac(work, secret, label, block);
    memcpy(out, block, len);
}

/* Keys `out` with the secret whose label is `label`. */
static void derive_secret(struct quic_hmac_work *work, const struct quic_hmac *salt,
                          struct qw_bytes client_dcid, const struct quic_hmac_message *label,
                          struct quic_hmac *out)
{
    uint8_t secret[QUIC_HASH_LEN];
    struct qw_bytes key = {secret, sizeof secret};
    struct quic_hmac_message dcid = quic_hmac_message(client_dcid);
    quic_hmac(work, salt, &dcid, secret);
    quic_hmac_key(out, key);
    quic_hmac(work, out, label, secret);
    quic_hmac_key(out, key);
}

enum qw_error quic_initial_keys(struct quic_crypto *crypto, uint32_t version, struct qw_bytes client_dcid,
                                enum quic_sender sender, struct quic_initial_keys *out)
{
    const struct quic_version *v = quic_version_find(version);
    if (!v)
        return QW_ERR_UNSUPPORTED;
    if (client_dcid.len > QUIC_CID_MAX)
        return QW_ERR_INVALID;
    const struct quic_schedule *schedule = &crypto->schedule[v - quic_versions];
    struct quic_hmac secret;
    derive_secret(crypto->hmac, &schedule->salt, client_dcid, &crypto->secret[sender], &secret);
    expand(crypto->hmac, &secret, &schedule->key, out->key, sizeof out->key);
    expand(crypto->hmac, &secret, &schedule->iv, out->iv, sizeof out->iv);
    expand(crypto->hmac, &secret, &schedule->hp, out->hp, sizeof out->hp);
    return QW_OK;
}
