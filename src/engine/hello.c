#include "hello.h"

#define CLIENT_HELLO 1 /* RFC 8446 4: the handshake type, first byte of the message */

static void restart(struct hello *hello, uint32_t serial, struct quic_chunks *chunks)
{
    quic_stream_release(&hello->stream, chunks);
    *hello = (struct hello){.serial = serial, .status = HELLO_PARTIAL, .blocked = QW_REASON_NONE};
    quic_stream_start(&hello->stream);
}

void hello_follow(struct hello hellos[static CONFIRM_ATTEMPTS], const struct confirm *confirm,
                  struct quic_chunks *chunks)
{
    for (unsigned i = 0; i < CONFIRM_ATTEMPTS; i++)
        if (hellos[i].serial != confirm->attempts[i].serial)
            restart(&hellos[i], confirm->attempts[i].serial, chunks);
}

void hello_release(struct hello hellos[static CONFIRM_ATTEMPTS], struct quic_chunks *chunks)
{
    for (unsigned i = 0; i < CONFIRM_ATTEMPTS; i++)
        restart(&hellos[i], 0, chunks);
}

/* False while more is to come. */
static bool is_over(const struct hello *hello, const struct quic_chunks *chunks,
                    struct hello_reading *reading, enum hello_status *status)
{
    uint8_t head[4];
    size_t ready = quic_stream_ready(&hello->stream);
    if (ready < sizeof head)
        return false;
    quic_stream_copy(&hello->stream, chunks, head, sizeof head);
    uint64_t length = tls_message_length((struct qw_bytes){head, sizeof head});
    *status = HELLO_UNREADABLE;
    if (head[0] != CLIENT_HELLO || length > sizeof reading->message)
        return true;
    if (ready < length)
        return false;
    quic_stream_copy(&hello->stream, chunks, reading->message, (size_t)length);
    if (tls_client_hello((struct qw_bytes){reading->message, (size_t)length}, &reading->hello) == QW_OK)
        *status = HELLO_READ;
    return true;
}

bool hello_collect(struct hello *hello, unsigned slot, const struct confirm_piece *pieces, size_t count,
                   struct quic_chunks *chunks, struct hello_reading *reading)
{
    enum hello_status status = HELLO_UNREADABLE;
    bool full = false;
    if (hello->status != HELLO_PARTIAL)
        return false;
    for (size_t i = 0; i < count && !full; i++)
        if (pieces[i].slot == slot)
            full = quic_stream_add(&hello->stream, chunks, &pieces[i].frame) != QW_OK;
    if (!full && !is_over(hello, chunks, reading, &status))
        return false;
    hello->status = (uint8_t)status;
    quic_stream_release(&hello->stream, chunks);
    return true;
}
