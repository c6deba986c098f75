/* CRYPTO frames in any order against a naive model: all bytes in one array, each known or not. */
#include "fuzz_input.h"
#include <quicward/quic.h>
#include <string.h>

#define MODEL_SIZE (QUIC_CHUNK * QUIC_STREAM_CHUNKS)
#define CHUNKS 12 /* fewer than a whole stream takes, so that they run out */

struct model {
    uint8_t bytes[MODEL_SIZE];
    bool known[MODEL_SIZE];
};

static bool model_agrees(const struct model *model, const struct quic_crypto_frame *frame)
{
    for (size_t i = 0; i < frame->data.len && frame->offset + i < MODEL_SIZE; i++)
        if (model->known[frame->offset + i] && model->bytes[frame->offset + i] != frame->data.data[i])
            return false;
    return true;
}

static void model_add(struct model *model, const struct quic_crypto_frame *frame)
{
    for (size_t i = 0; i < frame->data.len; i++) {
        model->known[frame->offset + i] = true;
        model->bytes[frame->offset + i] = frame->data.data[i];
    }
}

static size_t model_ready(const struct model *model)
{
    size_t ready = 0;
    while (ready < MODEL_SIZE && model->known[ready])
        ready++;
    return ready;
}

static void compare(const struct quic_stream *stream, const struct quic_chunks *chunks,
                    const struct model *model)
{
    static uint8_t out[MODEL_SIZE];
    size_t ready = quic_stream_ready(stream);
    NEED(ready == model_ready(model));
    quic_stream_copy(stream, chunks, out, ready);
    NEED(memcmp(out, model->bytes, ready) == 0);
}

/* Data that mostly agrees with itself wherever it is cut: its bytes are those of their offsets. */
static struct qw_bytes made_bytes(uint64_t offset, size_t len, bool lies, uint8_t out[static 4096])
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)((offset + i) * 7 + (offset + i) / 251);
    if (lies && len > 0)
        out[len / 2] ^= 1;
    return (struct qw_bytes){out, len};
}

static void step(struct fuzz_input *in, struct quic_stream *stream, struct quic_chunks *chunks,
                 struct model *model)
{
    static uint8_t bytes[4096];
    uint8_t kind = fuzz_byte(in);
    struct quic_crypto_frame frame = {.offset = fuzz_word(in)};
    size_t len = fuzz_word(in) % sizeof bytes;
    if (kind & 1)
        frame.offset %= 2048; /* where it matters */
    if (kind & 2)
        len %= 64;
    if ((kind & 0xf0) == 0xf0)
        frame.offset |= UINT64_C(1) << (fuzz_byte(in) % 62);
    frame.data = made_bytes(frame.offset, len, (kind & 0x0c) == 0x0c, bytes);
    bool agrees = model_agrees(model, &frame);
    NEED(quic_stream_agrees(stream, chunks, &frame) == agrees || frame.offset + len > MODEL_SIZE);
    enum qw_error code = quic_stream_add(stream, chunks, &frame);
    NEED(code == QW_OK || code == QW_ERR_MALFORMED || code == QW_ERR_FULL);
    NEED(code != QW_OK || (agrees && (len == 0 || frame.offset + len <= MODEL_SIZE)));
    NEED(code != QW_ERR_MALFORMED || !agrees);
    if (code == QW_OK)
        model_add(model, &frame);
    compare(stream, chunks, model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct model model;
    static struct quic_chunks *chunks;
    struct fuzz_input in = {data, size};
    struct quic_stream stream;
    if (!chunks)
        chunks = quic_chunks_new(CHUNKS);
    NEED(chunks);
    memset(&model, 0, sizeof model);
    quic_stream_start(&stream);
    for (unsigned i = 0; in.left > 0 && i < 200; i++)
        step(&in, &stream, chunks, &model);
    quic_stream_release(&stream, chunks);
    NEED(quic_chunks_used(chunks) == 0);
    return 0;
}
