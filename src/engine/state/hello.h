/* The ClientHello of each attempt of a flow: collected from its pieces, read once, and what came of it. Kept
 * beside the handshake scratch, which is copied for reading, because a stream owns memory. */
#ifndef ENGINE_HELLO_H
#define ENGINE_HELLO_H

#include <quicward/base/reason.h>
#include <quicward/config.h>
#include <quicward/confirm.h>
#include <quicward/tls.h>

/* CONTRADICTORY: its client sent different bytes at one place, and nobody knows which of them the server
 * takes. */
enum hello_status { HELLO_PARTIAL, HELLO_READ, HELLO_UNREADABLE, HELLO_CONTRADICTORY };

/* What the rules said of an attempt; it holds for as long as the attempt is followed. */
enum hello_verdict { VERDICT_OPEN, VERDICT_ADMITTED, VERDICT_REFUSED };

struct hello {
    uint64_t serial;  /* of the attempt that it belongs to; 0: none */
    uint8_t status;   /* enum hello_status */
    uint8_t verdict;  /* enum hello_verdict */
    uint8_t reason;   /* enum qw_reason, when refused */
    uint8_t action;   /* enum config_action, when refused */
    uint8_t limits;   /* how often a limit ended its wait, up to LIMITS_COUNTED */
    uint8_t followed; /* as the attempt has it */
    bool counted;     /* its ClientHello was read before */
    uint16_t held;    /* packets of the attempt that wait, in whatever worker */
    struct quic_stream stream;
};

#define LIMITS_COUNTED UINT8_MAX

/* Where a worker puts a ClientHello that came in pieces to read it whole. `hello` borrows from `message`, or
 * from the opened packet: until the next datagram is read. */
struct hello_reading {
    struct tls_client_hello hello;
    uint8_t message[TLS_HELLO_MAX];
};

/* Starts anew the hellos whose attempt is no longer the one in their slot, and judges anew the ClientHello
 * behind a Retry when nothing is there to compare it with. What the server answered is compared no longer. */
void hello_follow(struct hello hellos[static CONFIRM_ATTEMPTS], const struct confirm *confirm,
                  struct quic_chunks *chunks);

/* Adds the pieces that belong to `slot`. True when its ClientHello became whole by them: it is then
 * HELLO_READ and in `reading`, or HELLO_UNREADABLE or HELLO_CONTRADICTORY. With `keep` its bytes stay, as
 * memory allows: a client may send another ClientHello under the same connection IDs, after the first was
 * lost behind the router, and the server takes that. One that contradicts what an admitted attempt sent is
 * collected and judged anew. */
bool hello_collect(struct hello *hello, unsigned slot, const struct confirm_piece *pieces, size_t count,
                   struct quic_chunks *chunks, struct hello_reading *reading, bool keep);

/* Memory, in chunks, that pieces of `slot` may take at most. */
unsigned hello_need(unsigned slot, const struct confirm_piece *pieces, size_t count);

/* Forgets the pieces read so far; verdicts stay. */
void hello_forget(struct hello hellos[static CONFIRM_ATTEMPTS], const struct confirm *confirm,
                  struct quic_chunks *chunks);

/* Gives back what the hellos own; they belong to no attempt then. */
void hello_release(struct hello hellos[static CONFIRM_ATTEMPTS], const struct confirm *confirm,
                   struct quic_chunks *chunks);

#endif
