/* Routers that share their hosts: each owner of the configuration (cluster.owners) is an external address, or
 * hosts inside, and belongs to one router at a time. What belongs to another one is not judged here: it is
 * neither translated nor dropped as unsolicited, and leaves no state. While it has not been routed it goes on
 * with a mark, by which the kernel routes it to its router; behind that it is dropped (QW_REASON_ELSEWHERE),
 * for a packet that has its way here has no rule of routing for its mark.
 *
 * Without cluster.owners everything is here, and none of this costs anything. */
#ifndef QUICWARD_ENGINE_OWNERS_H
#define QUICWARD_ENGINE_OWNERS_H

#include <quicward/base/owners.h>
#include <quicward/engine_mirror.h>
#include <stdint.h>

struct engine;

enum engine_owned {
    ENGINE_OWNED_HERE,
    ENGINE_OWNED_SOON,     /* its flows of another router are being read: those that are known go on, none
                              begins (QW_REASON_NO_ADDRESS) */
    ENGINE_OWNED_ELSEWHERE /* its packets get a mark */
};

/* Says who has owner `number`; in the order of cluster.owners. All are here at first. `mark` leads to the
 * router that has it, 1 to CONFIG_MARK_MAX; 0: nothing leads there, and packets are dropped. Nothing for a
 * number that there is not. Any thread. */
void engine_own(struct engine *engine, unsigned number, enum engine_owned state, uint32_t mark);

/* The owner of a flow; QW_OWNER_NONE for nobody, and always without cluster.owners. Any thread. */
unsigned engine_owner_of(const struct engine *engine, const struct engine_mirrored *flow);

/* In the place of an owner: all, and what nobody owns. */
#define ENGINE_OWNER_ALL UINT32_MAX

#endif
