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

struct walk {
    struct engine_worker *worker;
    const struct engine_packet *packet;
    struct qw_time now;
    struct packet_view view;
    struct flow_key key;
    uint64_t hash;
    enum flow_side sender;
    struct shard *shard; /* locked once a step set it */
    struct flow *flow;   /* valid while the shard is locked */
    uint64_t flow_id;    /* 0: none */
    int slot;            /* the attempt that the datagram belongs to as its client's; -1: none */
    const struct tls_client_hello *hello; /* that became whole with this datagram; NULL: none */
    enum qw_reason would;                 /* monitor mode: why firewall mode would not have let it through */
    const struct icmp_message *reply;
};

struct step step_decode(struct walk *w);  /* bytes -> view */
struct step step_related(struct walk *w); /* ICMP errors go where the packet they quote may go */
struct step
step_flow(struct walk *w); /* finds the flow, or asks the rules for a new one; the shard stays locked */
struct step step_handshake(struct walk *w); /* reads the datagram while the handshake is open */
struct step
step_admit(struct walk *w); /* asks the rules again once the ClientHello is whole; holds until then */
struct step step_account(struct walk *w); /* direction, timers, counters */

static inline bool walk_monitors(const struct walk *w)
{
    return w->worker->engine->mode == CONFIG_MONITOR;
}

/* What the rules may know of the packet as the first of a flow. */
struct policy_facts walk_facts(const struct walk *w, bool hello_unreadable);

/* Not let through: the answer, with its reply when the ruling is to reject. */
struct step walk_refuse(struct walk *w, const struct ruling *ruling);

/* The flow comes to life by a packet of `sender`, which came from that side of the router. */
void walk_admit(struct flow *flow, enum flow_side sender, enum engine_origin from,
                const struct ruling *ruling);

/* Decides the held packets whose time is over, or whose attempt was decided elsewhere. */
void admit_overdue(struct engine_worker *worker, struct qw_time now);

#endif
