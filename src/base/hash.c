/* SipHash (Aumasson and Bernstein, "SipHash: a fast short-input PRF"). */
#include <endian.h>
#include <quicward/base/hash.h>
#include <string.h>

struct state {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void rounds(struct state *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        s->v0 += s->v1;
        s->v2 += s->v3;
        s->v1 = rotate(s->v1, 13) ^ s->v0;
        s->v3 = rotate(s->v3, 16) ^ s->v2;
        s->v0 = rotate(s->v0, 32) + s->v3;
        s->v2 += s->v1;
        s->v1 = rotate(s->v1, 17) ^ s->v2;
        s->v3 = rotate(s->v3, 21) ^ s->v0;
        s->v2 = rotate(s->v2, 32);
    }
}

static inline void compress(struct state *s, uint64_t word, unsigned count)
{
    s->v3 ^= word;
    rounds(s, count);
    s->v0 ^= word;
}

static inline uint64_t load(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return le64toh(word);
}

/* The 0..7 bytes after the last whole word, and the length in the top byte. When there is a whole word before
 * them, one load that overlaps it costs less than a loop over bytes. */
static inline uint64_t last_word(const uint8_t *tail, size_t rest, size_t len)
{
    uint64_t word = 0;
    if (rest > 0 && len >= 8)
        word = load(tail + rest - 8) >> (8 * (8 - rest));
    else
        for (size_t i = 0; i < rest; i++)
            word |= (uint64_t)tail[i] << (8 * i);
    return word | (uint64_t)len << 56;
}

/* Inlined into both callers, so that the counts are constants and the rounds unroll. */
static inline __attribute__((always_inline)) uint64_t siphash(struct qw_hash_key key, const uint8_t *data,
                                                              size_t len, unsigned c, unsigned d)
{
    struct state s = {key.k0 ^ 0x736f6d6570736575ull, key.k1 ^ 0x646f72616e646f6dull,
                      key.k0 ^ 0x6c7967656e657261ull, key.k1 ^ 0x7465646279746573ull};
    size_t rest = len % 8;
    const uint8_t *at = data;
    for (size_t words = len / 8; words > 0; words--, at += 8)
        compress(&s, load(at), c);
    compress(&s, last_word(at, rest, len), c);
    s.v2 ^= 0xff;
    rounds(&s, d);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t qw_hash(struct qw_hash_key key, const void *data, size_t len)
{
    return siphash(key, data, len, 1, 3);
}

uint64_t qw_hash24(struct qw_hash_key key, const void *data, size_t len)
{
    return siphash(key, data, len, 2, 4);
}
