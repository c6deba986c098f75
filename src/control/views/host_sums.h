/* Flows summed by the host that began them, or rather by their client. */
#ifndef CONTROL_HOST_SUMS_H
#define CONTROL_HOST_SUMS_H

#include <quicward/control.h>

#define HOST_SUMS_MAX 16384u /* hosts that are told apart; power of two */

/* NULL when memory is short. */
struct host_sums *host_sums_new(void);
void host_sums_free(struct host_sums *sums); /* may be NULL */

/* A host that there is no room for is summed with others of its kind. */
void host_sums_add(struct host_sums *sums, const struct engine_flow *flow);

/* Writes a line of JSON for each of the `limit` hosts with most bytes, most first:
 * {"host","flows","confirmed", "packets","up","down"}; those that are summed as one have the host null and
 * stand last. False when `out` failed. */
bool host_sums_write(struct host_sums *sums, uint64_t limit, FILE *out);

#endif
