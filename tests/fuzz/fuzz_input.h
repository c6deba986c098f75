/* What the fuzzers share: an input that is eaten from the front, and a condition that must hold. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <quicward/base/bytes.h>
#include <stdio.h>
#include <stdlib.h>

/* libFuzzer calls it for every input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, whatever NDEBUG says. */
#define NEED(condition)                                                                                      \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                   \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

struct fuzz_input {
    const uint8_t *data;
    size_t left;
};

/* 0 at the end. */
static inline uint8_t fuzz_byte(struct fuzz_input *in)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->data++;
}

static inline uint16_t fuzz_word(struct fuzz_input *in)
{
    uint8_t high = fuzz_byte(in);
    return (uint16_t)(high << 8 | fuzz_byte(in));
}

/* The next `len` bytes, or as many as there are. */
static inline struct qw_bytes fuzz_bytes(struct fuzz_input *in, size_t len)
{
    struct qw_bytes out = {.data = in->data, .len = len < in->left ? len : in->left};
    in->data += out.len;
    in->left -= out.len;
    return out;
}

static inline bool fuzz_within(struct qw_bytes inner, const uint8_t *data, size_t size)
{
    return inner.len == 0 ||
           (inner.data >= data && inner.len <= size && inner.data + inner.len <= data + size);
}

#endif
