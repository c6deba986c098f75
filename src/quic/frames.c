/* The frames that an Initial packet may hold: RFC 9000 12.4 and 19. */
#include <quicward/quic.h>
#include <string.h>

/* Frame types. None needs more than one byte, and a longer encoding of one is not allowed (RFC 9000 12.4). */
enum {
    PADDING = 0x00,
    PING = 0x01,
    ACK = 0x02,
    ACK_ECN = 0x03,
    CRYPTO = 0x06,
    CONNECTION_CLOSE = 0x1c /* 0x1d, the application's, is not allowed in an Initial */
};

#define STREAM_END ((UINT64_C(1) << 62) - 1) /* no stream goes further (RFC 9000 19.6) */

#define STRIDE 64 /* bytes that one comparison passes over */

/* A client's Initial is mostly PADDING, so whole strides of it come first. */
static void skip_padding(struct qw_reader *r)
{
    static const uint8_t PADDING_ONLY[STRIDE] = {PADDING};
    struct qw_reader ahead = *r;
    struct qw_bytes rest = qw_take(&ahead, qw_left(r));
    size_t count = 0;
    while (rest.len - count >= STRIDE && memcmp(rest.data + count, PADDING_ONLY, STRIDE) == 0)
        count += STRIDE;
    while (count < rest.len && rest.data[count] == PADDING)
        count++;
    qw_skip(r, count);
}

static void skip_varints(struct qw_reader *r, uint64_t count)
{
    for (; count > 0 && !r->bad; count--)
        qw_varint(r);
}

/* RFC 9000 19.3. The count of ranges may say anything; the reader ends with the bytes. */
static void skip_ack(struct qw_reader *r, uint8_t type)
{
    skip_varints(r, 2); /* Largest Acknowledged, ACK Delay */
    uint64_t ranges = qw_varint(r);
    skip_varints(r, 1 + 2 * ranges); /* First ACK Range; Gap and ACK Range Length of each */
    if (type == ACK_ECN)
        skip_varints(r, 3); /* ECT0, ECT1 and ECN-CE Counts */
}

/* RFC 9000 19.19 */
static void skip_connection_close(struct qw_reader *r)
{
    skip_varints(r, 2); /* Error Code, Frame Type */
    qw_skip(r, qw_varint(r));
}

/* Passes over a frame other than CRYPTO; the reader is bad when that is not possible. */
static void skip_frame(struct qw_reader *r, uint8_t type)
{
    switch (type) {
    case PADDING:
        skip_padding(r);
        break;
    case PING:
        break;
    case ACK:
    case ACK_ECN:
        skip_ack(r, type);
        break;
    case CONNECTION_CLOSE:
        skip_connection_close(r);
        break;
    default:
        r->bad = true;
    }
}

/* RFC 9000 19.6 */
static enum qw_error read_crypto(struct qw_reader *r, struct quic_crypto_frame *out)
{
    uint64_t offset = qw_varint(r);
    struct qw_bytes data = qw_take(r, qw_varint(r));
    if (data.len > STREAM_END - offset)
        r->bad = true;
    if (r->bad)
        return QW_ERR_MALFORMED;
    *out = (struct quic_crypto_frame){.offset = offset, .data = data};
    return QW_OK;
}

enum qw_error quic_next_crypto(struct qw_reader *frames, struct quic_crypto_frame *out)
{
    *out = (struct quic_crypto_frame){0};
    while (qw_left(frames) > 0) {
        uint8_t type = qw_u8(frames);
        if (type == CRYPTO)
            return read_crypto(frames, out);
        skip_frame(frames, type);
    }
    return frames->bad ? QW_ERR_MALFORMED : QW_ERR_NOT_FOUND;
}
