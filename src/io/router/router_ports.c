#include "router_ports.h"
#include "router_sockets.h"
#include <ctype.h>
#include <errno.h>
#include <string.h>

/* As far as these are ports: the text may say anything. */
static void add_range(uint64_t ports[static QW_PORT_WORDS], unsigned first, unsigned last)
{
    if (first <= UINT16_MAX)
        qw_ports_add(ports, (uint16_t)first, (uint16_t)(last <= UINT16_MAX ? last : UINT16_MAX));
}

/* Digits only: scanf alone would take "-1" for a large number. */
static bool read_port(FILE *text, unsigned *out)
{
    int next = fgetc(text);
    ungetc(next, text);
    return isdigit(next) && fscanf(text, "%5u", out) == 1;
}

void router_ports_add_reserved(FILE *text, uint64_t ports[static QW_PORT_WORDS])
{
    unsigned first, last;
    int next = ',';
    while (next == ',' && read_port(text, &first)) {
        last = first;
        next = fgetc(text);
        if (next == '-' && read_port(text, &last))
            next = fgetc(text);
        add_range(ports, first, last);
    }
}

void router_ports_add_range(FILE *text, uint64_t ports[static QW_PORT_WORDS])
{
    unsigned first, last;
    if (read_port(text, &first) && fscanf(text, "%*[ \t]") == 0 && read_port(text, &last))
        add_range(ports, first, last);
}

static void add_socket(const struct router_socket *socket, void *context)
{
    qw_ports_add(context, socket->port, socket->port);
}

static bool add_file(const char *path, void (*add)(FILE *text, uint64_t ports[static QW_PORT_WORDS]),
                     uint64_t ports[static QW_PORT_WORDS])
{
    FILE *text = fopen(path, "re");
    if (!text)
        return errno == ENOENT;
    add(text, ports);
    fclose(text);
    return true;
}

/* An IPv6 socket has its port too, whether it takes IPv4 or not: a program that has both may open the other
 * one next. */
bool router_ports_read(uint64_t ports[static QW_PORT_WORDS])
{
    memset(ports, 0, QW_PORT_WORDS * sizeof(*ports));
    return router_sockets_ask(add_socket, ports) &&
           add_file("/proc/sys/net/ipv4/ip_local_reserved_ports", router_ports_add_reserved, ports) &&
           add_file("/proc/sys/net/ipv4/ip_local_port_range", router_ports_add_range, ports);
}
