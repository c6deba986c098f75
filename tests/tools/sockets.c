#include "sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <quicward/base/addr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_BYTES (4 << 20)

_Noreturn void tool_fail(const char *what)
{
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
    exit(2);
}

static struct tool_endpoint from_v4(const struct qw_endpoint *ep)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(ep->port)};
    memcpy(&in.sin_addr, ep->addr.bytes + 12, 4);
    struct tool_endpoint out = {.len = sizeof(in)};
    memcpy(&out.address, &in, sizeof(in));
    return out;
}

static struct tool_endpoint from_v6(const struct qw_endpoint *ep)
{
    struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons(ep->port)};
    memcpy(&in.sin6_addr, ep->addr.bytes, 16);
    struct tool_endpoint out = {.len = sizeof(in)};
    memcpy(&out.address, &in, sizeof(in));
    return out;
}

struct tool_endpoint tool_endpoint(const char *text)
{
    struct qw_endpoint ep;
    enum qw_family family;
    if (!qw_endpoint_parse(text, &ep, &family)) {
        errno = EINVAL;
        tool_fail(text);
    }
    return family == QW_IPV4 ? from_v4(&ep) : from_v6(&ep);
}

char *tool_endpoint_text(const struct tool_endpoint *endpoint, char *out, size_t size)
{
    struct qw_endpoint ep;
    char text[QW_ENDPOINT_TEXT_MAX];
    if (endpoint->address.ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &endpoint->address, sizeof(in));
        ep.addr = qw_addr_v4((const uint8_t *)&in.sin_addr);
        ep.port = ntohs(in.sin_port);
        qw_endpoint_text(&ep, QW_IPV4, text);
    } else {
        struct sockaddr_in6 in;
        memcpy(&in, &endpoint->address, sizeof(in));
        ep.addr = qw_addr_v6(in.sin6_addr.s6_addr);
        ep.port = ntohs(in.sin6_port);
        qw_endpoint_text(&ep, QW_IPV6, text);
    }
    snprintf(out, size, "%s", text);
    return out;
}

unsigned long tool_number(const char *text, unsigned long max)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value > max)
        errno = ERANGE;
    if (errno)
        tool_fail(text);
    return value;
}

/* The FORCE forms pass the system's limits, which only root may; the plain ones do what they can. */
static void large_buffers(int fd)
{
    int size = BUFFER_BYTES;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

int tool_socket(const struct tool_endpoint *from)
{
    bool v4 = from->address.ss_family == AF_INET;
    int fd = socket(from->address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        tool_fail("socket");
    int on = 1, pmtu = v4 ? IP_PMTUDISC_DONT : IPV6_PMTUDISC_DONT;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, &pmtu,
               sizeof(pmtu));
    large_buffers(fd);
    if (bind(fd, (const struct sockaddr *)&from->address, from->len) != 0)
        tool_fail("bind");
    return fd;
}

void tool_connect(int fd, const struct tool_endpoint *to)
{
    if (connect(fd, (const struct sockaddr *)&to->address, to->len) != 0)
        tool_fail("connect");
}

int tool_raw_socket(const struct tool_endpoint *to)
{
    int fd = socket(to->address.ss_family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    if (fd < 0)
        tool_fail("raw socket");
    large_buffers(fd);
    return fd;
}

int tool_raw_udp(const struct tool_endpoint *at)
{
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at->address, at->len) != 0)
        tool_fail("raw UDP socket");
    large_buffers(fd);
    return fd;
}

void tool_hold_port(const struct tool_endpoint *at)
{
    int fd = tool_socket(at), little = 1;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little));
}

void tool_send_packet(int fd, const struct tool_endpoint *to, const uint8_t *packet, size_t len)
{
    struct tool_endpoint host = *to;
    /* Raw IPv6 sockets take the port as a protocol and refuse others than their own or 0. */
    if (host.address.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&host.address)->sin6_port = 0;
    if (sendto(fd, packet, len, 0, (const struct sockaddr *)&host.address, host.len) < 0)
        tool_fail("send");
}

bool tool_wait(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int ready = poll(&p, 1, ms);
    if (ready < 0)
        tool_fail("poll");
    return ready > 0;
}
