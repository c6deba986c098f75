/* A router that tells of paths. */
#ifndef TEST_PATH_ROUTER_H
#define TEST_PATH_ROUTER_H

#include "nat_router.h"
#include <quicward/engine_path.h>

struct router path_router(const struct config *config);

/* The next event; false when there is none, or with a resync, which is then put into *resync. */
bool next_path(struct router *r, struct flow_path_event *out);

/* The next event is of that kind. */
struct flow_path expect_path(struct router *r, enum flow_path_kind kind);
void expect_no_path(struct router *r);

/* A packet each way; firewall: between LAN and WAN. The path that follows. */
struct flow_path both_ways(struct router *r, const char *lan, const char *wan);

struct qw_endpoint endpoint(const char *text);

#endif
