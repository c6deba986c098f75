/* Where the program drops what nobody asked for: the interfaces outside, and the places of addresses. */
#ifndef OFFLOAD_DROPS_H
#define OFFLOAD_DROPS_H

#include "offload_ports.h"

struct offload_drops {
    struct offload_side inside, outside; /* of no interfaces: nothing is dropped */
};

/* Slots got other interfaces, or addresses came or went. A slot changes hands by a call of its own for each
 * of the two: in between its bit goes, so no interface inside is ever taken for one outside. */
void drops_look(const struct offload_drops *drops, const struct offload_ports *ports, struct kernel *kernel);

/* A table of the addresses that stand in `maps` now. One without a free place near its own is left out. */
void drops_place(const struct qw_port_map maps[static FAST_ADDRESSES_MAX],
                 struct fast_place out[static FAST_PLACES]);

#endif
