/* Paths made to measure. */
#ifndef TEST_OFFLOAD_FLOWS_H
#define TEST_OFFLOAD_FLOWS_H

#include <quicward/engine_path.h>

struct qw_endpoint test_endpoint(const char *text);

/* Between `inside` and `remote`, over the interfaces "lan" and "wan". `external` NULL: nothing is translated.
 */
struct flow_path test_path(uint64_t id, const char *inside, const char *external, const char *remote);

#endif
