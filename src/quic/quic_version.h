/* Everything in which v1 and v2 differ, so that the rest of the room has no case for either. */
#ifndef QUIC_VERSION_H
#define QUIC_VERSION_H

#include <quicward/quic.h>

#define QUIC_VERSIONS 2 /* v1 and v2 */

struct quic_version {
    uint32_t number;
    enum quic_type types[4]; /* by the Long Packet Type bits */
    uint8_t initial_salt[20];
    struct qw_bytes key, iv, hp; /* HkdfLabels with the counter byte of HKDF-Expand behind them */
    uint8_t retry_key[16], retry_nonce[12];
};

extern const struct quic_version quic_versions[QUIC_VERSIONS];
extern const struct qw_bytes quic_label_client_in, quic_label_server_in; /* HkdfLabels, the same in both */

/* An entry of quic_versions, or NULL for any other version. */
const struct quic_version *quic_version_find(uint32_t number);

#endif
