#include "hello.h"

#define CLIENT_HELLO 1 /* RFC 8446 4: the handshake type, first byte of the message */
#define HEADER_LEN 4   /* it and a length of 24 bits */
#define MESSAGE_NONE UINT64_MAX

static void restart(struct hello *hello, uint32_t serial, struct quic_chunks *chunks)
{
    quic_stream_release(&hello->stream, chunks);
    hello->serial = serial;
    hello->status = HELLO_PARTIAL;
    hello->blocked = QW_REASON_NONE;
    hello->held = 0;
}

void hello_follow(struct hello hellos[static CONFIRM_ATTEMPTS], const struct confirm *confirm,
                  struct quic_chunks *chunks)
{
    for (unsigned i = 0; i < CONFIRM_ATTEMPTS && i < confirm->in_use; i++)
        if (hellos[i].serial != confirm->attempts[i].serial)
            restart(&hellos[i], confirm->attempts[i].serial, chunks);
}

void hello_release(struct hello hellos[static CONFIRM_ATTEMPTS], const struct confirm *confirm,
                   struct quic_chunks *chunks)
{
    for (unsigned i = 0; i < CONFIRM_ATTEMPTS && i < confirm->in_use; i++)
        restart(&hellos[i], 0, chunks);
}

/* Length of the message that begins with `start`, 0 while that is too short to say; MESSAGE_NONE when it is
 * no ClientHello, or longer than is waited for. */
static uint64_t message_length(struct qw_bytes start)
{
    if (start.len < HEADER_LEN)
        return 0;
    uint64_t length = tls_message_length(start);
    return start.data[0] == CLIENT_HELLO && length <= TLS_HELLO_MAX ? length : MESSAGE_NONE;
}

static enum hello_status read_message(struct qw_bytes message, struct hello_reading *reading)
{
    return tls_client_hello(message, &reading->hello) == QW_OK ? HELLO_READ : HELLO_UNREADABLE;
}

/* The usual ClientHello, whole in the stream's first frame, is read where it lies. HELLO_PARTIAL when this
 * `first` frame is not like that. */
static enum hello_status read_in_place(const struct hello *hello, const struct quic_crypto_frame *first,
                                       struct hello_reading *reading)
{
    if (hello->stream.ranges > 0 || first->offset > 0)
        return HELLO_PARTIAL;
    uint64_t length = message_length(first->data);
    if (length == 0 || length > first->data.len)
        return HELLO_PARTIAL;
    return read_message((struct qw_bytes){first->data.data, (size_t)length}, reading);
}

/* HELLO_PARTIAL while more is to come. */
static enum hello_status read_stream(const struct hello *hello, const struct quic_chunks *chunks,
                                     struct hello_reading *reading)
{
    uint8_t head[HEADER_LEN];
    size_t ready = quic_stream_ready(&hello->stream);
    if (ready < sizeof head)
        return HELLO_PARTIAL;
    quic_stream_copy(&hello->stream, chunks, head, sizeof head);
    uint64_t length = message_length((struct qw_bytes){head, sizeof head});
    if (length == MESSAGE_NONE)
        return HELLO_UNREADABLE;
    if (ready < length)
        return HELLO_PARTIAL;
    quic_stream_copy(&hello->stream, chunks, reading->message, (size_t)length);
    return read_message((struct qw_bytes){reading->message, (size_t)length}, reading);
}

bool hello_collect(struct hello *hello, unsigned slot, const struct confirm_piece *pieces, size_t count,
                   struct quic_chunks *chunks, struct hello_reading *reading)
{
    enum hello_status status = HELLO_PARTIAL;
    if (hello->status != HELLO_PARTIAL)
        return false;
    for (size_t i = 0; i < count && status == HELLO_PARTIAL; i++) {
        if (pieces[i].slot != slot)
            continue;
        status = read_in_place(hello, &pieces[i].frame, reading);
        if (status == HELLO_PARTIAL && quic_stream_add(&hello->stream, chunks, &pieces[i].frame) != QW_OK)
            status = HELLO_UNREADABLE;
    }
    if (status == HELLO_PARTIAL)
        status = read_stream(hello, chunks, reading);
    hello->status = (uint8_t)status;
    if (status == HELLO_PARTIAL)
        return false;
    quic_stream_release(&hello->stream, chunks);
    return true;
}
