/* Which other routers are active while this one is, or were: a pure look at what their headers say. Flows
 * that began on such a router are not here; they are taken over when it steps back. Headers may show it only
 * afterwards, for what cuts the routers from each other mostly cuts the link between their stores, too. */
#ifndef PEER_RIVALS_H
#define PEER_RIVALS_H

#include <quicward/base/time.h>
#include <quicward/peer.h>

#define RIVAL_CLAIM_NS (2 * QW_NS_PER_SECOND) /* a header that did not change for so long claims nothing */

/* What the header of a router says. */
struct rival_claim {
    bool usable; /* there is one, of our form and configuration */
    bool active; /* in it */
    uint64_t epoch;
    uint64_t life;          /* of its daemon */
    struct qw_time changed; /* when it came */
};

/* A bit a router, by its place among the others. */
struct rivals {
    uint16_t active; /* they say so now */
    uint16_t owe;    /* they were, and their flows have not been taken since */
    uint16_t before; /* they said so when this router became active, as one that died goes on to */
    uint64_t lives[PEER_OTHERS_MAX];
    uint64_t first;                  /* the epoch with which this router became active; 0: it is not */
    uint64_t known[PEER_OTHERS_MAX]; /* epochs whose flows were to be had */
    struct qw_time since;            /* this router became active, or took what another owed */
};

/* This router is active from now on, with this epoch, and has the flows of `taken` (PEER_OTHERS_MAX: of
 * none). If it was active before, it goes on to be. */
void rivals_begin(struct rivals *rivals, const struct rival_claim *claims, unsigned count, unsigned taken,
                  uint64_t epoch, struct qw_time now);

/* It goes on to be. Returns the place of a router whose flows are to be taken now: it owes them, and is
 * active no longer; `count`: there is none. */
unsigned rivals_look(struct rivals *rivals, const struct rival_claim *claims, unsigned count,
                     struct qw_time now);

/* It steps back. */
void rivals_end(struct rivals *rivals);

#endif
