/* The UDP sockets of the router. */
#ifndef QUICWARD_IO_ROUTER_SOCKETS_H
#define QUICWARD_IO_ROUTER_SOCKETS_H

#include <quicward/base/addr.h>
#include <stdio.h>

struct router_socket {
    enum qw_family family;
    struct qw_addr addr; /* zero: every address */
    uint16_t port;
    bool only_v6; /* takes nothing of IPv4 */
};

typedef void router_socket_taker(const struct router_socket *socket, void *context);

/* Calls `take` for each of them as they are now: by socket diagnosis, and on a kernel without it by
 * /proc/net/udp and udp6. False when they cannot be read. */
bool router_sockets_ask(router_socket_taker *take, void *context);

/* Whether one of them takes UDP for `port` of the IPv4 `address`. */
bool router_sockets_taken(const struct qw_addr *address, uint16_t port);

/* Whether `socket` does. An IPv6 socket on every address does, unless it is only_v6, and so does one on the
 * IPv6 form of that address (RFC 4291 2.5.5.2). */
bool router_socket_takes(const struct router_socket *socket, const struct qw_addr *address, uint16_t port);

/* One answer of socket diagnosis, `len` bytes that may be any. */
void router_sockets_read_answer(const void *buffer, size_t len, router_socket_taker *take, void *context);

/* The text of /proc/net/udp or udp6. Lines of another form are passed over. Nothing there tells only_v6. */
void router_sockets_read_text(FILE *text, router_socket_taker *take, void *context);

#endif
