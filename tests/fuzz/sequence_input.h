/* An input that is a sequence of datagrams: each has a byte that says who sends it and how it is made, one
 * for the time that passes before it, its length, and its bytes. Captures become such inputs (seeds.c). */
#ifndef SEQUENCE_INPUT_H
#define SEQUENCE_INPUT_H

#include "fuzz_input.h"

enum {
    SEQUENCE_SERVER = 1,    /* the outside sends */
    SEQUENCE_SEALED = 2,    /* the bytes are the frames of an Initial, which is sealed here */
    SEQUENCE_HANDSHAKE = 4, /* with SEALED: a long header of another type instead */
    SEQUENCE_RETRY = 8,     /* with SEALED: a Retry with a valid tag instead */
    SEQUENCE_V2 = 16,
    SEQUENCE_OTHER_CID = 32,
};

struct sequence_datagram {
    uint8_t flags, pause;
    struct qw_bytes bytes;
};

/* False at the end. */
bool sequence_next(struct fuzz_input *in, struct sequence_datagram *out);

/* The UDP payload of it: its bytes, or what is made of them in `buffer` (valid until the next call). */
struct qw_bytes sequence_payload(const struct sequence_datagram *datagram);

/* Nanoseconds that pass before a datagram: 0, milliseconds, seconds, minutes. */
uint64_t sequence_pause_ns(uint8_t pause);

#endif
