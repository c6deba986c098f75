/* Handshake evidence -> state of a flow (RFC 9312 2.4, 3.2, 4.2).
 *
 * A v1/v2 flow is confirmed by: a client Initial that opens; a server's long header addressed to the client's
 * SCID (its Initial must open too); a client Handshake packet to the server's SCID; a short header from the
 * client. Another version (RFC 8999 only): each side echoed the other's connection ID in long headers, and
 * the client went on; if a sender who sees nothing could know the server's connection ID, the server and then
 * the client had to go on with short headers too. The rows stand in src/confirm/confirm_table.c, each with
 * its source.
 *
 * A flow may carry several attempts (Version Negotiation, a second connection, a forger's noise): each is
 * followed by itself, and the furthest one speaks for the flow. */
#ifndef QUICWARD_CONFIRM_H
#define QUICWARD_CONFIRM_H

#include <quicward/base/bytes.h>
#include <quicward/base/hash.h>
#include <quicward/flow.h>
#include <quicward/quic.h>

/* Attempts followed at once on one 5-tuple: two real ones (Version Negotiation, then the chosen version) and
 * room that a forger's first packets do not push them out of it. */
#define CONFIRM_ATTEMPTS 4

/* Retries remembered of one attempt. Each datagram of a split ClientHello gets one, repetitions too, and the
 * client follows any of them. */
#define CONFIRM_RETRIES 8

/* A connection ID remembered for comparison only, as keyed hash and length. */
struct confirm_cid {
    uint64_t hash;
    uint8_t len;
};

/* The Initial packets of one sender within an attempt. */
struct confirm_initials {
    uint32_t version; /* that `keys` are for; 0 before the first */
    struct quic_initial_keys keys;
    int64_t largest; /* packet number opened, -1 before the first */
};

struct confirm_attempt {
    uint8_t stage;                  /* enum confirm_stage; 0: nothing yet */
    uint8_t client;                 /* enum flow_side */
    bool server_spoke;              /* the server's TLS did, so that it has taken a ClientHello */
    uint8_t followed;               /* how many Retries the client followed; wraps */
    bool path_proven;               /* the client returned a Retry's token: it receives what is sent to it */
    uint64_t serial;                /* different for every attempt of the flow; never 0 */
    uint32_t first_version;         /* of the client's first packet */
    uint32_t version;               /* the client's, after a reply the server's */
    uint32_t spoke;                 /* confirm.clock at the last datagram of its client */
    uint32_t moved;                 /* confirm.clock at the last change of stage */
    struct confirm_cid client_dcid; /* of its first Initial, or after a Retry of the next */
    struct confirm_cid client_scid;
    struct confirm_cid server_scid;    /* valid once answered */
    uint32_t retry_count;              /* Retries received and not followed; the last ones are in `retries` */
    uint64_t retries[CONFIRM_RETRIES]; /* keyed hashes of SCID and token */
    uint8_t dcid_len;                  /* client_dcid in full, for keys derive from it */
    uint8_t dcid[QUIC_CID_MAX];
    struct confirm_initials initials[2]; /* by enum quic_sender */
};

/* The scratch of one flow. Plain data: copy it, work on the copy without a lock, copy it back. Mostly one
 * attempt is in use, so the memory of the others is neither cleared nor copied. */
struct confirm {
    uint32_t clock;     /* datagrams read */
    uint64_t serials;   /* the last one given out to an attempt: the owner sets where they begin */
    uint32_t fruitless; /* of those, with unknown long headers and no progress, in a row */
    uint32_t replied;   /* `clock` when a server last answered an attempt's first packets */
    uint32_t in_use;    /* of the attempts, from the first */
    struct confirm_attempt attempts[CONFIRM_ATTEMPTS];
};

/* Tries that one datagram is given: keys to derive, and packets tried with other keys after the first ones
 * did not open them. Whose a datagram is must be found among the attempts and a fresh one, for each of which
 * keys may be missing. The first try of a packet is free: all of them together read each byte once. */
#define CONFIRM_TRIES (2 * (CONFIRM_ATTEMPTS + 1))

/* What a thread needs for reading: its own crypto, a key for CID hashes, a buffer for opened packets. */
struct confirm_reader;

/* A piece of a client's CRYPTO stream. */
struct confirm_piece {
    unsigned slot; /* index into confirm.attempts */
    struct quic_crypto_frame frame;
};

/* Pieces that are taken from one datagram: more than fit in 1500 bytes. A browser's shuffled ClientHello
 * makes some ten. */
#define CONFIRM_PIECES_MAX 512

/* `secret` keys the CID hashes and must be the same for all readers of one engine. NULL when memory or the
 * crypto library refuses. The caller owns it. */
struct confirm_reader *confirm_reader_new(struct qw_hash_key secret);
void confirm_reader_free(struct confirm_reader *reader);

/* What the scratch now says of the flow. */
struct confirm_view {
    int slot;    /* the attempt that this datagram belongs to as its client's; -1: none */
    int speaker; /* the attempt that got furthest and speaks for the flow; -1: none */
    enum flow_state
        state; /* FLOW_ONE_WAY when the handshake says nothing, else INITIAL, REPLIED, CONFIRMED */
    enum flow_side client; /* valid unless FLOW_ONE_WAY */
    uint32_t version; /* the client's, then the one both use. With FLOW_ONE_WAY: one not known here that both
                       * use, or 0 */
    bool exhausted;   /* CONFIRM_TRIES were not enough: the rest of the datagram was not opened */
    bool stalled;     /* many long headers led nowhere: this is no QUIC (W7) */
};

/* Long-header datagrams of unknown versions without any progress after which a flow counts as no QUIC. */
#define CONFIRM_STALL 32

/* True when `payload` may be worth a scratch: a long header (RFC 8999 5.1). Looks at 5 bytes. */
bool confirm_concerns(struct qw_bytes payload);

/* True when `payload` begins with a long header of v1 or v2, or with a SCONE packet, behind which one may
 * stand. Looks at 5 bytes. */
bool confirm_concerns_known(struct qw_bytes payload);

/* What a datagram looks like as the first of a flow, by what is not encrypted. */
struct confirm_look {
    /* It begins with a packet that a client may open a connection with: an Initial or 0-RTT of v1 or v2, or
     * what looks like the first datagram of another IETF version: a long header with connection IDs of their
     * usual lengths (RFC 9000 7.2, 17.2) in at least 1200 bytes (14.1). Half of all DNS queries have the form
     * bit set, and a "version" after it. Google's versions do not count. */
    bool begins;
    /* It begins with what says it is an Initial of v1 or v2 but can be no client's first one: in a datagram
     * under 1200 bytes (RFC 9000 14.1), with a DCID under 8 bytes (7.2), cut off, or too short to be opened.
     */
    bool misshapen;
    uint32_t version; /* of a packet that begins one, else 0 */
};

/* Looks at `payload`, of a datagram with `wire_len` bytes of it on the wire. */
struct confirm_look confirm_look(struct qw_bytes payload, uint32_t wire_len);

/* Makes `scratch` one without attempts. */
void confirm_start(struct confirm *scratch);

/* Copies what is in use. */
void confirm_copy(struct confirm *to, const struct confirm *from);

/* A client Initial of the attempt was opened; before that only 0-RTT of it was seen. */
bool confirm_opened(const struct confirm_attempt *attempt);

/* A server answered the attempt's first packets. */
bool confirm_answered(const struct confirm_attempt *attempt);

/* Reads one datagram that `from` sent, in the order the packets came. */
void confirm_datagram(struct confirm *scratch, struct confirm_reader *reader, enum flow_side from,
                      struct qw_bytes payload, struct confirm_view *out);

/* The pieces of CRYPTO streams in the datagram just read, in its order, or where there are more than
 * QUIC_STREAM_RANGES in that of their offsets; borrowed from the reader until the next one. A reader keeps at
 * most CONFIRM_PIECES_MAX. */
size_t confirm_pieces(const struct confirm_reader *reader, const struct confirm_piece **out);

#endif
