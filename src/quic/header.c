/* Where one packet of a datagram begins, ends, and what its header says: RFC 8999 5, RFC 9000 12.2 and 17.2,
 * RFC 9369 3.2. Nothing here decides whether a packet is genuine. */
#include "quic_version.h"

#define FORM_LONG 0x80
#define RETRY_TAG_LEN 16 /* RFC 9000 17.2.5 */

static enum qw_error end_with_datagram(struct qw_reader *r)
{
    qw_skip(r, qw_left(r));
    return QW_OK;
}

/* The token fills what the integrity tag leaves. */
static enum qw_error retry(struct qw_reader *r, struct quic_packet *out)
{
    if (qw_left(r) < RETRY_TAG_LEN)
        return QW_ERR_TRUNCATED;
    out->token = qw_take(r, qw_left(r) - RETRY_TAG_LEN);
    return end_with_datagram(r);
}

/* Initial, 0-RTT and Handshake: Length counts the packet number and everything after it. */
static enum qw_error protected_packet(struct qw_reader *r, struct quic_packet *out)
{
    if (out->type == QUIC_INITIAL)
        out->token = qw_take(r, qw_varint(r));
    uint64_t length = qw_varint(r);
    out->pn_offset = qw_offset(r);
    qw_skip(r, length);
    return r->bad ? QW_ERR_TRUNCATED : QW_OK;
}

static enum qw_error long_header(struct qw_reader *r, uint8_t first, struct quic_packet *out)
{
    out->version = qw_u32(r);
    out->dcid = qw_take(r, qw_u8(r));
    out->scid = qw_take(r, qw_u8(r));
    if (r->bad)
        return QW_ERR_TRUNCATED;
    const struct quic_version *version = quic_version_find(out->version);
    if (quic_version_is_scone(out->version)) {
        out->type = QUIC_SCONE;
        return QW_OK;
    }
    if (!version) {
        out->type = out->version == QUIC_VERSION_NEGOTIATION ? QUIC_NEGOTIATION : QUIC_OTHER_VERSION;
        return end_with_datagram(r);
    }
    if (out->dcid.len > QUIC_CID_MAX || out->scid.len > QUIC_CID_MAX)
        return QW_ERR_MALFORMED;
    out->type = version->types[first >> 4 & 3];
    return out->type == QUIC_RETRY ? retry(r, out) : protected_packet(r, out);
}

enum qw_error quic_next(struct qw_reader *datagram, struct quic_packet *out)
{
    *out = (struct quic_packet){.type = QUIC_SHORT};
    if (qw_left(datagram) == 0)
        return QW_ERR_NOT_FOUND;
    struct qw_reader r = qw_reader(datagram->at, qw_left(datagram));
    uint8_t first = qw_u8(&r);
    enum qw_error error = first & FORM_LONG ? long_header(&r, first, out) : end_with_datagram(&r);
    if (error == QW_OK)
        out->packet = qw_take(datagram, qw_offset(&r));
    return error;
}
