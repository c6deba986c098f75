/* A throttle on one interface, its load, and numbered flows. */
#ifndef LINK_H
#define LINK_H

#include <quicward/throttle.h>

#define LINK_CAPACITY 100000000u /* bits a second */
#define LINK_INTERVAL_NS (200 * QW_NS_PER_MS)

extern const struct qw_hash_key LINK_KEY;

/* Only "wan0" outwards is limited; the defaults otherwise. */
struct throttle_options link_options(void);

/* throttle_change with options that are newer than all before. */
void link_change(struct throttle *throttle, const struct throttle_options *options);

/* As throttle_new, which must not fail. */
struct throttle *link_new(const struct throttle_options *options);

/* IPv4 and IPv6 flows of any addresses and ports. */
struct qw_tuple link_tuple(uint32_t n);
struct flow_key link_flow(uint32_t n);

/* throttle_blocks for an outgoing packet without bytes; throttle_count for one of no flow in particular. */
bool link_blocks(struct throttle *throttle, int interface, const struct flow_key *flow, bool confirmed);
void link_count(struct throttle *throttle, int interface, enum throttle_direction direction, uint32_t bytes,
                bool passed);

/* Counts a packet that is `load` capacities in an interval, then ends the interval. */
void link_load(struct throttle *throttle, int interface, enum throttle_direction direction, double load,
               struct qw_time *now);

/* Floor and ceiling both `percent`: so is the share. */
struct throttle *link_with_share(unsigned percent, bool spare);
void link_set_share(struct throttle *throttle, unsigned percent, bool spare);

#endif
