/* One packet of one datagram being read, and what reading it means to the attempts it concerns. */
#ifndef CONFIRM_READING_H
#define CONFIRM_READING_H

#include "attempts.h"

struct reading {
    struct confirm *scratch;
    struct confirm_reader *reader;
    enum flow_side from;
    size_t datagram_len;
    const struct quic_packet *packet;
    struct confirm_cid dcid, scid; /* of the packet */
    bool progress;                 /* some attempt changed its stage */
    int server_of; /* the attempt of whose server a packet of this datagram opened; -1: none yet */
    int slot;      /* the attempt whose client sent the datagram; -1: none */
};

void read_initial(struct reading *r);   /* RFC 9000 17.2.2 */
void read_zero_rtt(struct reading *r);  /* RFC 9000 17.2.3 */
void read_handshake(struct reading *r); /* RFC 9000 17.2.4 */
void read_retry(struct reading *r);     /* RFC 9000 17.2.5 */
void read_short(struct reading *r);     /* RFC 9000 17.3.1 */
void read_other(struct reading *r);     /* RFC 8999 5.1, a version not known here */

/* A new attempt of the sender as its client, as the packet shows it; stage FREE. */
struct confirm_attempt reading_attempt(const struct reading *r);

/* What a Retry is remembered by: the SCID that it asked for, and the token of the packet being read. */
uint64_t retry_hash(const struct reading *r, struct confirm_cid scid);

/* Moves `attempt` as the table says. */
void reading_event(struct reading *r, struct confirm_attempt *attempt, enum confirm_event what);

/* The packet comes from the attempt's client, or from its server. False for a free attempt. */
bool reading_from_client(const struct reading *r, const struct confirm_attempt *attempt);
bool reading_from_server(const struct reading *r, const struct confirm_attempt *attempt);

#endif
