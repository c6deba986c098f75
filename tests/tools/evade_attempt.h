/* Connection attempts that a crafty client might make, datagram by datagram. */
#ifndef TOOLS_EVADE_ATTEMPT_H
#define TOOLS_EVADE_ATTEMPT_H

#include <seal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVADE_DATAGRAM 1400
#define EVADE_SLICES 40 /* of a ClientHello, all of one length */

/* What a datagram holds of its ClientHello: a bit a slice. The cut between the halves is in the middle of the
 * name, so that neither half has it. */
#define EVADE_CUT 4
#define EVADE_FIRST ((1ull << EVADE_CUT) - 1)
#define EVADE_WHOLE ((1ull << EVADE_SLICES) - 1)
#define EVADE_LAST (EVADE_WHOLE & ~EVADE_FIRST)

struct evade_attempt {
    const char *name;
    uint32_t version;
    struct test_cid key_dcid, dcid, scid; /* of the client's Initials */
    struct test_cid server;               /* the connection ID that the server would choose */
    uint8_t token[16];
    size_t token_len;
    uint64_t packet_number;
    bool grease;
    unsigned next_slice; /* the user's */
};

/* A new attempt for `name` with random connection IDs; the client's DCID has `dcid_len` bytes. */
struct evade_attempt evade_attempt(const char *name, uint32_t version, uint8_t dcid_len);

/* A client Initial with `slices` of the ClientHello, which are neighbours; 1200 bytes. Returns its length, as
 * all below. */
size_t evade_initial(struct evade_attempt *attempt, uint64_t slices, uint8_t out[EVADE_DATAGRAM]);

/* Both halves in two Initials of one datagram. */
size_t evade_coalesced(struct evade_attempt *attempt, uint8_t out[EVADE_DATAGRAM]);

/* 0-RTT or Handshake packets of the client. */
size_t evade_zero_rtt(const struct evade_attempt *attempt, uint8_t out[EVADE_DATAGRAM]);
size_t evade_handshake(const struct evade_attempt *attempt, uint8_t out[EVADE_DATAGRAM]);
size_t evade_short(const struct evade_attempt *attempt, uint8_t out[EVADE_DATAGRAM]);

/* What the server, or somebody in its place, answers. A Retry changes the attempt: its next Initials follow.
 */
size_t evade_server_initial(const struct evade_attempt *attempt, uint8_t out[EVADE_DATAGRAM]);
size_t evade_retry(struct evade_attempt *attempt, uint8_t out[EVADE_DATAGRAM]);
size_t evade_negotiation(const struct evade_attempt *attempt, uint8_t out[EVADE_DATAGRAM]);

#endif
