/* The spin bit's measuring, handed to the program and back. */
#ifndef OFFLOAD_SPINS_H
#define OFFLOAD_SPINS_H

#include "offload_state.h"

/* The byte for the record of that direction, which is about to be put; what the path knows goes to the map.
 */
uint8_t spins_begin(struct offload *offload, const struct book_flow *flow, unsigned way,
                    const struct flow_path *path);

/* Is the flow measured as the path says? What the path does not know of goes on. */
bool spins_stay(const struct offload *offload, const struct book_flow *flow, const struct flow_path *path);

/* How it stands with that direction now, if packets came. */
void spins_tell(const struct offload *offload, const struct book_flow *flow, unsigned way,
                const struct fast_record *record, struct qw_time now, struct flow_path_figures *out);

#endif
