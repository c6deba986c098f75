/* The states of one attempt and what moves it, on one page: confirm_table.c. */
#ifndef CONFIRM_TABLE_H
#define CONFIRM_TABLE_H

#include <quicward/confirm.h>

/* In order of how much is known; the order decides which attempt is given up first and which speaks for the
 * flow. */
enum confirm_stage {
    STAGE_FREE,
    STAGE_EARLY_DATA,    /* v1, v2: 0-RTT whose Initial is still to come */
    STAGE_LONG_SEEN,     /* unknown version: a long header */
    STAGE_UPGRADED,      /* unknown version: a long header to the SCID of a v1 or v2 attempt (RFC 9368 2.3) */
    STAGE_OPENED,        /* v1, v2: a client Initial opened */
    STAGE_LONG_ANSWERED, /* unknown version: the peer echoed its SCID */
    STAGE_LONG_ECHOED_WEAK, /* unknown version: and it echoed the peer's, but a blind sender may know that */
    STAGE_LONG_RETURNED,    /* unknown version: and the server went on with a short header */
    STAGE_LONG_ECHOED,      /* unknown version: each echoed the other's SCID */
    STAGE_ANSWERED,         /* v1, v2: the server addressed the client's SCID */
    STAGE_EARLY_SHORT,      /* and a short header overtook the client's Handshake packet */
    STAGE_ECHOED_WEAK,    /* the client's Handshake packet was seen, but a blind sender could have made it */
    STAGE_SHORT_WEAK,     /* and the client's short header */
    STAGE_RETURNED,       /* ECHOED_WEAK, and the server went on with a short header */
    STAGE_RETURNED_SHORT, /* SHORT_WEAK, and the server went on with a short header */
    STAGE_ECHOED,         /* the client used the server's SCID */
    STAGE_CONFIRMED,
    STAGES
};

enum confirm_event {
    EVENT_ZERO_RTT,         /* 0-RTT that fits no attempt */
    EVENT_CLIENT_INITIAL,   /* opens with keys from its DCID */
    EVENT_SERVER_REPLY,     /* a server's long header to the client's SCID; if an Initial, it opens */
    EVENT_CLIENT_ECHO,      /* a client Handshake packet to the server's SCID */
    EVENT_CLIENT_ECHO_WEAK, /* a client Handshake packet to a CID that a blind sender may know, or make up */
    EVENT_CLIENT_SHORT,
    EVENT_SERVER_SHORT,
    EVENT_LONG,           /* unknown version: a long header that fits no attempt */
    EVENT_LONG_UPGRADE,   /* unknown version: a long header to the client's SCID of a v1 or v2 attempt */
    EVENT_LONG_REPLY,     /* unknown version: a long header to the first sender's SCID */
    EVENT_LONG_ECHO,      /* unknown version: the first sender's long header to the replier's SCID */
    EVENT_LONG_ECHO_WEAK, /* likewise, but a blind sender may know that SCID */
    EVENT_CLIENT_MORE,    /* any later datagram of the client */
    EVENTS
};

/* The stage after `event`; `stage` itself when the table has no such row. */
enum confirm_stage confirm_next(enum confirm_stage stage, enum confirm_event event);

/* What the stage says of the flow: FLOW_ONE_WAY when nothing yet. */
enum flow_state confirm_flow_state(enum confirm_stage stage);

#endif
