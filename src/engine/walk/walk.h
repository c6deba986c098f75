/* One packet's walk: what the steps hand on to each other. */
#ifndef ENGINE_WALK_H
#define ENGINE_WALK_H

#include "life.h"
#include "ruling.h"
#include <quicward/engine_trial.h>
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

/* ICMP errors that go back to the sender. */
enum reply_kind { REPLY_NONE, REPLY_PROHIBITED, REPLY_UNREACHABLE, REPLY_TOO_BIG };

/* For reports alone: what hints/hint_news.c is told of when the packet is decided. */
enum walk_news {
    NEWS_BEGUN = 1 << 0,     /* the packet began its flow */
    NEWS_RETURNED = 1 << 1,  /* who began it spoke again after the answer */
    NEWS_CONFIRMED = 1 << 2, /* a handshake was seen from both ends */
    NEWS_HEARD = 1 << 3      /* the client of a QUIC flow: its first packets, and one a second */
};

/* What the steps find out, each for those after it. */
struct walk {
    struct engine_worker *worker;
    const struct engine_packet *packet;
    struct qw_time now;
    const struct ahead_packet *ahead; /* what was found out before; NULL: nothing */
    struct engine_trial *trial;       /* it is only told (engine_trial.h); NULL: a packet like all */

    /* step_decode */
    struct packet_view *view; /* its endpoints are those of the inside once step_address was there */

    /* step_whose */
    bool looked;     /* it was taken for that step alone, and comes again */
    bool owned_soon; /* flows of its owner are not all known yet: none may begin */
    uint32_t mark;   /* that it goes on with, 0 for none */

    /* step_address, in mode nat */
    bool excepted;        /* it is not translated, unless its flow was before a reload */
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

    /* step_begin */
    bool inherits;        /* it goes on with a connection of another port */
    bool begun;           /* the packet began its flow, */
    struct ruling ruling; /* and this was said of it */
    uint32_t ruled;       /* as the first packet of QUIC in this version; 0: of no QUIC */

    /* step_throttle */
    int limited;   /* the throttled interface that it passes (throttle.h), -1: none, */
    bool comes_in; /* and it comes in by it */

    /* step_handshake */
    int slot;    /* the attempt that the datagram belongs to as its client's; -1: none */
    bool unread; /* it could not be read: others changed the handshake all the time */
    const struct tls_client_hello *hello; /* that became whole with this datagram; NULL: none */

    /* for the end, from any step */
    uint8_t news;           /* enum walk_news */
    uint8_t server_cid_len; /* NEWS_CONFIRMED: of the server's connection ID in the handshake */
    struct walk_change {
        bool outwards, inwards; /* mode nat: what is to be written into the packet: */
        struct qw_endpoint
            external;              /* outwards, in the place of who sent it; inwards alone, whom it came to */
        struct qw_endpoint inside; /* inwards, in the place of whom it is addressed to */
    } change;
    struct walk_wanted { /* what the sender is to be told; reply.c makes it when no shard is locked any more
                          */
        enum reply_kind kind;
        uint32_t mtu; /* REPLY_TOO_BIG: what would have fit */
    } wanted;
    enum qw_reason would; /* monitor mode: why firewall mode would not have let it through */
};

/* ---- the steps, in their order, each in a file of its name ---- */

struct step step_decode(struct walk *w);    /* bytes -> view */
struct step step_whose(struct walk *w);     /* of another router: a mark leads there */
struct step step_address(struct walk *w);   /* mode nat: the inside endpoint that it comes from or goes to */
struct step step_related(struct walk *w);   /* ICMP errors go where the packet they quote may go */
struct step step_find(struct walk *w);      /* finds the flow; the shard stays locked */
struct step step_throttle(struct walk *w);  /* drops flows of the share that is blocked */
struct step step_begin(struct walk *w);     /* asks the rules for a new flow */
struct step step_map(struct walk *w);       /* mode nat: the external endpoint of its inside */
struct step step_size(struct walk *w);      /* drops what is over a size limit, with a PTB */
struct step step_handshake(struct walk *w); /* reads the datagram while the handshake is open */
struct step step_admit(struct walk *w);     /* asks the rules of its attempt; holds until they can answer */
struct step step_account(struct walk *w);   /* direction, timers, counters */

/* ---- what they share ---- */

static inline bool walk_monitors(const struct walk *w)
{
    return w->worker->engine->mode == CONFIG_MONITOR;
}

/* Locks the shard of `tuple` and looks its flow up. (find.c) */
void walk_find(struct walk *w, const struct qw_tuple *tuple);

/* Mode nat: is the external address one that this router has? (whose.c) */
bool walk_is_here(const struct walk *w, const struct qw_addr *external);

/* Adds the packet to the load of the interface it passes; `dropped`: why it was or would have been, or NONE.
 * (throttle.c) */
void walk_count_load(const struct walk *w, enum qw_reason dropped);

/* Mode nat: is the packet one that may have to be translated? (address.c) */
bool walk_maps(const struct walk *w);

/* Mode nat: what lets a flow from outside in, when no rule does. (address.c) */
enum policy_entry walk_entry(const struct walk *w);

/* The mapping for a new flow, held when the packet comes from inside; *mapping stays 0 outside of mode nat.
 * (map.c) */
struct step walk_open_session(struct walk *w, nat_external *mapping);

/* Mode nat: the sender inside is told that its packet went nowhere. (map.c) */
void walk_tell_sender(struct walk *w);

/* An event about the packet, at most one a second for the same client; further ones are counted. (tell.c) */
void walk_tell(struct walk *w, enum engine_event_kind kind, const struct qw_endpoint *client,
               const struct qw_endpoint *server);
void walk_tell_packet(struct walk *w, enum engine_event_kind kind); /* from its source to its destination */

/* Does the sender of a packet from inside belong there? The drop if not. (belongs.c) */
struct step walk_belongs(struct walk *w);

/* May the packet of a flow that has not returned go to its client? The drop if not. (guard.c) */
struct step walk_guard(struct walk *w);

/* Room for one more flow of the packet's source; if not, the drop. (room.c) */
struct step walk_make_room(struct walk *w);

/* Mode nat: it goes out by the flow's mapping. (leave.c) */
struct step walk_leave(struct walk *w);

/* Decides the held packets whose time is over, or whose attempt was decided elsewhere. (waiting.c) */
void admit_overdue(struct engine_worker *worker, struct qw_time now);

/* ---- the end, with no shard locked ---- */

/* The reply that the steps want, which is not REPLY_NONE; NULL when it must not be sent, or there were too
 * many. The packet's bytes must be as they were sent, for it quotes them. The message is the worker's until
 * its next packet. (reply.c) */
const struct icmp_message *walk_reply(const struct walk *w);

/* Writes w->change into the packet. (leave.c) */
void walk_translate(const struct walk *w);

#endif
