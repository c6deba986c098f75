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
    if (original_dcid.len > QUIC_CID_MAX || packet->packet.len > QUIC_DATAGRAM_MAX)
        return QW_ERR_AUTH; /* no packet of these versions is like that */
    /* The Retry Pseudo-Packet; nothing is encrypted, so the tag alone is what is opened. */
    size_t covered = packet->packet.len - QUIC_TAG_LEN;
    struct qw_writer pseudo = qw_writer(crypto->aad, sizeof crypto->aad);
    qw_put_u8(&pseudo, (uint8_t)original_dcid.len);
    qw_put(&pseudo, original_dcid.data, original_dcid.len);
    qw_put(&pseudo, packet->packet.data, covered);
    struct qw_bytes aad = {crypto->aad, qw_written(&pseudo)};
    struct qw_bytes tag = {packet->packet.data + covered, QUIC_TAG_LEN};
    return quic_aead_open(crypto->retry[version - quic_versions], NULL, version->retry_nonce, aad, tag, NULL);
}
