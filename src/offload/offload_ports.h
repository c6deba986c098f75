/* The interfaces to which the program is attached. */
#ifndef OFFLOAD_PORTS_H
#define OFFLOAD_PORTS_H

#include "kernel.h"

#define PORT_NONE (-1)

struct offload_port {
    char name[FLOW_PATH_INTERFACE_MAX];
    enum offload_place place; /* OFFLOAD_NOWHERE: free; OFFLOAD_XDP: perhaps at tc too */
    uint32_t ifindex;
    uint32_t carrier; /* at XDP, like the tag (fast_record.h) */
    uint16_t tag;
    int xdp, tc;      /* handles; -1: not there. Ports of one carrier share that at XDP */
    uint32_t entries; /* of packets that come by it */
    uint32_t users;   /* entries that name it: nobody else gets the slot before they are gone */
};

struct offload_ports {
    struct offload_port all[FAST_PORTS_MAX];
    uint32_t changes; /* interfaces attached and detached, ever */
};

static inline bool port_has(const struct offload_port *port, enum offload_place place)
{
    return place == OFFLOAD_XDP ? port->place == OFFLOAD_XDP
                                : port->place != OFFLOAD_NOWHERE && port->tc >= 0;
}

/* PORT_NONE: not attached, or no name. */
int ports_find(const struct offload_ports *ports, const char *name);

/* `vlan` NULL: the interface is none. */
bool ports_attach(struct offload_ports *ports, struct kernel *kernel, const char *name,
                  const struct offload_vlan *vlan, enum offload_place place,
                  char error[static OFFLOAD_ERROR_MAX]);
bool ports_detach(struct offload_ports *ports, struct kernel *kernel, const char *name);
/* Goes on with what an earlier process attached, under the same numbers; what cannot be gone on with goes. */
void ports_adopt(struct offload_ports *ports, struct kernel *kernel);

/* Lets go of it for the next process: the program stays attached. */
void ports_leave(struct offload_ports *ports);

void ports_close(struct offload_ports *ports, struct kernel *kernel);

#endif
