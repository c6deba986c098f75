/* A path's directions in the form that the kernel's maps have. */
#ifndef OFFLOAD_ENTRY_H
#define OFFLOAD_ENTRY_H

#include "fast_record.h"
#include <quicward/engine_path.h>

struct fast_match {
    bool ipv6;
    union {
        struct fast_key4 four;
        struct fast_key6 six;
    } key;
};

struct fast_match entry_match(const struct qw_tuple *tuple);

/* The other way round. */
struct qw_tuple entry_tuple(const struct fast_match *match);

/* The record of one direction, with no packets counted and no next hop. Ports are indices of attached
 * interfaces; kind: FAST_TC or 0. */
struct fast_record entry_record(const struct flow_path *path, enum flow_path_direction direction,
                                uint8_t in_port, uint8_t out_port, unsigned kind);

#endif
