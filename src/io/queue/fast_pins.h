/* What of the fast path outlives the daemon. */
#ifndef IO_FAST_PINS_H
#define IO_FAST_PINS_H

#include <quicward/config.h>
#include <quicward/engine.h>
#include <quicward/offload.h>

/* Nothing of an earlier daemon's forwards any more; else the log says so. `pins` may be NULL. */
void fast_pins_clear(struct offload_pins *pins, const struct config *config);

/* Goes on with what flows of `engine` an earlier daemon's entries forward, removes the others, and says how
 * many. Before any worker, and before others use either. */
void fast_pins_recover(struct offload *offload, struct engine *engine);

#endif
