/* The attempts of one scratch: finding, adding, advancing them, and opening their Initials. */
#ifndef CONFIRM_ATTEMPTS_H
#define CONFIRM_ATTEMPTS_H

#include "confirm_table.h"

/* A connection ID shorter than this can be guessed by a sender that sees nothing. */
#define GUESSABLE_CID 4

struct confirm_reader {
    struct quic_crypto *crypto; /* owned */
    struct qw_hash_key secret;
    struct confirm_attempt
        fresh[2]; /* v1, v2: what this datagram may begin, its keys derived; version 0: not yet */
    uint8_t opened[QUIC_DATAGRAM_MAX + 1]; /* frames of the packets that this datagram's reading opened */
    size_t opened_len;
    struct confirm_piece pieces[CONFIRM_PIECES_MAX];
    size_t piece_count;
    unsigned tries; /* of this datagram, see CONFIRM_TRIES */
    bool failed;    /* the packet being read did not open once */
    bool exhausted; /* it needed more than CONFIRM_TRIES */
};

struct confirm_cid attempt_cid(const struct confirm_reader *reader, struct qw_bytes cid);
bool attempt_cid_equal(struct confirm_cid a, struct confirm_cid b);

/* Moves the attempt as the table says. True when its stage changed. */
bool attempt_event(struct confirm *scratch, struct confirm_attempt *attempt, enum confirm_event event);

/* Opens the Initial `packet` of `sender` with the attempt's keys, deriving them if they are not there yet.
 * The frames stay in the reader until the next datagram. False too when the datagram has had all its tries.
 */
bool attempt_open(struct confirm_attempt *attempt, struct confirm_reader *reader,
                  const struct quic_packet *packet, enum quic_sender sender, struct qw_bytes *frames);

/* Notes the CRYPTO frames of `frames` for the attempt in `slot`. */
void attempt_collect(struct confirm_reader *reader, unsigned slot, struct qw_bytes frames);

/* Puts many pieces in the order of their offsets, so that a stream takes them without more gaps than are
 * there. */
void attempt_sort(struct confirm_reader *reader);

/* Puts `fresh` in a free place, or in that of the attempt that got least far and has not moved for longest.
 * Returns the place. */
unsigned attempt_add(struct confirm *scratch, const struct confirm_attempt *fresh);

/* Remembers a Retry whose tag was right. */
void attempt_note_retry(struct confirm_attempt *attempt, uint64_t retry);

/* True when it is one of those remembered. */
bool attempt_has_retry(const struct confirm_attempt *attempt, uint64_t retry);

/* Restarts key derivation from `dcid` (the first Initial's, or a Retry's), which is remembered as `cid`. */
void attempt_set_dcid(struct confirm_attempt *attempt, struct confirm_cid cid, struct qw_bytes dcid);

/* v1 or v2. */
bool attempt_version_known(const struct confirm_attempt *attempt);

/* v1, v2: the server's SCID is known. */
bool attempt_answered(const struct confirm_attempt *attempt);

/* RFC 9000 8.1: a client that sends to the server's SCID received it, if it could not know it otherwise. True
 * too when that is proven already, by a Retry. */
bool attempt_scid_proves_path(const struct confirm_attempt *attempt);

#endif
