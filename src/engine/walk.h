/* One packet's walk: what the steps hand on to each other. */
#ifndef ENGINE_WALK_H
#define ENGINE_WALK_H

#include "life.h"
#include <quicward/packet.h>

/* What a step says. The first that is not CONTINUE ends the walk; a drop cannot be said without its reason.
 */
enum step_result { RESULT_CONTINUE, RESULT_ACCEPT, RESULT_DROP };

struct step {
    enum step_result result;
    enum qw_reason reason;
};

#define STEP_CONTINUE ((struct step){RESULT_CONTINUE, QW_REASON_NONE})
#define STEP_ACCEPT ((struct step){RESULT_ACCEPT, QW_REASON_NONE})
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
};

struct step step_decode(struct walk *w);    /* bytes -> view */
struct step step_related(struct walk *w);   /* ICMP errors go where the packet they quote may go */
struct step step_flow(struct walk *w);      /* finds or creates the flow; the shard stays locked */
struct step step_handshake(struct walk *w); /* reads the datagram while the handshake is open */
struct step step_account(struct walk *w);   /* direction, timers, counters */

#endif
