#include <quicward/base/bytes.h>
#include <string.h>

uint64_t qw_varint(struct qw_reader *r)
{
    /* The two high bits of the first byte are log2 of the length, and no part of the value. */
    switch (qw_left(r) > 0 ? *r->at >> 6 : 0) {
    case 0:
        return qw_u8(r);
    case 1:
        return qw_u16(r) & 0x3fff;
    case 2:
        return qw_u32(r) & 0x3fffffff;
    default:
        return qw_u64(r) & 0x3fffffffffffffff;
    }
}

struct qw_writer qw_writer(uint8_t *data, size_t len)
{
    return (struct qw_writer){.start = data, .at = data, .end = len ? data + len : data};
}

size_t qw_written(const struct qw_writer *w)
{
    return (size_t)(w->at - w->start);
}

/* Room for `len` bytes, or NULL and a bad writer. */
static uint8_t *claim(struct qw_writer *w, size_t len)
{
    if (w->bad || len > (size_t)(w->end - w->at)) {
        w->bad = true;
        return NULL;
    }
    uint8_t *claimed = w->at;
    w->at += len;
    return claimed;
}

/* The low `len` bytes of `v`, highest first. */
static void put_uint(struct qw_writer *w, uint64_t v, unsigned len)
{
    uint8_t *at = claim(w, len);
    for (unsigned i = 0; at && i < len; i++)
        at[i] = (uint8_t)(v >> (8 * (len - 1 - i)));
}

void qw_put_u8(struct qw_writer *w, uint8_t v)
{
    put_uint(w, v, 1);
}

void qw_put_u16(struct qw_writer *w, uint16_t v)
{
    put_uint(w, v, 2);
}

void qw_put_u32(struct qw_writer *w, uint32_t v)
{
    put_uint(w, v, 4);
}

void qw_put_u64(struct qw_writer *w, uint64_t v)
{
    put_uint(w, v, 8);
}

void qw_put_varint(struct qw_writer *w, uint64_t v)
{
    if (v < 1u << 6)
        put_uint(w, v, 1);
    else if (v < 1u << 14)
        put_uint(w, v | 1u << 14, 2);
    else if (v < 1u << 30)
        put_uint(w, v | 2u << 30, 4);
    else if (v < 1ull << 62)
        put_uint(w, v | 3ull << 62, 8);
    else
        claim(w, SIZE_MAX);
}

void qw_put(struct qw_writer *w, const void *data, size_t len)
{
    uint8_t *at = claim(w, len);
    if (at && len > 0)
        memcpy(at, data, len);
}

void qw_put_zeros(struct qw_writer *w, size_t len)
{
    uint8_t *at = claim(w, len);
    if (at && len > 0)
        memset(at, 0, len);
}
