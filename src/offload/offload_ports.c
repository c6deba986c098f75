#include "offload_ports.h"
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define TAG_MAX 4094 /* IEEE 802.1Q 9.6 */

int ports_find(const struct offload_ports *ports, const char *name)
{
    for (int i = 0; name[0] && i < FAST_PORTS_MAX; i++)
        if (ports->all[i].place != OFFLOAD_NOWHERE && strcmp(ports->all[i].name, name) == 0)
            return i;
    return PORT_NONE;
}

static int first_free(const struct offload_ports *ports)
{
    for (int i = 0; i < FAST_PORTS_MAX; i++)
        if (ports->all[i].place == OFFLOAD_NOWHERE && ports->all[i].users == 0)
            return i;
    return PORT_NONE;
}

/* ---- what the kernel says of an interface ---- */

static bool refuse(char error[static OFFLOAD_ERROR_MAX], const char *name, const char *what, const char *why)
{
    snprintf(error, OFFLOAD_ERROR_MAX, "interface \"%s\": %s: %s", name, what, why);
    return false;
}

static bool ask(int socket, const char *name, struct fast_port *out, char error[static OFFLOAD_ERROR_MAX])
{
    struct ifreq request = {0};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (ioctl(socket, SIOCGIFINDEX, &request) != 0)
        return refuse(error, name, "cannot be read", strerror(errno));
    out->ifindex = (uint32_t)request.ifr_ifindex;
    if (ioctl(socket, SIOCGIFMTU, &request) != 0)
        return refuse(error, name, "its MTU cannot be read", strerror(errno));
    out->mtu = (uint32_t)request.ifr_mtu;
    if (ioctl(socket, SIOCGIFHWADDR, &request) != 0)
        return refuse(error, name, "its address cannot be read", strerror(errno));
    if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
        return refuse(error, name, "cannot be used", "only Ethernet interfaces can");
    memcpy(out->mac, request.ifr_hwaddr.sa_data, sizeof out->mac);
    return true;
}

static bool read_port(const char *name, const struct offload_vlan *vlan, enum offload_place place,
                      struct fast_port *out, char error[static OFFLOAD_ERROR_MAX])
{
    *out = (struct fast_port){0};
    if (vlan && (vlan->tag == 0 || vlan->tag > TAG_MAX))
        return refuse(error, name, "cannot be used", "the number of a VLAN is 1 to 4094");
    if (name[0] == '\0' || strlen(name) >= FLOW_PATH_INTERFACE_MAX)
        return refuse(error, name, "no name of an interface", "1 to 15 bytes are allowed");
    int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_fd < 0)
        return refuse(error, name, "cannot be read", strerror(errno));
    struct fast_port carrier = {0};
    bool done = ask(socket_fd, name, out, error) && (!vlan || ask(socket_fd, vlan->carrier, &carrier, error));
    close(socket_fd);
    out->carrier = vlan ? carrier.ifindex : out->ifindex;
    out->tag = vlan ? vlan->tag : 0;
    out->at_xdp = place == OFFLOAD_XDP;
    return done;
}

/* ---- attaching ---- */

/* One whose program at XDP this one uses too; NULL: nobody's. */
static const struct offload_port *sharer_of(const struct offload_ports *ports,
                                            const struct offload_port *port)
{
    for (int i = 0; i < FAST_PORTS_MAX; i++) {
        const struct offload_port *other = &ports->all[i];
        if (other != port && other->place == OFFLOAD_XDP && other->carrier == port->carrier)
            return other;
    }
    return NULL;
}

static void detach(struct offload_ports *ports, struct offload_port *port, struct kernel *kernel)
{
    if (port->xdp >= 0 && !sharer_of(ports, port))
        kernel_detach(kernel, port->carrier, OFFLOAD_XDP, port->xdp);
    if (port->tc >= 0)
        kernel_detach(kernel, port->ifindex, OFFLOAD_TC, port->tc);
    port->xdp = port->tc = -1;
    port->place = OFFLOAD_NOWHERE;
}

static int attach_at_xdp(const struct offload_ports *ports, const struct offload_port *port,
                         struct kernel *kernel)
{
    const struct offload_port *sharer = sharer_of(ports, port);
    return sharer ? sharer->xdp : kernel_attach(kernel, port->carrier, OFFLOAD_XDP);
}

/* Packets of a port at tc pass XDP first when that carries a VLAN. */
static bool pass_both(const struct offload_ports *ports, const struct offload_port *port)
{
    return port->tc >= 0 && (port->xdp >= 0 || sharer_of(ports, port));
}

/* An interface at XDP is at tc too where that is possible, for its flows to interfaces that are at tc only.
 */
static bool attach_programs(const struct offload_ports *ports, struct offload_port *port,
                            struct kernel *kernel)
{
    bool at_xdp = port->place == OFFLOAD_XDP;
    port->xdp = at_xdp ? attach_at_xdp(ports, port, kernel) : -1;
    port->tc = !at_xdp || port->xdp >= 0 ? kernel_attach(kernel, port->ifindex, OFFLOAD_TC) : -1;
    return at_xdp ? port->xdp >= 0 : port->tc >= 0;
}

/* The port is known to the program before packets come: an element of another interface would match. */
static bool attach(const struct offload_ports *ports, struct offload_port *port, struct kernel *kernel,
                   uint32_t slot, struct fast_port *values, char error[static OFFLOAD_ERROR_MAX])
{
    if (!kernel_set_port(kernel, slot, values))
        return refuse(error, port->name, "the kernel refuses it", strerror(errno));
    kernel_clear_counts(kernel, slot);
    if (attach_programs(ports, port, kernel)) {
        values->both = pass_both(ports, port);
        return kernel_set_port(kernel, slot, values);
    }
    refuse(error, port->name, port->place == OFFLOAD_XDP ? "takes no XDP program" : "takes no program at tc",
           strerror(errno));
    kernel_set_port(kernel, slot, &(struct fast_port){0});
    return false;
}

static bool attach_new(struct offload_ports *ports, struct kernel *kernel, const char *name,
                       enum offload_place place, struct fast_port *values,
                       char error[static OFFLOAD_ERROR_MAX])
{
    int slot = first_free(ports);
    if (slot == PORT_NONE)
        return refuse(error, name, "cannot be used", "64 interfaces are in use");
    struct offload_port port = {.place = place,
                                .ifindex = values->ifindex,
                                .carrier = values->carrier,
                                .tag = values->tag,
                                .xdp = -1,
                                .tc = -1};
    memcpy(port.name, name, strlen(name));
    if (!attach(ports, &port, kernel, (uint32_t)slot, values, error))
        return false;
    ports->all[slot] = port;
    ports->changes++;
    return true;
}

static bool is_at(const struct offload_port *port, enum offload_place place, const struct fast_port *values)
{
    return port->place == place && port->ifindex == values->ifindex && port->carrier == values->carrier &&
           port->tag == values->tag;
}

bool ports_attach(struct offload_ports *ports, struct kernel *kernel, const char *name,
                  const struct offload_vlan *vlan, enum offload_place place,
                  char error[static OFFLOAD_ERROR_MAX])
{
    struct fast_port values;
    if (place != OFFLOAD_XDP && place != OFFLOAD_TC)
        return refuse(error, name, "cannot be used", "attach at XDP or at tc");
    if (!read_port(name, vlan, place, &values, error))
        return false;
    int slot = ports_find(ports, name);
    if (slot == PORT_NONE)
        return attach_new(ports, kernel, name, place, &values, error);
    if (!is_at(&ports->all[slot], place, &values)) {
        ports_detach(ports, kernel, name);
        return attach_new(ports, kernel, name, place, &values, error);
    }
    values.both = pass_both(ports, &ports->all[slot]);
    return kernel_set_port(kernel, (uint32_t)slot, &values) ||
           refuse(error, name, "the kernel refuses it", strerror(errno));
}

bool ports_detach(struct offload_ports *ports, struct kernel *kernel, const char *name)
{
    int slot = ports_find(ports, name);
    if (slot == PORT_NONE)
        return false;
    struct offload_port *port = &ports->all[slot];
    detach(ports, port, kernel);
    kernel_set_port(kernel, (uint32_t)slot, &(struct fast_port){0});
    ports->changes++;
    *port = (struct offload_port){.users = port->users, .entries = port->entries};
    return true;
}

void ports_close(struct offload_ports *ports, struct kernel *kernel)
{
    for (int i = 0; i < FAST_PORTS_MAX; i++)
        if (ports->all[i].place != OFFLOAD_NOWHERE)
            detach(ports, &ports->all[i], kernel);
}

/* ---- of an earlier process ---- */

static bool was_attached(const struct kernel *kernel, const struct fast_port *values)
{
    return values->ifindex != 0 && (values->at_xdp ? kernel_had_link(kernel, values->carrier, OFFLOAD_XDP)
                                                   : kernel_had_link(kernel, values->ifindex, OFFLOAD_TC));
}

/* The number is known to the program before it takes the place of the earlier one: its `slots` are new. */
static bool adopt(const struct offload_ports *ports, struct offload_port *port, struct kernel *kernel,
                  uint32_t slot)
{
    struct fast_port values = kernel_port(kernel, slot);
    char name[IF_NAMESIZE];
    if (!was_attached(kernel, &values) || !if_indextoname(values.ifindex, name))
        return false;
    *port = (struct offload_port){.place = values.at_xdp ? OFFLOAD_XDP : OFFLOAD_TC,
                                  .ifindex = values.ifindex,
                                  .carrier = values.carrier,
                                  .tag = values.tag,
                                  .xdp = -1,
                                  .tc = -1};
    memcpy(port->name, name, strlen(name));
    return kernel_set_port(kernel, slot, &values) && attach_programs(ports, port, kernel);
}

static void forget(struct offload_ports *ports, struct offload_port *port, struct kernel *kernel,
                   uint32_t slot)
{
    if (port->place != OFFLOAD_NOWHERE)
        detach(ports, port, kernel);
    *port = (struct offload_port){.place = OFFLOAD_NOWHERE};
    kernel_set_port(kernel, slot, &(struct fast_port){0});
}

static bool is_used(void *context, uint32_t ifindex, enum offload_place place)
{
    const struct offload_ports *ports = context;
    for (int i = 0; i < FAST_PORTS_MAX; i++) {
        const struct offload_port *port = &ports->all[i];
        bool there = place == OFFLOAD_XDP ? port->carrier == ifindex : port->ifindex == ifindex;
        if (there && port_has(port, place))
            return true;
    }
    return false;
}

void ports_adopt(struct offload_ports *ports, struct kernel *kernel)
{
    for (uint32_t slot = 0; slot < FAST_PORTS_MAX; slot++)
        if (!adopt(ports, &ports->all[slot], kernel, slot))
            forget(ports, &ports->all[slot], kernel, slot);
    kernel_drop_links(kernel, is_used, ports);
}

static void leave(struct offload_ports *ports, struct offload_port *port)
{
    if (port->xdp >= 0 && !sharer_of(ports, port))
        kernel_leave_link(port->xdp);
    if (port->tc >= 0)
        kernel_leave_link(port->tc);
    port->place = OFFLOAD_NOWHERE;
}

void ports_leave(struct offload_ports *ports)
{
    for (int i = 0; i < FAST_PORTS_MAX; i++)
        if (ports->all[i].place != OFFLOAD_NOWHERE)
            leave(ports, &ports->all[i]);
}
