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
    bool other_owes; /* one was active besides this router, and is no longer: its flows are to be taken */
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

/* What is known of one router of the list. */
struct role_claim {
    bool here;   /* it is this one: only the others are asked about */
    bool usable; /* there is a header, of our form and configuration */
    bool active; /* in it */
    uint64_t epoch;
};

/* The place in the list of the router with the highest epoch, of equal ones the first; `active`: of those
 * that say that they own it. `count`: there is none. */
unsigned role_latest(const struct role_claim *claims, unsigned count, bool active);

/* Where packets belong while this router does not own it: the router that owns it, by the highest epoch. What
 * a dead one said last is outdone by whoever took over from it, and believed while nobody did. While nobody
 * owns it, that is the first of the list; the first itself then sends packets nowhere (`count`), because two
 * routers that own nothing would send them to and fro. */
unsigned role_owner(const struct role_claim *claims, unsigned count);

/* The next step. With ROLE_ENDS, role->reads says whether flows are to be entered, and role->merges whether
 * beside those that are here, or in their place. */
enum role_step role_next(struct role *role, const struct role_facts *facts, struct qw_time now);

/* Does the router stand by while the other one is active, which took over after it? Then all that it knows is
 * older. other_active says here only what stands in the header. */
bool role_is_outdone(const struct role *role, const struct role_facts *facts);

/* A router that is outdone keeps its flows for so long: the one that outdid it may have to take them first,
 * which it does within ROLE_PATIENCE_NS of seeing that this one stepped back. */
#define ROLE_OUTDONE_NS (3 * QW_NS_PER_SECOND)

/* What becomes of a standby's own flows. A mapping of it may be another's on the active router, which took
 * what it could, and hosts inside may go on for a while to send here. So it ends, as soon as the other's
 * flows were read whole: nothing is lost when that one dies now. */
struct role_retirement {
    enum { RETIREMENT_NONE, RETIREMENT_READS, RETIREMENT_OVER } now;
    struct qw_time outdone; /* it was not until then */
};

enum role_retires {
    ROLE_KEEPS,       /* its flows stay, for now */
    ROLE_READS_FIRST, /* the other's are to be read from the begin, fast */
    ROLE_ENDS_FLOWS   /* its own end */
};

/* `outdone`: role_is_outdone. Of the other's flows: `reading` them fast, and `read`, all of them since that
 * began. */
enum role_retires role_retire(struct role_retirement *retirement, bool outdone, bool reading, bool read,
                              struct qw_time now);

#endif
