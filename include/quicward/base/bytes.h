/* The only way to read bytes from the network: a cursor that cannot leave its buffer.
 * Every read that would pass the end fails, returns zeros, and marks the reader bad for good, so a parser
 * may read a whole header and ask once at the end. Integers are big endian on the wire, host order here. */
#ifndef QUICWARD_BASE_BYTES_H
#define QUICWARD_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A borrowed range of bytes. `data` may be NULL only when `len` is 0. */
struct qw_bytes {
    const uint8_t *data;
    size_t len;
};

struct qw_reader {
    const uint8_t *start, *at, *end; /* borrowed: the buffer outlives the reader */
    bool bad;
};

/* A reader over `len` bytes at `data`, which stay the caller's. */
static inline struct qw_reader qw_reader(const uint8_t *data, size_t len)
{
    return (struct qw_reader){.start = data, .at = data, .end = len ? data + len : data};
}

/* Bytes not yet read; 0 once the reader is bad. */
static inline size_t qw_left(const struct qw_reader *r)
{
    return r->bad ? 0 : (size_t)(r->end - r->at);
}

/* Bytes consumed so far: the offset from the start of the buffer. */
static inline size_t qw_offset(const struct qw_reader *r)
{
    return (size_t)(r->at - r->start);
}

/* The next `len` bytes, borrowed from the reader's buffer; {NULL, 0} and a bad reader when fewer are left.
 * `len` may be any 64-bit value a hostile length field holds. The one place where a reader moves. */
static inline struct qw_bytes qw_take(struct qw_reader *r, uint64_t len)
{
    if (r->bad || len > qw_left(r)) {
        r->bad = true;
        return (struct qw_bytes){NULL, 0};
    }
    struct qw_bytes taken = {r->at, (size_t)len};
    r->at += taken.len;
    return taken;
}

/* Like qw_take, but gives a reader over those bytes; a bad reader when fewer are left. */
static inline struct qw_reader qw_sub(struct qw_reader *r, uint64_t len)
{
    struct qw_bytes taken = qw_take(r, len);
    struct qw_reader sub = qw_reader(taken.data, taken.len);
    sub.bad = r->bad;
    return sub;
}

/* Moves on by `len` bytes; a bad reader when fewer are left. */
static inline void qw_skip(struct qw_reader *r, uint64_t len)
{
    qw_take(r, len);
}

/* The next 1, 2, 3, 4 or 8 bytes as an integer; 0 and a bad reader when fewer are left. */
static inline uint8_t qw_u8(struct qw_reader *r)
{
    struct qw_bytes b = qw_take(r, 1);
    return b.data ? b.data[0] : 0;
}

static inline uint16_t qw_u16(struct qw_reader *r)
{
    struct qw_bytes b = qw_take(r, 2);
    return b.data ? (uint16_t)((uint32_t)b.data[0] << 8 | b.data[1]) : 0;
}

static inline uint32_t qw_u24(struct qw_reader *r)
{
    struct qw_bytes b = qw_take(r, 3);
    return b.data ? (uint32_t)b.data[0] << 16 | (uint32_t)b.data[1] << 8 | b.data[2] : 0;
}

static inline uint32_t qw_u32(struct qw_reader *r)
{
    struct qw_bytes b = qw_take(r, 4);
    if (!b.data)
        return 0;
    return (uint32_t)b.data[0] << 24 | (uint32_t)b.data[1] << 16 | (uint32_t)b.data[2] << 8 | b.data[3];
}

static inline uint64_t qw_u64(struct qw_reader *r)
{
    struct qw_reader eight = qw_sub(r, 8);
    uint64_t high = qw_u32(&eight);
    return high << 32 | qw_u32(&eight);
}

/* A QUIC variable-length integer of 1, 2, 4 or 8 bytes (RFC 9000 16); 0 and a bad reader when cut off. */
uint64_t qw_varint(struct qw_reader *r);

/* A cursor that writes into a buffer of the caller and never past its end. */
struct qw_writer {
    uint8_t *start, *at, *end;
    bool bad;
};

struct qw_writer qw_writer(uint8_t *data, size_t len);
size_t qw_written(const struct qw_writer *w); /* bytes written so far */
void qw_put_u8(struct qw_writer *w, uint8_t v);
void qw_put_u16(struct qw_writer *w, uint16_t v);
void qw_put_u32(struct qw_writer *w, uint32_t v);
void qw_put_u64(struct qw_writer *w, uint64_t v);
/* The shortest encoding of `v` (RFC 9000 16); bad writer when v >= 2^62. */
void qw_put_varint(struct qw_writer *w, uint64_t v);
void qw_put(struct qw_writer *w, const void *data, size_t len);
void qw_put_zeros(struct qw_writer *w, size_t len);

#endif
