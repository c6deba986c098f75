/* Who is active, and what follows from it: a pure state machine, of which the thread does what it says. */
#ifndef PEER_ROLE_H
#define PEER_ROLE_H

#include <quicward/base/time.h>
#include <quicward/peer.h>

#define ROLE_PATIENCE_NS QW_NS_PER_SECOND /* for the other's store, before a takeover goes on without it */

/* What is known at this moment. */
struct role_facts {
    bool owns;             /* the address is here, or a command said so */
    bool own_known;        /* our epoch of before was read, or cannot be */
    uint64_t epoch_before; /* 0: none */
    bool other_gone;       /* its store does not answer */
    bool answered;         /* it did, since the takeover began */
    bool other_usable;     /* there is a header, of our form and configuration */
    bool other_active;
    uint64_t other_epoch;
    bool pass_done; /* all of its flows were read since the takeover began */
};

enum role_step {
    ROLE_STAYS,
    ROLE_BEGINS,    /* a takeover: a pass over the other's flows begins */
    ROLE_ENDS,      /* the takeover: what was read is entered, then the router is active */
    ROLE_STEPS_BACK /* the router is active no longer */
};

struct role {
    enum peer_role now;
    uint64_t epoch;
    struct qw_time began; /* the takeover */
    bool merges;          /* it was active all the time, and takes what the other had meanwhile */
    bool reads;           /* the other's flows are newer: they are waited for and entered */
    bool split;           /* both said that they are active */
};

/* The next step. With ROLE_ENDS, role->reads says whether flows are to be entered, and role->merges whether
 * beside those that are here, or in their place. */
enum role_step role_next(struct role *role, const struct role_facts *facts, struct qw_time now);

/* Does the router stand by while the other one is active, which took over after it? Then all that it knows is
 * older. other_active says here only what stands in the header. */
bool role_is_outdone(const struct role *role, const struct role_facts *facts);

#endif
