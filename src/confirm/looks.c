/* What the first bytes of a datagram tell without any state. */
#include <quicward/confirm.h>

bool confirm_concerns(struct qw_bytes payload)
{
    return payload.len >= 7 && payload.data[0] & 0x80;
}

static uint32_t version_of(struct qw_bytes payload)
{
    struct qw_reader r = qw_reader(payload.data + 1, 4);
    return qw_u32(&r);
}

static bool is_known(struct qw_bytes payload)
{
    return confirm_concerns(payload) && quic_version_known(version_of(payload));
}

bool confirm_concerns_known(struct qw_bytes payload)
{
    return is_known(payload) || (confirm_concerns(payload) && quic_version_is_scone(version_of(payload)));
}

static bool may_open_another_version(const struct quic_packet *packet, uint32_t wire_len)
{
    return !quic_version_is_google(packet->version) && wire_len >= QUIC_CLIENT_DATAGRAM_MIN &&
           packet->dcid.len >= QUIC_CLIENT_DCID_MIN && packet->dcid.len <= QUIC_CID_MAX &&
           packet->scid.len <= QUIC_CID_MAX;
}

static bool may_open(const struct quic_packet *packet, uint32_t wire_len)
{
    return packet->type == QUIC_INITIAL || packet->type == QUIC_ZERO_RTT ||
           (packet->type == QUIC_OTHER_VERSION && may_open_another_version(packet, wire_len));
}

/* RFC 9001 5.4.2: the sample for header protection and what comes before it. */
#define SAMPLE_END (4 + 16)

static bool is_no_first_initial(const struct quic_packet *packet, uint32_t wire_len)
{
    return wire_len < QUIC_CLIENT_DATAGRAM_MIN || packet->dcid.len < QUIC_CLIENT_DCID_MIN ||
           packet->packet.len < packet->pn_offset + SAMPLE_END;
}

/* RFC 9000 17.2, RFC 9369 3.2: the type bits of an Initial. */
static bool says_initial(struct qw_bytes payload)
{
    struct qw_reader r = qw_reader(payload.data, payload.len);
    unsigned type = qw_u8(&r) >> 4 & 3;
    return type == (qw_u32(&r) == QUIC_VERSION_2 ? 1 : 0);
}

/* Reads the first packet behind a SCONE packet, if there is one; `rest` then begins with it. */
static enum qw_error first_packet(struct qw_bytes *rest, struct quic_packet *first)
{
    struct qw_reader datagram = qw_reader(rest->data, rest->len);
    enum qw_error error = quic_next(&datagram, first);
    if (error != QW_OK || first->type != QUIC_SCONE)
        return error;
    *rest = (struct qw_bytes){datagram.at, qw_left(&datagram)};
    return quic_next(&datagram, first);
}

struct confirm_look confirm_look(struct qw_bytes payload, uint32_t wire_len)
{
    struct quic_packet first;
    struct confirm_look look = {0};
    if (!confirm_concerns(payload))
        return look;
    bool whole = payload.len >= wire_len; /* of one captured in part nobody knows whether its lengths fit */
    if (first_packet(&payload, &first) != QW_OK) {
        look.misshapen = whole && is_known(payload) && says_initial(payload);
        return look;
    }
    look.begins = may_open(&first, wire_len);
    look.version = look.begins ? first.version : 0;
    look.misshapen = first.type == QUIC_INITIAL && is_no_first_initial(&first, wire_len);
    return look;
}
