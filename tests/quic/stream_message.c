#include "stream_message.h"
#include "hellos.h"

uint8_t hello[STREAM_MAX];
size_t hello_len;
struct quic_chunks *pool;
struct quic_stream stream;

void begin(uint16_t chunks)
{
    hello_len = test_hex(HELLOS[HELLO_CHROMIUM].hex, hello, sizeof hello);
    pool = quic_chunks_new(chunks);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
    quic_stream_start(&stream);
}

void end(void)
{
    quic_stream_release(&stream, pool);
    CU_ASSERT_EQUAL(quic_chunks_used(pool), 0);
    CU_ASSERT_EQUAL(quic_stream_ready(&stream), 0);
    quic_chunks_free(pool);
}

enum qw_error add(struct quic_stream *to, uint64_t offset, const uint8_t *data, size_t len)
{
    struct quic_crypto_frame frame = {.offset = offset, .data = bytes(data, len)};
    return quic_stream_add(to, pool, &frame);
}

bool holds(const struct quic_stream *of, const uint8_t *expected, size_t len)
{
    uint8_t copy[STREAM_MAX];
    if (quic_stream_ready(of) != len)
        return false;
    quic_stream_copy(of, pool, copy, len);
    return memcmp(copy, expected, len) == 0;
}

/* xorshift64: the same choices in every run */
static uint64_t random_state;

size_t random_below(size_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)(random_state % limit);
}

void random_restart(void)
{
    random_state = 88172645463325252u;
}
