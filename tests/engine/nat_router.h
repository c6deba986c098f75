/* The router of router.h in mode nat, and a look at the packet that left it. */
#ifndef TEST_NAT_ROUTER_H
#define TEST_NAT_ROUTER_H

#include "router.h"
#include <quicward/packet.h>

#define EXTERNAL "198.51.100.7"
#define LAN2 "10.0.0.6:5000"
#define WAN_OTHER_PORT "192.0.2.1:444"
#define WAN_OTHER "192.0.2.2:443"

/* One external address, endpoint by `filtering`. Owns nothing: may be copied, and changed before the start.
 */
struct config nat_config(enum config_filtering filtering);

/* Source and destination of the packet as it left. Every checksum in it is asserted to be right. */
struct qw_tuple as_left(struct router *r);
char *source(struct router *r, char out[static QW_ENDPOINT_TEXT_MAX]);
char *destination(struct router *r, char out[static QW_ENDPOINT_TEXT_MAX]);

/* Sends from `lan` to `wan` and tells the external endpoint that the packet left with. */
char *leave(struct router *r, const char *lan, const char *wan, char out[static QW_ENDPOINT_TEXT_MAX]);

#endif
