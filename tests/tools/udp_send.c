/* udp_send FROM TO TEXT: one datagram. FROM may end in ":0" for any port. */
#include "sockets.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: udp_send FROM TO TEXT\n");
        return 2;
    }
    struct tool_endpoint from = tool_endpoint(argv[1]), to = tool_endpoint(argv[2]);
    int fd = tool_socket(&from);
    const struct sockaddr *address = (const struct sockaddr *)&to.address;
    if (sendto(fd, argv[3], strlen(argv[3]), 0, address, to.len) < 0)
        tool_fail("send");
    return 0;
}
