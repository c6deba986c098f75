#include "router_ports.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define LINE_SIZE 512

/* As far as these are ports: the text may say anything. */
static void add_range(uint64_t ports[static NAT_PORT_WORDS], unsigned first, unsigned last)
{
    if (first <= UINT16_MAX)
        nat_ports_add(ports, (uint16_t)first, (uint16_t)(last <= UINT16_MAX ? last : UINT16_MAX));
}

#define ADDRESS_DIGITS 32

/* "  sl  local_address rem_address ...": then "  123: 0100007F:0035 00000000:0000 ...", IPv6 with 32 digits.
 */
static bool read_socket(const char *line, char address[static ADDRESS_DIGITS + 1], unsigned *port)
{
    char after;
    return sscanf(line, " %*u: %32[0-9A-Fa-f]:%4x%c", address, port, &after) == 3 && after == ' ';
}

void router_ports_add_sockets(FILE *text, uint64_t ports[static NAT_PORT_WORDS])
{
    char line[LINE_SIZE], address[ADDRESS_DIGITS + 1];
    unsigned port;
    while (fgets(line, sizeof(line), text))
        if (read_socket(line, address, &port))
            add_range(ports, port, port);
}

/* The kernel writes the four bytes as one number of the machine's order. */
bool router_ports_taken(FILE *text, const struct qw_addr *address, uint16_t port)
{
    char line[LINE_SIZE], local[ADDRESS_DIGITS + 1], wanted[ADDRESS_DIGITS + 1];
    uint32_t number;
    unsigned at;
    memcpy(&number, &address->bytes[12], sizeof(number));
    snprintf(wanted, sizeof(wanted), "%08" PRIX32, number);
    while (fgets(line, sizeof(line), text))
        if (read_socket(line, local, &at) && at == port &&
            (strcmp(local, wanted) == 0 || strspn(local, "0") == strlen(local)))
            return true;
    return false;
}

/* Digits only: scanf alone would take "-1" for a large number. */
static bool read_port(FILE *text, unsigned *out)
{
    int next = fgetc(text);
    ungetc(next, text);
    return isdigit(next) && fscanf(text, "%5u", out) == 1;
}

void router_ports_add_reserved(FILE *text, uint64_t ports[static NAT_PORT_WORDS])
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

void router_ports_add_range(FILE *text, uint64_t ports[static NAT_PORT_WORDS])
{
    unsigned first, last;
    if (read_port(text, &first) && fscanf(text, "%*[ \t]") == 0 && read_port(text, &last))
        add_range(ports, first, last);
}

typedef void add_ports(FILE *text, uint64_t ports[static NAT_PORT_WORDS]);

bool router_ports_read(uint64_t ports[static NAT_PORT_WORDS])
{
    static const struct {
        const char *path;
        add_ports *add;
    } SOURCES[] = {
        {"/proc/self/net/udp", router_ports_add_sockets},
        {"/proc/self/net/udp6", router_ports_add_sockets},
        {"/proc/sys/net/ipv4/ip_local_reserved_ports", router_ports_add_reserved},
        {"/proc/sys/net/ipv4/ip_local_port_range", router_ports_add_range},
    };
    memset(ports, 0, NAT_PORT_WORDS * sizeof(*ports));
    for (unsigned i = 0; i < sizeof(SOURCES) / sizeof(SOURCES[0]); i++) {
        FILE *text = fopen(SOURCES[i].path, "re");
        if (!text && errno != ENOENT)
            return false;
        if (!text)
            continue;
        SOURCES[i].add(text, ports);
        fclose(text);
    }
    return true;
}
