/* An engine for looking into a state file. */
#ifndef COMMAND_STATE_ENGINE_H
#define COMMAND_STATE_ENGINE_H

#include <quicward/engine.h>

struct state_engine {
    struct engine *engine; /* owned */
    struct qw_time now;    /* of the file: now, or when the last packet was seen in another boot */
    bool this_boot;
    uint32_t layout;       /* that it was written with */
    struct store *adapted; /* owned: of another layout, as this program's; NULL */
    struct engine_recovery counts;
};

/* Takes over what `store` holds, by the default timers, as a daemon does whose configuration has all
 * addresses, ports and forwards that stand in it. QW_OK; QW_ERR_NO_MEMORY; QW_ERR_INVALID when its parts are
 * none of an engine. state_engine_free in either case. */
enum qw_error state_engine_make(const struct store *store, struct state_engine *out);
void state_engine_free(struct state_engine *made);

#endif
