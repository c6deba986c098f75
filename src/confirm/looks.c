/* What the first bytes of a datagram tell without any state. */
#include <quicward/confirm.h>

bool confirm_concerns(struct qw_bytes payload)
{
    return payload.len >= 7 && payload.data[0] & 0x80;
}

bool confirm_concerns_known(struct qw_bytes payload)
{
    if (!confirm_concerns(payload))
        return false;
    struct qw_reader r = qw_reader(payload.data + 1, 4);
    return quic_version_known(qw_u32(&r));
}

static bool may_open_another_version(const struct quic_packet *packet, uint32_t wire_len)
{
    return !quic_version_is_google(packet->version) && wire_len >= QUIC_CLIENT_DATAGRAM_MIN &&
           packet->dcid.len >= QUIC_CLIENT_DCID_MIN && packet->dcid.len <= QUIC_CID_MAX &&
           packet->scid.len <= QUIC_CID_MAX;
}

bool confirm_begins(struct qw_bytes payload, uint32_t wire_len, uint32_t *version)
{
    struct qw_reader datagram = qw_reader(payload.data, payload.len);
    struct quic_packet first;
    *version = 0;
    if (!confirm_concerns(payload) || quic_next(&datagram, &first) != QW_OK)
        return false;
    bool begins = first.type == QUIC_INITIAL || first.type == QUIC_ZERO_RTT ||
                  (first.type == QUIC_OTHER_VERSION && may_open_another_version(&first, wire_len));
    if (begins)
        *version = first.version;
    return begins;
}

/* RFC 9001 5.4.2: the sample for header protection and what comes before it. */
#define SAMPLE_END (4 + 16)

/* RFC 9000 17.2, RFC 9369 3.2: the type bits of an Initial. */
static bool says_initial(struct qw_bytes payload)
{
    struct qw_reader r = qw_reader(payload.data, payload.len);
    unsigned type = qw_u8(&r) >> 4 & 3;
    return type == (qw_u32(&r) == QUIC_VERSION_2 ? 1 : 0);
}

bool confirm_misshapen(struct qw_bytes payload, uint32_t wire_len)
{
    struct qw_reader datagram = qw_reader(payload.data, payload.len);
    struct quic_packet first;
    if (!confirm_concerns_known(payload) || !says_initial(payload))
        return false;
    if (wire_len < QUIC_CLIENT_DATAGRAM_MIN || quic_next(&datagram, &first) != QW_OK)
        return true;
    return first.dcid.len < QUIC_CLIENT_DCID_MIN || first.packet.len < first.pn_offset + SAMPLE_END;
}
