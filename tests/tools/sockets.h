/* UDP sockets for the tools: endpoints in the form that quicward writes them. Every function ends the program
 * with status 2 and a line on stderr when something fails that a case did not ask for. */
#ifndef TOOLS_SOCKETS_H
#define TOOLS_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct tool_endpoint {
    struct sockaddr_storage address;
    socklen_t len;
};

/* Prints "PROGRAM: what: reason of errno" and ends with status 2. */
_Noreturn void tool_fail(const char *what);

/* "192.0.2.1:443", "[2001:db8::1]:443". */
struct tool_endpoint tool_endpoint(const char *text);

/* Writes the form that tool_endpoint reads. Returns `out`. */
char *tool_endpoint_text(const struct tool_endpoint *endpoint, char *out, size_t size);

/* A decimal number of at most `max`. */
unsigned long tool_number(const char *text, unsigned long max);

/* A UDP socket bound to `from` with large buffers. Path MTU discovery is off: large datagrams go out in
 * fragments. */
int tool_socket(const struct tool_endpoint *from);
void tool_connect(int fd, const struct tool_endpoint *to);

/* A raw socket of `to`'s family, and an IP packet sent through it to that host, header and all as given. */
int tool_raw_socket(const struct tool_endpoint *to);
void tool_send_packet(int fd, const struct tool_endpoint *to, const uint8_t *packet, size_t len);

/* A raw IPv4 socket with large buffers that gets a copy of every UDP packet to `at`'s address, from the IP
 * header on. */
int tool_raw_udp(const struct tool_endpoint *at);

/* Binds an ordinary socket to `at` that nobody reads, and leaves it open: the kernel then answers no packet
 * with "port unreachable". */
void tool_hold_port(const struct tool_endpoint *at);

/* True when a datagram or an error waits, false after `ms`. */
bool tool_wait(int fd, int ms);

#endif
