/* Sets of UDP ports, and the one answer to which ports a NAT may hand out. */
#ifndef QUICWARD_BASE_PORTS_H
#define QUICWARD_BASE_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QW_PORT_WORDS 1024 /* a set of ports: bit p % 64 of word p / 64 */

struct qw_port_range {
    uint16_t first, last; /* both belong to it */
};

static inline bool qw_ports_has(const uint64_t set[static QW_PORT_WORDS], uint16_t port)
{
    return set[port / 64] >> port % 64 & 1;
}

/* The ports from `first` to `last`, both included; nothing when `last` is less. */
void qw_ports_add(uint64_t set[static QW_PORT_WORDS], uint16_t first, uint16_t last);
void qw_ports_remove(uint64_t set[static QW_PORT_WORDS], uint16_t first, uint16_t last);

/* Ports that are never handed out because services there are used to reflect attacks (RFC 9308 8.1, RFC 9312
 * 4.6): echo 7, chargen 19, DNS 53, and so on. Sorted; returns how many. */
size_t qw_reflection_ports(const uint16_t **out);

/* Writes the ports that may be handed out on every external address: those of `ports`, but neither those of
 * `excluded` nor reflection ports nor port 0, which no packet has. */
void qw_ports_usable(const struct qw_port_range *ports, unsigned port_count,
                     const struct qw_port_range *excluded, unsigned excluded_count,
                     uint64_t out[static QW_PORT_WORDS]);

/* How many of a set, from 1024 on, are even and odd: a port is mapped to one of its own parity, and one from
 * 1024 on never below (RFC 4787 REQ-3a, REQ-4). */
struct qw_port_count {
    unsigned even, odd;
};
struct qw_port_count qw_ports_count(const uint64_t set[static QW_PORT_WORDS]);

#endif
