/* Retry Packet Integrity: RFC 9001 5.8, RFC 9369 3.3.3. */
#include "crypto.h"

enum qw_error quic_retry_verify(struct quic_crypto *crypto, const struct quic_packet *packet,
                                struct qw_bytes original_dcid)
{
    const struct quic_version *version = quic_version_find(packet->version);
    if (packet->type != QUIC_RETRY || !version)
        return QW_ERR_UNSUPPORTED;
    if (packet->packet.len < QUIC_TAG_LEN)
        return QW_ERR_TRUNCATED;
    if (original_dcid.len > QUIC_CID_MAX)
        return QW_ERR_AUTH; /* no Initial of these versions had it */
    uint8_t dcid_len = (uint8_t)original_dcid.len;
    size_t covered = packet->packet.len - QUIC_TAG_LEN;
    /* The Retry Pseudo-Packet; nothing is encrypted, so the tag alone is what is opened. */
    struct qw_bytes pseudo[] = {{&dcid_len, 1}, original_dcid, {packet->packet.data, covered}};
    struct qw_bytes tag = {packet->packet.data + covered, QUIC_TAG_LEN};
    return quic_aead_open(crypto->retry[version - quic_versions], NULL, version->retry_nonce, pseudo,
                          sizeof pseudo / sizeof pseudo[0], tag, NULL);
}
