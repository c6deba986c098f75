/* The ClientHello of each attempt of a flow: collected from its pieces, read once, and what came of it. Kept
 * beside the handshake scratch, which is copied for reading, because a stream owns memory. */
#ifndef ENGINE_HELLO_H
#define ENGINE_HELLO_H

#include <quicward/base/reason.h>
#include <quicward/confirm.h>
#include <quicward/tls.h>

enum hello_status { HELLO_PARTIAL, HELLO_READ, HELLO_UNREADABLE };

struct hello {
    uint32_t serial; /* of the attempt that it belongs to; 0: none */
    uint8_t status;  /* enum hello_status */
    uint8_t blocked; /* enum qw_reason: why the attempt may not pass; QW_REASON_NONE while it may */
    uint16_t held;   /* packets of the attempt that wait, in whatever worker */
    struct quic_stream stream;
};

/* Where a worker puts a ClientHello that came in pieces to read it whole. `hello` borrows from `message`, or
 * from the opened packet: until the next datagram is read. */
struct hello_reading {
    struct tls_client_hello hello;
    uint8_t message[TLS_HELLO_MAX];
};

/* Starts anew the hellos whose attempt is no longer the one in their slot. */
void hello_follow(struct hello hellos[static CONFIRM_ATTEMPTS], const struct confirm *confirm,
                  struct quic_chunks *chunks);

/* Adds the pieces that belong to `slot`. True when its ClientHello became whole by them: it is then
 * HELLO_READ and in `reading`, or HELLO_UNREADABLE. */
bool hello_collect(struct hello *hello, unsigned slot, const struct confirm_piece *pieces, size_t count,
                   struct quic_chunks *chunks, struct hello_reading *reading);

/* Gives back what the hellos own; they belong to no attempt then. */
void hello_release(struct hello hellos[static CONFIRM_ATTEMPTS], const struct confirm *confirm,
                   struct quic_chunks *chunks);

#endif
