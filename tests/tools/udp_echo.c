/* udp_echo AT: answers every datagram with itself until it is told to end. */
#include "sockets.h"

#include <errno.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    static char datagram[65536];
    if (argc != 2) {
        fprintf(stderr, "usage: udp_echo AT\n");
        return 2;
    }
    struct tool_endpoint at = tool_endpoint(argv[1]);
    int fd = tool_socket(&at);
    for (;;) {
        struct tool_endpoint peer = {.len = sizeof(peer.address)};
        struct sockaddr *address = (struct sockaddr *)&peer.address;
        ssize_t got = recvfrom(fd, datagram, sizeof(datagram), 0, address, &peer.len);
        /* An ICMP error about an earlier answer may come out here: it is about somebody else. */
        if (got < 0 && errno != ECONNREFUSED && errno != EHOSTUNREACH)
            tool_fail("receive");
        if (got >= 0)
            sendto(fd, datagram, (size_t)got, 0, address, peer.len);
    }
}
