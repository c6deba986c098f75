#include "offload_ports.h"
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

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

static bool read_port(const char *name, struct fast_port *out, char error[static OFFLOAD_ERROR_MAX])
{
    *out = (struct fast_port){0};
    if (name[0] == '\0' || strlen(name) >= FLOW_PATH_INTERFACE_MAX)
        return refuse(error, name, "no name of an interface", "1 to 15 bytes are allowed");
    int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_fd < 0)
        return refuse(error, name, "cannot be read", strerror(errno));
    bool done = ask(socket_fd, name, out, error);
    close(socket_fd);
    return done;
}

/* ---- attaching ---- */

static void detach(struct offload_port *port, struct kernel *kernel)
{
    if (port->xdp >= 0)
        kernel_detach(kernel, port->ifindex, OFFLOAD_XDP, port->xdp);
    if (port->tc >= 0)
        kernel_detach(kernel, port->ifindex, OFFLOAD_TC, port->tc);
    port->xdp = port->tc = -1;
}

/* An interface at XDP is at tc too where that is possible, for its flows to interfaces that are at tc only.
 */
static bool attach_programs(struct offload_port *port, struct kernel *kernel)
{
    bool at_xdp = port->place == OFFLOAD_XDP;
    port->xdp = at_xdp ? kernel_attach(kernel, port->ifindex, OFFLOAD_XDP) : -1;
    port->tc = !at_xdp || port->xdp >= 0 ? kernel_attach(kernel, port->ifindex, OFFLOAD_TC) : -1;
    return at_xdp ? port->xdp >= 0 : port->tc >= 0;
}

/* The port is known to the program before packets come: an element of another interface would match. */
static bool attach(struct offload_port *port, struct kernel *kernel, uint32_t slot, struct fast_port *values,
                   char error[static OFFLOAD_ERROR_MAX])
{
    if (!kernel_set_port(kernel, slot, values))
        return refuse(error, port->name, "the kernel refuses it", strerror(errno));
    kernel_clear_counts(kernel, slot);
    if (attach_programs(port, kernel)) {
        values->both = port->xdp >= 0 && port->tc >= 0;
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
    struct offload_port port = {.place = place, .ifindex = values->ifindex, .xdp = -1, .tc = -1};
    memcpy(port.name, name, strlen(name));
    if (!attach(&port, kernel, (uint32_t)slot, values, error))
        return false;
    ports->all[slot] = port;
    ports->changes++;
    return true;
}

bool ports_attach(struct offload_ports *ports, struct kernel *kernel, const char *name,
                  enum offload_place place, char error[static OFFLOAD_ERROR_MAX])
{
    struct fast_port values;
    if (place != OFFLOAD_XDP && place != OFFLOAD_TC)
        return refuse(error, name, "cannot be used", "attach at XDP or at tc");
    if (!read_port(name, &values, error))
        return false;
    int slot = ports_find(ports, name);
    if (slot == PORT_NONE)
        return attach_new(ports, kernel, name, place, &values, error);
    if (ports->all[slot].place != place || ports->all[slot].ifindex != values.ifindex) {
        ports_detach(ports, kernel, name);
        return attach_new(ports, kernel, name, place, &values, error);
    }
    values.both = ports->all[slot].xdp >= 0 && ports->all[slot].tc >= 0;
    return kernel_set_port(kernel, (uint32_t)slot, &values) ||
           refuse(error, name, "the kernel refuses it", strerror(errno));
}

bool ports_detach(struct offload_ports *ports, struct kernel *kernel, const char *name)
{
    int slot = ports_find(ports, name);
    if (slot == PORT_NONE)
        return false;
    struct offload_port *port = &ports->all[slot];
    detach(port, kernel);
    kernel_set_port(kernel, (uint32_t)slot, &(struct fast_port){0});
    ports->changes++;
    *port = (struct offload_port){.users = port->users, .entries = port->entries};
    return true;
}

void ports_close(struct offload_ports *ports, struct kernel *kernel)
{
    for (int i = 0; i < FAST_PORTS_MAX; i++)
        if (ports->all[i].place != OFFLOAD_NOWHERE)
            detach(&ports->all[i], kernel);
}

/* ---- of an earlier process ---- */

/* The number is known to the program before it takes the place of the earlier one: its `slots` are new. */
static bool adopt(struct offload_port *port, struct kernel *kernel, uint32_t slot)
{
    struct fast_port values = kernel_port(kernel, slot);
    bool at_xdp = kernel_had_link(kernel, values.ifindex, OFFLOAD_XDP);
    bool at_tc = kernel_had_link(kernel, values.ifindex, OFFLOAD_TC);
    char name[IF_NAMESIZE];
    if (values.ifindex == 0 || (!at_xdp && !at_tc) || !if_indextoname(values.ifindex, name))
        return false;
    *port = (struct offload_port){
        .place = at_xdp ? OFFLOAD_XDP : OFFLOAD_TC, .ifindex = values.ifindex, .xdp = -1, .tc = -1};
    memcpy(port->name, name, strlen(name));
    if (kernel_set_port(kernel, slot, &values) && attach_programs(port, kernel))
        return true;
    detach(port, kernel);
    *port = (struct offload_port){.place = OFFLOAD_NOWHERE};
    return false;
}

static bool is_used(void *context, uint32_t ifindex)
{
    const struct offload_ports *ports = context;
    for (int i = 0; i < FAST_PORTS_MAX; i++)
        if (ports->all[i].place != OFFLOAD_NOWHERE && ports->all[i].ifindex == ifindex)
            return true;
    return false;
}

void ports_adopt(struct offload_ports *ports, struct kernel *kernel)
{
    for (uint32_t slot = 0; slot < FAST_PORTS_MAX; slot++)
        if (!adopt(&ports->all[slot], kernel, slot))
            kernel_set_port(kernel, slot, &(struct fast_port){0});
    kernel_drop_links(kernel, is_used, ports);
}

static void leave(int handle)
{
    if (handle >= 0)
        kernel_leave_link(handle);
}

void ports_leave(struct offload_ports *ports)
{
    for (int i = 0; i < FAST_PORTS_MAX; i++)
        if (ports->all[i].place != OFFLOAD_NOWHERE) {
            leave(ports->all[i].xdp);
            leave(ports->all[i].tc);
        }
}
