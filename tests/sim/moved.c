/* What the death of routers moves, by lists of owners alone. */
#include "sim.h"

/* The router that is `place`-th in the list of address `address` of router `own`. */
static unsigned listed(const struct sim_world *world, unsigned own, unsigned address, unsigned place,
                       bool dealt_out)
{
    unsigned others = world->routers - 1;
    unsigned first = dealt_out ? (own + address) % others : 0;
    if (place == 0)
        return own;
    return (own + 1 + (first + place - 1) % others) % world->routers;
}

static unsigned owner_of(const struct sim_world *world, unsigned own, unsigned address, unsigned dead,
                         bool dealt_out)
{
    unsigned place = 0;
    while (listed(world, own, address, place, dealt_out) < dead)
        place++;
    return listed(world, own, address, place, dealt_out);
}

/* Routers 0 to dead - 1 die. */
struct sim_moved sim_moved(const struct sim_world *world, const double *load, unsigned dead, bool dealt_out)
{
    struct sim_moved moved = {.share = 0};
    double after[SIM_ROUTERS_MAX] = {0}, all = 0;
    unsigned addresses[SIM_ROUTERS_MAX] = {0};
    for (unsigned own = 0; own < world->routers; own++) {
        all += load[own];
        moved.share += own < dead ? load[own] : 0;
        for (unsigned address = 0; address < world->addresses; address++) {
            unsigned owner = owner_of(world, own, address, dead, dealt_out);
            after[owner] += load[own] / world->addresses;
            addresses[owner]++;
        }
    }
    moved.share /= all;
    for (unsigned router = 0; router < world->routers; router++) {
        moved.addresses = addresses[router] > moved.addresses ? addresses[router] : moved.addresses;
        if (after[router] > moved.most) {
            moved.most = after[router];
            moved.most_before = load[router];
        }
    }
    return moved;
}
