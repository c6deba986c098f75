/* A simulation of many routers that share a carrier's hosts, without packets: mappings begin and end on the
 * rooms of quicward's own nat, whose addresses and ports follow from one secret. What is assumed of people is
 * in `struct sim_world`. */
#ifndef SIM_H
#define SIM_H

#include <quicward/nat.h>
#include <stdio.h>

#define SIM_ROUTERS_MAX 64

struct sim_world {
    unsigned routers, addresses; /* addresses of a router */
    uint32_t hosts;              /* of all routers */
    double mappings;             /* that live at once, of all routers, on the average */
    double active_s,
        timer_s;        /* a mapping is used for so long on the average, and then idle until its timer */
    double busiest;     /* how many times as busy as the least busy host the busiest one is */
    unsigned warm_up_s; /* before anything is counted */
    uint64_t seed;
};

struct sim_host {
    uint32_t number; /* its address is 10.0.0.0 + number */
    double until;    /* how busy it is and those before it are, together */
};

struct sim_mapping {
    uint32_t host, next;
    uint16_t port;
    bool lives;
    nat_external name;
    uint64_t since_ns, active_until_ns;
};

/* One router's life so far. */
struct sim_router {
    const struct sim_world *world;
    struct nat *nat;        /* owned */
    struct sim_host *hosts; /* owned */
    uint32_t host_count;
    double busy, rate;               /* of all its hosts; mappings that begin in a second */
    struct sim_mapping *mappings;    /* owned */
    uint32_t room, free_head, *ends; /* owned; by second of its end */
    uint32_t live;
    uint64_t now_ns, begun, refused, next_ns, random;
};

/* What is known of it. */
struct sim_load {
    uint32_t mappings, busiest_address, least_busy_address;
    uint64_t refused;
    double begun_a_second, active; /* share of mappings that are in use */
};

/* Which router a host's addresses are on: a hash with the secret. */
unsigned sim_router_of(const struct sim_world *world, uint32_t host);

/* How busy a host is; 1 at least. */
double sim_busyness(const struct sim_world *world, uint32_t host);

/* `total`: the busyness of all hosts of the world. Ends the program when memory is short; sim_router_end
 * frees. */
void sim_router_begin(struct sim_router *router, const struct sim_world *world, unsigned number,
                      double total);
void sim_router_end(struct sim_router *router);

/* So much time passes. */
void sim_router_run(struct sim_router *router, uint64_t ns);
struct sim_load sim_router_load(const struct sim_router *router);

/* Empty rooms for its addresses, as the router has them that takes over. */
struct nat *sim_nat(const struct sim_world *world);

/* What of its mappings comes back where it dies at this moment, and its store lacks what began in the last
 * `unsent_ns`. */
struct sim_lost {
    uint64_t restored, lost, came_back; /* with the same external endpoint; of the lost ones, likewise */
    uint64_t taken;                     /* of the lost ones: somebody else had the endpoint by then */
};
void sim_die(const struct sim_router *router, uint64_t unsent_ns, struct sim_lost *lost);

/* No two inside endpoints have one external endpoint; ends the program otherwise. Returns how many mappings
 * there are. */
uint64_t sim_check(struct nat *nat);

/* What the death of routers moves: of each address the routers behind its own stand in a list, which either
 * begins with the next router alone or deals the addresses out among all others. `load`: mappings by router.
 */
struct sim_moved {
    double share;             /* of all mappings */
    double most, most_before; /* mappings of the busiest router, after and before */
    unsigned addresses;       /* that one router has then, at most */
};
struct sim_moved sim_moved(const struct sim_world *world, const double *load, unsigned dead, bool dealt_out);

double sim_random(uint64_t *state); /* from 0 to 1 */
_Noreturn void sim_fail(const char *what);

#endif
