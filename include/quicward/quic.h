/* What a network may read of QUIC: the invariants (RFC 8999) of every version, the long headers of v1 and v2
 * (RFC 9000 17.2, RFC 9369 3), and the contents of Initial packets (RFC 9001 5). Nothing else is readable. */
#ifndef QUICWARD_QUIC_H
#define QUICWARD_QUIC_H

#include <quicward/base/bytes.h>
#include <quicward/base/error.h>
#include <stdbool.h>
#include <stdint.h>

#define QUIC_VERSION_NEGOTIATION 0x00000000u /* RFC 8999 6 */
#define QUIC_VERSION_1 0x00000001u           /* RFC 9000 */
#define QUIC_VERSION_2 0x6b3343cfu           /* RFC 9369 */
#define QUIC_CID_MAX 20                      /* longest connection ID of v1 and v2 (RFC 9000 17.2) */
#define QUIC_CLIENT_DCID_MIN 8               /* shortest DCID of a client's first Initial (RFC 9000 7.2) */
#define QUIC_CLIENT_DATAGRAM_MIN 1200        /* smallest UDP payload with a client Initial (RFC 9000 14.1) */

/* Longest datagram payload that is read beyond its headers. */
#define QUIC_DATAGRAM_MAX 65527

enum quic_type {
    QUIC_SHORT, /* form bit clear: 1-RTT of whatever version; the rest of the datagram */
    QUIC_INITIAL,
    QUIC_ZERO_RTT,
    QUIC_HANDSHAKE,
    QUIC_RETRY,       /* the rest of the datagram */
    QUIC_NEGOTIATION, /* version 0; the rest of the datagram */
    QUIC_SCONE, /* draft-ietf-scone-protocol: advice of the network, first in its datagram; ends with its SCID
                 */
    QUIC_OTHER_VERSION /* long header of a version not known here: invariants only; the rest of the datagram
                        */
};

/* One packet of a datagram. Everything is borrowed from the datagram. The fixed bit is never looked at
 * (RFC 9287). For QUIC_SHORT only `type` and `packet` are set: its DCID has no visible length. */
struct quic_packet {
    enum quic_type type;
    uint32_t version;
    struct qw_bytes packet; /* from its first byte to its end */
    struct qw_bytes dcid,
        scid;              /* 0..255 bytes in QUIC_SCONE, QUIC_OTHER_VERSION, QUIC_NEGOTIATION, else 0..20 */
    struct qw_bytes token; /* Initial and Retry; may be empty */
    size_t pn_offset;      /* Initial, 0-RTT, Handshake: offset of the packet number field in `packet` */
};

/* Reads the next packet of a datagram and moves `datagram` behind it (RFC 9000 12.2 coalescing).
 * QW_OK; QW_ERR_NOT_FOUND at the end; QW_ERR_TRUNCATED or QW_ERR_MALFORMED when what is left is no packet:
 * trailing bytes are legal, so that ends the reading and says nothing bad of the packets before; `datagram`
 * stays in front of them. A Length that reaches past the datagram is QW_ERR_TRUNCATED, as in a datagram that
 * a capture has cut: then `type`, if it is not QUIC_SHORT, `version`, `dcid` and `scid` are set all the same.
 */
enum qw_error quic_next(struct qw_reader *datagram, struct quic_packet *out);

/* True for v1 and v2. */
bool quic_version_known(uint32_t version);

/* True for the two versions of SCONE packets (draft-ietf-scone-protocol): a network may change the highest
 * bit. */
bool quic_version_is_scone(uint32_t version);

/* True for Google's QUIC before the IETF's (versions "Q0xx", "T0xx"), whose headers are not RFC 8999's. */
bool quic_version_is_google(uint32_t version);

enum quic_sender { QUIC_CLIENT, QUIC_SERVER };

/* Packet protection of Initial packets in one direction: AES-128-GCM and AES header protection. */
struct quic_initial_keys {
    uint8_t key[16], iv[12], hp[16];
};

/* OpenSSL objects fetched once; one per thread, never shared. */
struct quic_crypto;

/* NULL when the crypto library refuses. The caller owns it. */
struct quic_crypto *quic_crypto_new(void);
void quic_crypto_free(struct quic_crypto *crypto);

/* Derives the keys of Initial packets that `sender` sends in `version` (v1 or v2), from the DCID of the
 * client's first Initial, or of its first Initial after a Retry (RFC 9001 5.2, RFC 9369 3.3.1). QW_OK,
 * QW_ERR_UNSUPPORTED for another version, QW_ERR_INVALID for a DCID over 20 bytes, QW_ERR_CRYPTO. */
enum qw_error quic_initial_keys(struct quic_crypto *crypto, uint32_t version, struct qw_bytes client_dcid,
                                enum quic_sender sender, struct quic_initial_keys *out);

/* An opened Initial packet. */
struct quic_opened {
    uint64_t packet_number;
    struct qw_bytes frames; /* borrowed from the caller's buffer */
};

/* Removes header and packet protection of the Initial `packet` (RFC 9001 5.3, 5.4).
 * `largest` is the largest packet number opened so far of this sender, or -1 (RFC 9000 A.3).
 * The frames are written to `buffer` (`size` bytes; packet->packet.len always suffices); the packet itself is
 * not changed. QW_OK; QW_ERR_AUTH when these are not its keys, with garbage in `buffer`; QW_ERR_TRUNCATED
 * when it is too short to hold a sample or a tag; QW_ERR_INVALID when it is longer than QUIC_DATAGRAM_MAX;
 * QW_ERR_FULL when `buffer` is too small; QW_ERR_UNSUPPORTED when it is no Initial; QW_ERR_CRYPTO. */
enum qw_error quic_initial_open(struct quic_crypto *crypto, const struct quic_initial_keys *keys,
                                const struct quic_packet *packet, int64_t largest, uint8_t *buffer,
                                size_t size, struct quic_opened *out);

/* Checks the Retry Integrity Tag (RFC 9001 5.8, RFC 9369 3.3.3): whoever sent `packet` has seen the Initial
 * with `original_dcid`. QW_OK; QW_ERR_AUTH, also for a length that no such packet has; QW_ERR_UNSUPPORTED
 * when it is no Retry; QW_ERR_TRUNCATED; QW_ERR_CRYPTO. */
enum qw_error quic_retry_verify(struct quic_crypto *crypto, const struct quic_packet *packet,
                                struct qw_bytes original_dcid);

/* ---- the CRYPTO stream of a client's Initials (RFC 9000 19.6) ---- */

/* One CRYPTO frame; `data` is borrowed from the frames. */
struct quic_crypto_frame {
    uint64_t offset;
    struct qw_bytes data;
};

/* The next CRYPTO frame of an Initial's `frames`; PADDING, PING, ACK and CONNECTION_CLOSE are skipped (RFC
 * 9000 12.4 allows no others there). QW_OK; QW_ERR_NOT_FOUND at the end; QW_ERR_MALFORMED for a frame that
 * cannot be there or is cut off: that ends this packet's reading, and what was read before stands. */
enum qw_error quic_next_crypto(struct qw_reader *frames, struct quic_crypto_frame *out);

#define QUIC_CHUNK 1024       /* bytes of one piece of stream memory */
#define QUIC_STREAM_CHUNKS 16 /* so that one stream holds at most 16 KiB */
#define QUIC_STREAM_RANGES 32 /* islands of data between gaps; browsers make up to about ten */

/* The memory of many streams: a fixed number of chunks, taken at start. Not thread safe. */
struct quic_chunks;

/* NULL when memory is short; `count` is 1..65535. The caller owns it. */
struct quic_chunks *quic_chunks_new(uint16_t count);
void quic_chunks_free(struct quic_chunks *chunks);
uint32_t quic_chunks_used(const struct quic_chunks *chunks);

/* One stream's data, from offset 0. Plain data, but it owns chunks: quic_stream_release gives them back. */
struct quic_stream {
    uint16_t chunks[QUIC_STREAM_CHUNKS]; /* numbers in the pool; 0: none */
    uint16_t ranges;                     /* in use below, ascending, with gaps between */
    struct quic_range {
        uint16_t start, end; /* bytes start..end-1 are there */
    } range[QUIC_STREAM_RANGES];
};

void quic_stream_start(struct quic_stream *stream);

/* Adds `frame`. Duplicates and overlaps are fine as long as they say the same. QW_OK. QW_ERR_MALFORMED: it
 * contradicts bytes that are there (RFC 9000 2.2). QW_ERR_FULL: beyond 16 KiB, more islands than
 * QUIC_STREAM_RANGES, or no chunk left. But for QW_OK the stream is as before. */
enum qw_error quic_stream_add(struct quic_stream *stream, struct quic_chunks *chunks,
                              const struct quic_crypto_frame *frame);

/* False when `frame` contradicts bytes that are there. */
bool quic_stream_agrees(const struct quic_stream *stream, const struct quic_chunks *chunks,
                        const struct quic_crypto_frame *frame);

/* Bytes that are there without a gap from offset 0. */
size_t quic_stream_ready(const struct quic_stream *stream);

/* Copies the first `len` bytes (at most quic_stream_ready) to `out`. */
void quic_stream_copy(const struct quic_stream *stream, const struct quic_chunks *chunks, uint8_t *out,
                      size_t len);

/* Gives the chunks back; the stream is then empty. */
void quic_stream_release(struct quic_stream *stream, struct quic_chunks *chunks);

#endif
