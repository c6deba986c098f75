/* The flows of a link and what was seen of them. */
#ifndef TOOLS_LINK_FLOWS_H
#define TOOLS_LINK_FLOWS_H

#include "link_frame.h"
#include "link_rules.h"

#define LINK_FLOWS_MAX 1024

struct link_flow {
    struct link_ends ends; /* as the client sent it */
    uint32_t number;       /* from 1 */
    uint32_t sent[2], lost[2], corrupted[2], in_row[2];
    unsigned rebinds;
    uint32_t opening; /* the client's datagrams until it was connected */
    uint64_t began_us, connected_us,
        ended_us; /* first and last datagram of the client, first one with 1-RTT */
};

struct link_flows {
    struct link_flow flow[LINK_FLOWS_MAX];
    uint32_t count;
};

/* The flow of a datagram that `side` sent; a new one when the client sent it first. NULL for a server's that
 * belongs to none, or to a port that the client had before it was rebound, and when there are too many. */
struct link_flow *link_flow_of(struct link_flows *flows, const struct link_frame *frame, enum link_side side);

/* The client's port as it is seen behind the link. */
uint16_t link_flow_port(const struct link_flow *flow);

/* Writes a line a flow: "flow N sent C S lost C S corrupted C S opening C connected MS ended MS", times since
 * the flow's first datagram, "-" for never; C is the client's datagrams, S the server's. */
void link_flows_print(const struct link_flows *flows);

#endif
