/* One packet's walk: what the steps hand on to each other. */
#ifndef ENGINE_WALK_H
#define ENGINE_WALK_H

#include "life.h"
#include <quicward/packet.h>

/* What a step says. The first that is not CONTINUE ends the walk; a drop cannot be said without its reason.
 */
enum step_result { RESULT_CONTINUE, RESULT_ACCEPT, RESULT_HOLD, RESULT_DROP };

struct step {
    enum step_result result;
    enum qw_reason reason;
};

#define STEP_CONTINUE ((struct step){RESULT_CONTINUE, QW_REASON_NONE})
#define STEP_ACCEPT ((struct step){RESULT_ACCEPT, QW_REASON_NONE})
#define STEP_HOLD ((struct step){RESULT_HOLD, QW_REASON_NONE})
#define STEP_DROP(why) ((struct step){RESULT_DROP, QW_REASON_##why})

/* What the steps find out, each for those after it. */
struct walk {
    struct engine_worker *worker;
    const struct engine_packet *packet;
    struct qw_time now;
    const struct ahead_packet *ahead; /* what was found out before; NULL: nothing */

    /* step_decode */
    struct packet_view *view; /* its endpoints are those of the inside once step_address was there */

    /* step_address, in mode nat */
    nat_external mapping; /* that it came by from outside */
    bool hairpin;         /* from inside to an external endpoint: it comes in again, */
    bool turned;          /* and this is that second part of its way */

    /* step_find: the shard is locked from there on, and the flow valid while it is */
    struct flow_key key;
    uint64_t hash;
    enum flow_side sender;
    struct shard *shard;
    struct flow *flow; /* NULL: none yet */
    uint64_t flow_id;  /* 0: none */

    /* step_throttle */
    int limited; /* the throttled interface that it passes (throttle.h), -1: none */

    /* step_handshake */
    int slot; /* the attempt that the datagram belongs to as its client's; -1: none */
    const struct tls_client_hello *hello; /* that became whole with this datagram; NULL: none */

    /* for the end, from any step */
    struct walk_change {
        bool outwards, inwards;      /* mode nat: what is to be written into the packet: */
        struct qw_endpoint external; /* outwards, in the place of who sent it */
        struct qw_endpoint inside;   /* inwards, in the place of whom it is addressed to */
    } change;
    enum qw_reason would; /* monitor mode: why firewall mode would not have let it through */
    const struct icmp_message *reply;
};

/* ---- the steps, in their order ---- */

struct step step_decode(struct walk *w);    /* bytes -> view */
struct step step_address(struct walk *w);   /* mode nat: the inside endpoint that it comes from or goes to */
struct step step_related(struct walk *w);   /* ICMP errors go where the packet they quote may go */
struct step step_find(struct walk *w);      /* finds the flow; the shard stays locked */
struct step step_throttle(struct walk *w);  /* drops flows of the share that is blocked */
struct step step_begin(struct walk *w);     /* asks the rules for a new flow */
struct step step_map(struct walk *w);       /* mode nat: the external endpoint of its inside */
struct step step_size(struct walk *w);      /* drops what is over a size limit, with a PTB */
struct step step_handshake(struct walk *w); /* reads the datagram while the handshake is open */
struct step step_admit(struct walk *w);     /* asks the rules of its ClientHello; holds until it is whole */
struct step step_account(struct walk *w);   /* direction, timers, counters */

/* ---- what they share ---- */

static inline bool walk_monitors(const struct walk *w)
{
    return w->worker->engine->mode == CONFIG_MONITOR;
}

/* Decoded already, as for a packet that is turned: the steps after the first. Leaves no shard locked. */
struct step walk_take_steps(struct walk *w);

/* Locks the shard of `tuple` and looks its flow up. (steps.c) */
void walk_find(struct walk *w, const struct qw_tuple *tuple);

/* Adds the packet to the load of the interface it passes. (limits.c) */
void walk_count_load(const struct walk *w, bool passed);

/* Decides the held packets whose time is over, or whose attempt was decided elsewhere. (admit.c) */
void admit_overdue(struct engine_worker *worker, struct qw_time now);

#endif
