#include "hello.h"

#define CLIENT_HELLO 1 /* RFC 8446 4: the handshake type, first byte of the message */
#define HEADER_LEN 4   /* it and a length of 24 bits */
#define MESSAGE_NONE UINT64_MAX

static void restart(struct hello *hello, uint64_t serial, struct quic_chunks *chunks)
{
    quic_stream_release(&hello->stream, chunks);
    hello->serial = serial;
    hello->status = HELLO_PARTIAL;
    hello->verdict = VERDICT_OPEN;
    hello->limits = 0;
    hello->followed = 0;
    hello->counted = false;
    hello->held = 0;
}

/* What was refused stays refused. */
static void judge_again(struct hello *hello, struct quic_chunks *chunks)
{
    if (hello->verdict == VERDICT_REFUSED)
        return;
    quic_stream_release(&hello->stream, chunks);
    hello->status = HELLO_PARTIAL;
    hello->verdict = VERDICT_OPEN;
}

/* A server that sends a Retry keeps nothing of what it answers (RFC 9000 8.1.2): it takes what comes next. */
static void follow(struct hello *hello, const struct confirm_attempt *attempt, struct quic_chunks *chunks)
{
    if (hello->followed != attempt->followed && hello->stream.ranges == 0)
        judge_again(hello, chunks);
    hello->followed = attempt->followed;
    if (attempt->server_spoke && hello->status == HELLO_READ)
        quic_stream_release(&hello->stream, chunks);
}

void hello_follow(struct hello hellos[static CONFIRM_ATTEMPTS], const struct confirm *confirm,
                  struct quic_chunks *chunks)
{
    for (unsigned i = 0; i < CONFIRM_ATTEMPTS && i < confirm->in_use; i++)
        if (hellos[i].serial != confirm->attempts[i].serial)
            restart(&hellos[i], confirm->attempts[i].serial, chunks);
        else
            follow(&hellos[i], &confirm->attempts[i], chunks);
}

void hello_release(struct hello hellos[static CONFIRM_ATTEMPTS], const struct confirm *confirm,
                   struct quic_chunks *chunks)
{
    for (unsigned i = 0; i < CONFIRM_ATTEMPTS && i < confirm->in_use; i++)
        restart(&hellos[i], 0, chunks);
}

void hello_forget(struct hello hellos[static CONFIRM_ATTEMPTS], const struct confirm *confirm,
                  struct quic_chunks *chunks)
{
    for (unsigned i = 0; i < CONFIRM_ATTEMPTS && i < confirm->in_use; i++)
        quic_stream_release(&hellos[i].stream, chunks);
}

/* Each piece may begin and end within a chunk. */
unsigned hello_need(unsigned slot, const struct confirm_piece *pieces, size_t count)
{
    size_t need = 0;
    for (size_t i = 0; i < count; i++)
        if (pieces[i].slot == slot && pieces[i].frame.data.len > 0)
            need += pieces[i].frame.data.len / QUIC_CHUNK + 2;
    return need < QUIC_STREAM_CHUNKS ? (unsigned)need : QUIC_STREAM_CHUNKS;
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

static bool contradicted(const struct hello *hello, unsigned slot, const struct confirm_piece *pieces,
                         size_t count, const struct quic_chunks *chunks)
{
    for (size_t i = 0; i < count; i++)
        if (pieces[i].slot == slot && !quic_stream_agrees(&hello->stream, chunks, &pieces[i].frame))
            return true;
    return false;
}

static enum hello_status collect(struct hello *hello, unsigned slot, const struct confirm_piece *pieces,
                                 size_t count, struct quic_chunks *chunks, struct hello_reading *reading,
                                 bool keep)
{
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].slot != slot)
            continue;
        enum hello_status status = read_in_place(hello, &pieces[i].frame, reading);
        if (status == HELLO_READ && keep)
            quic_stream_add(&hello->stream, chunks, &pieces[i].frame); /* without memory nothing is kept */
        if (status != HELLO_PARTIAL)
            return status;
        enum qw_error error = quic_stream_add(&hello->stream, chunks, &pieces[i].frame);
        if (error != QW_OK)
            return error == QW_ERR_MALFORMED ? HELLO_CONTRADICTORY : HELLO_UNREADABLE;
    }
    return read_stream(hello, chunks, reading);
}

bool hello_collect(struct hello *hello, unsigned slot, const struct confirm_piece *pieces, size_t count,
                   struct quic_chunks *chunks, struct hello_reading *reading, bool keep)
{
    if (hello->status == HELLO_READ && contradicted(hello, slot, pieces, count, chunks))
        judge_again(hello, chunks);
    if (hello->status != HELLO_PARTIAL)
        return false;
    hello->status = (uint8_t)collect(hello, slot, pieces, count, chunks, reading, keep);
    if (hello->status == HELLO_PARTIAL)
        return false;
    if (hello->status == HELLO_READ && keep && contradicted(hello, slot, pieces, count, chunks))
        hello->status = HELLO_CONTRADICTORY; /* by what stands behind it in the same datagram */
    if (hello->status != HELLO_READ || !keep)
        quic_stream_release(&hello->stream, chunks);
    return true;
}
