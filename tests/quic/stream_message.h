/* A message of two chunks, the pool and the stream that the stream's tests work on. */
#ifndef QUIC_STREAM_MESSAGE_H
#define QUIC_STREAM_MESSAGE_H

#include "common.h"

#define STREAM_MAX (QUIC_CHUNK * QUIC_STREAM_CHUNKS)

/* Chromium's ClientHello, with its post-quantum key share. */
extern uint8_t hello[STREAM_MAX];
extern size_t hello_len;
extern struct quic_chunks *pool;
extern struct quic_stream stream;

/* A pool of `chunks` and an empty stream; and back, nothing being left in use. */
void begin(uint16_t chunks);
void end(void);

enum qw_error add(struct quic_stream *to, uint64_t offset, const uint8_t *data, size_t len);

/* What is ready of the stream are the first `len` bytes of `expected`. */
bool holds(const struct quic_stream *of, const uint8_t *expected, size_t len);

/* The same choices in every run; restart them with random_restart. */
void random_restart(void);
size_t random_below(size_t limit);

void stream_suite(void);
void stream_model_suite(void);

#endif
