/* A packet that is told instead of sent: the engine walks it like every other, by the same steps, and says
 * what it asked the rules on the way. For `quicward explain`. An engine made for it alone: a trial leaves its
 * flow behind. */
#ifndef QUICWARD_ENGINE_TRIAL_H
#define QUICWARD_ENGINE_TRIAL_H

#include <quicward/engine.h>
#include <quicward/policy.h>

/* What the packet's payload, which nobody wrote, is to say. */
struct engine_claims {
    bool quic;                            /* it begins a QUIC handshake, */
    bool misshapen;                       /* or says that it does */
    uint32_t version;                     /* with `quic` */
    const struct tls_client_hello *hello; /* of that attempt; NULL: not whole yet */
    bool hello_unreadable;                /* it never will be */
};

/* A hairpin asks twice: on its way out, and on its way in again. */
#define ENGINE_TRIAL_ASKED_MAX 2

struct engine_trial {
    struct engine_claims claims;
    unsigned asked;                                    /* how often the rules were asked, and */
    struct policy_facts facts[ENGINE_TRIAL_ASKED_MAX]; /* with what: addresses as rules see them; borrows what
                                                          the packet and the claims borrow */
    struct engine_verdict verdict;                     /* HOLD: the ClientHello decides */
};

/* As engine_handle. `trial` has its claims, and gets the rest. */
void engine_try(struct engine_worker *worker, const struct engine_packet *packet, struct qw_time now,
                struct engine_trial *trial);

/* Mode nat: makes the mapping that packets from outside to `inside` need, as if that host had sent one
 * elsewhere before, or finds the one of a forward. False: no port is left for it, or no external address is
 * known. */
bool engine_trial_map(struct engine *engine, const struct qw_endpoint *inside, struct qw_time now,
                      struct qw_endpoint *external);

#endif
