/* The CRYPTO stream put together again (RFC 9000 7.5, 19.6), in memory that was taken at start. */
#include <quicward/quic.h>
#include <stdlib.h>
#include <string.h>

#define STREAM_MAX (QUIC_CHUNK * QUIC_STREAM_CHUNKS)
_Static_assert(STREAM_MAX <= UINT16_MAX, "a range counts in 16 bits");

struct quic_chunks {
    uint8_t (*memory)[QUIC_CHUNK]; /* chunk number n is memory[n - 1] */
    uint32_t count, unused;
    uint16_t
        stack[]; /* the numbers of the unused; the last given back goes out first, for it is in the cache */
};

struct quic_chunks *quic_chunks_new(uint16_t count)
{
    struct quic_chunks *chunks = malloc(sizeof *chunks + count * sizeof chunks->stack[0]);
    if (!chunks)
        return NULL;
    chunks->memory = count ? malloc((size_t)count * QUIC_CHUNK) : NULL;
    if (!chunks->memory) {
        free(chunks);
        return NULL;
    }
    chunks->count = chunks->unused = count;
    for (uint16_t i = 0; i < count; i++)
        chunks->stack[i] = (uint16_t)(count - i);
    return chunks;
}

void quic_chunks_free(struct quic_chunks *chunks)
{
    if (chunks)
        free(chunks->memory);
    free(chunks);
}

uint32_t quic_chunks_used(const struct quic_chunks *chunks)
{
    return chunks->count - chunks->unused;
}

void quic_stream_start(struct quic_stream *stream)
{
    memset(stream->chunks, 0, sizeof stream->chunks);
    stream->ranges = 0; /* what `range` holds then means nothing, and most of it is never touched */
}

/* What one frame does to a stream: its bytes, and the ranges that it overlaps or touches. */
struct change {
    uint16_t start, end;
    uint16_t first, last; /* range[first..last-1] become one with start..end-1 */
};

static struct change find_change(const struct quic_stream *stream, uint16_t start, uint16_t end)
{
    struct change change = {.start = start, .end = end};
    while (change.first < stream->ranges && stream->range[change.first].end < start)
        change.first++;
    change.last = change.first;
    while (change.last < stream->ranges && stream->range[change.last].start <= end)
        change.last++;
    return change;
}

/* Gets the chunks for start..end-1 that the stream lacks: all, or none and false. */
static bool get_chunks(struct quic_stream *stream, struct quic_chunks *chunks, const struct change *change)
{
    unsigned first = change->start / QUIC_CHUNK, last = (change->end - 1u) / QUIC_CHUNK, lacking = 0;
    for (unsigned i = first; i <= last; i++)
        lacking += stream->chunks[i] == 0;
    if (lacking > chunks->unused)
        return false;
    for (unsigned i = first; i <= last; i++)
        if (stream->chunks[i] == 0)
            stream->chunks[i] = chunks->stack[--chunks->unused];
    return true;
}

/* Puts `data`, which begins at `offset`, into the bytes start..end-1 of the stream. */
static void put(const struct quic_stream *stream, struct quic_chunks *chunks, unsigned start, unsigned end,
                const uint8_t *data, unsigned offset)
{
    while (start < end) {
        unsigned at = start % QUIC_CHUNK, room = QUIC_CHUNK - at;
        unsigned len = room < end - start ? room : end - start;
        memcpy(&chunks->memory[stream->chunks[start / QUIC_CHUNK] - 1][at], data + (start - offset), len);
        start += len;
    }
}

/* Are the bytes start..end-1 of the stream those of `data`, which begins at `offset`? */
static bool same(const struct quic_stream *stream, const struct quic_chunks *chunks, unsigned start,
                 unsigned end, const uint8_t *data, unsigned offset)
{
    while (start < end) {
        unsigned at = start % QUIC_CHUNK, room = QUIC_CHUNK - at;
        unsigned len = room < end - start ? room : end - start;
        if (memcmp(&chunks->memory[stream->chunks[start / QUIC_CHUNK] - 1][at], data + (start - offset),
                   len) != 0)
            return false;
        start += len;
    }
    return true;
}

static bool agrees(const struct quic_stream *stream, const struct quic_chunks *chunks,
                   const struct change *change, const uint8_t *data)
{
    for (unsigned i = change->first; i < change->last; i++) {
        const struct quic_range *there = &stream->range[i];
        unsigned start = there->start > change->start ? there->start : change->start;
        unsigned end = there->end < change->end ? there->end : change->end;
        if (!same(stream, chunks, start, end, data, change->start))
            return false;
    }
    return true;
}

/* Fills the gaps between the ranges that are there, and never writes on those. */
static void put_new(const struct quic_stream *stream, struct quic_chunks *chunks, const struct change *change,
                    const uint8_t *data)
{
    unsigned at = change->start;
    for (unsigned i = change->first; i < change->last; i++) {
        const struct quic_range *there = &stream->range[i];
        if (at < there->start)
            put(stream, chunks, at, there->start, data, change->start);
        at = there->end;
    }
    put(stream, chunks, at, change->end, data, change->start);
}

static void merge_ranges(struct quic_stream *stream, const struct change *change)
{
    struct quic_range *range = stream->range, merged = {change->start, change->end};
    unsigned first = change->first, last = change->last;
    if (first < last) {
        merged.start = range[first].start < merged.start ? range[first].start : merged.start;
        merged.end = range[last - 1].end > merged.end ? range[last - 1].end : merged.end;
    }
    memmove(&range[first + 1], &range[last], (stream->ranges - last) * sizeof range[0]);
    range[first] = merged;
    stream->ranges = (uint16_t)(stream->ranges - (last - first) + 1);
}

static bool fits(const struct quic_crypto_frame *frame)
{
    return frame->offset <= STREAM_MAX && frame->data.len <= STREAM_MAX - frame->offset;
}

static struct change change_by(const struct quic_stream *stream, const struct quic_crypto_frame *frame)
{
    return find_change(stream, (uint16_t)frame->offset, (uint16_t)(frame->offset + frame->data.len));
}

bool quic_stream_agrees(const struct quic_stream *stream, const struct quic_chunks *chunks,
                        const struct quic_crypto_frame *frame)
{
    if (!fits(frame)) /* nothing is there */
        return true;
    struct change change = change_by(stream, frame);
    return agrees(stream, chunks, &change, frame->data.data);
}

enum qw_error quic_stream_add(struct quic_stream *stream, struct quic_chunks *chunks,
                              const struct quic_crypto_frame *frame)
{
    if (!fits(frame))
        return QW_ERR_FULL;
    if (frame->data.len == 0)
        return QW_OK;
    struct change change = change_by(stream, frame);
    if (!agrees(stream, chunks, &change, frame->data.data))
        return QW_ERR_MALFORMED;
    if (change.first == change.last && stream->ranges == QUIC_STREAM_RANGES)
        return QW_ERR_FULL;
    if (!get_chunks(stream, chunks, &change))
        return QW_ERR_FULL;
    put_new(stream, chunks, &change, frame->data.data);
    merge_ranges(stream, &change);
    return QW_OK;
}

size_t quic_stream_ready(const struct quic_stream *stream)
{
    return stream->ranges > 0 && stream->range[0].start == 0 ? stream->range[0].end : 0;
}

void quic_stream_copy(const struct quic_stream *stream, const struct quic_chunks *chunks, uint8_t *out,
                      size_t len)
{
    for (size_t i = 0; len > 0; i++) {
        size_t piece = len < QUIC_CHUNK ? len : QUIC_CHUNK;
        memcpy(out + i * QUIC_CHUNK, chunks->memory[stream->chunks[i] - 1], piece);
        len -= piece;
    }
}

void quic_stream_release(struct quic_stream *stream, struct quic_chunks *chunks)
{
    if (stream->ranges == 0) /* then it has no chunks */
        return;
    for (unsigned i = 0; i < QUIC_STREAM_CHUNKS; i++)
        if (stream->chunks[i] != 0)
            chunks->stack[chunks->unused++] = stream->chunks[i];
    quic_stream_start(stream);
}
