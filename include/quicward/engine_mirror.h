/* The mirror: flows on their way to a copy of the table elsewhere, and flows of another router on their way
 * into this one. What goes out are the slots that changed, as they stand when somebody takes them: a slot
 * that changed ten times is copied once. Only flows that both sides use are told, and none that waits for a
 * decision. Addresses and ports only, as paths (engine_path.h).
 *
 * Only an engine that was made with engine_options.mirror tells; the rest works in every engine. */
#ifndef QUICWARD_ENGINE_MIRROR_H
#define QUICWARD_ENGINE_MIRROR_H

#include <quicward/base/addr.h>
#include <quicward/base/time.h>
#include <quicward/flow.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;

enum engine_mirror_flag {
    ENGINE_MIRROR_BEGUN_INSIDE = 1 << 0,
    ENGINE_MIRROR_CLIENT_KNOWN = 1 << 1,  /* the handshake told client from server */
    ENGINE_MIRROR_CLIENT_INSIDE = 1 << 2, /* then: the client is the inside */
    ENGINE_MIRROR_SETTLED = 1 << 3,       /* as FLOW_SETTLED, and so the rest */
    ENGINE_MIRROR_HOLDS_MAPPING = 1 << 4,
    ENGINE_MIRROR_QUIC = 1 << 5,
    ENGINE_MIRROR_INHERITED = 1 << 6,
    ENGINE_MIRROR_CAME_ON = 1 << 7
};

/* A flow without what belongs to one process. */
struct engine_mirrored {
    enum qw_family family;
    struct qw_endpoint inside, outside;
    struct qw_endpoint external; /* stands for the inside endpoint; port 0: none does */
    enum flow_state state;
    enum flow_class class;
    unsigned flags;           /* enum engine_mirror_flag */
    uint32_t version;         /* of QUIC; 0: none */
    uint32_t rule;            /* engine_mirror_rule of the rule that admitted it; 0: the default did */
    struct qw_time last_seen; /* by the clock of the engine that is told or tells */
};

/* A slot of the table as it stands. */
struct engine_mirror_slot {
    uint32_t shard, slot;
    bool live; /* else there is no flow to be copied, and `flow` is zero */
    struct engine_mirrored flow;
};

/* How many slots a shard has, and how many shards there are. */
struct engine_mirror_size {
    uint32_t shards, slots;
};
struct engine_mirror_size engine_mirror_size(const struct engine *engine);

/* A number for the name of a rule, the same on every router; never 0. */
uint32_t engine_mirror_rule(const char *name);

/* Takes up to `max` slots that changed, from *cursor on (0 at first), and moves it on. Returns how many; 0
 * when the last shard was looked at: *cursor is 0 again then. A call locks one shard. What changes after it
 * was taken is told anew. Any thread, one at a time. */
size_t engine_mirror_take(struct engine *engine, uint64_t *cursor, struct engine_mirror_slot *out,
                          size_t max);

/* These slots are told again: what was made of them is lost. Those that do not exist are none. */
void engine_mirror_again(struct engine *engine, uint32_t shard, uint32_t slot, uint32_t count);

/* So are all: with `empty` also those without a flow, for a copy that holds anybody knows what; else only
 * flows, for a copy that is empty. */
void engine_mirror_all(struct engine *engine, bool empty);

/* Has any slot changed? */
bool engine_mirror_pending(struct engine *engine);

/* Looks at up to `budget` slots from *cursor on (0 at first; it wraps) for flows that were last told more
 * than `old_ns` before their last packet: they are told again, so that a copy knows how long they were idle.
 */
void engine_mirror_look(struct engine *engine, uint64_t *cursor, uint32_t budget, uint64_t old_ns);

/* What became of flows of another router. */
struct engine_mirror_given {
    uint64_t adopted;
    uint64_t twins;     /* a flow with the same endpoints lives here, with the same external one */
    uint64_t conflicts; /* the external endpoint is another's here, or the inside one has another, or such a
                           flow lives with another */
    uint64_t expired;   /* its timer ran out meanwhile */
    uint64_t refused;   /* impossible, of a rule or an address that is not here, or no room */
};

/* Enters `count` flows of another router beside those that are here. A flow that was idle for nearly as long
 * as its timer gets `grace_ns` more. What became of them is added to *given. Each locks one shard for about a
 * microsecond. Any thread. */
void engine_mirror_give(struct engine *engine, const struct engine_mirrored *flows, size_t count,
                        struct qw_time now, uint64_t grace_ns, struct engine_mirror_given *given);

/* After the last of them: mappings that no flow holds end, and queues are put in order. */
void engine_mirror_settle(struct engine *engine, struct qw_time now);

/* Ends all flows of an owner (engine_owners.h), or of ENGINE_OWNER_ALL: what another router has is newer.
 * Their ports rest. */
void engine_mirror_clear(struct engine *engine, unsigned owner, struct qw_time now);

/* While the router stands by no flow begins in mode nat: packets of flows that are not known are dropped
 * (QW_REASON_NO_ADDRESS), for the port that they would get here may be another's elsewhere. Any thread. */
void engine_stand_by(struct engine *engine, bool stands_by);

#endif
