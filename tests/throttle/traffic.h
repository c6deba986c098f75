/* Senders of one shape, and the throttle that they meet. */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <quicward/throttle.h>

#define TRAFFIC_CAPACITY 8000000.0 /* bits a second */
#define TRAFFIC_GROUPS_MAX 4
#define TRAFFIC_FLOWS_MAX 2100
#define TRAFFIC_STEP_MS 10

struct group {
    unsigned count;
    double load;    /* of all its flows, in capacities, while they send */
    uint32_t bytes; /* of a packet */
    bool innocent;  /* goes on after the overload */
    bool confirmed;
    bool incoming;          /* else outgoing */
    bool elsewhere;         /* on the interface wan1 */
    bool new_ports;         /* each packet is a flow of its own */
    bool bursts;            /* each look's length it sends between nothing and twice its rate */
    bool gives_up;          /* blocked for a second it falls silent, and tries again after 1 to 10 */
    bool elastic;           /* blocked it sends a fiftieth; let through it doubles five times a second */
    bool one_host;          /* all from one address */
    unsigned on_ms, off_ms; /* 0: sends all the time */
};

struct traffic {
    struct group groups[TRAFFIC_GROUPS_MAX];
    double capacity_half_at[2]; /* seconds: the capacity is halved from, to; 0, 0: never */
    unsigned stall_at_s, stall_ms,
        every_s;    /* nobody is at work, and packets queue; again every_s later, 0: once */
    bool both, two; /* limits inwards too; on wan1 too */
};

struct sender {
    const struct group *group;
    struct flow_key key;
    uint64_t hash;
    double owed;   /* packets */
    double factor; /* of its rate that it sends now */
    double silent_until, blocked_since;
    unsigned passed, lost, turns; /* in this second */
    bool blocked;                 /* its last packet was */
};

#endif
