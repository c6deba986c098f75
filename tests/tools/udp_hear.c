/* udp_hear AT MILLISECONDS: prints the first datagram that comes, as "SENDER TEXT". Status 1 when none does.
 */
#include "sockets.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    static char datagram[65536];
    char sender[64];
    if (argc != 3) {
        fprintf(stderr, "usage: udp_hear AT MILLISECONDS\n");
        return 2;
    }
    struct tool_endpoint at = tool_endpoint(argv[1]);
    struct tool_endpoint peer = {.len = sizeof(peer.address)};
    int fd = tool_socket(&at);
    if (!tool_wait(fd, (int)tool_number(argv[2], 600000))) {
        puts("nothing heard");
        return 1;
    }
    ssize_t got = recvfrom(fd, datagram, sizeof(datagram), 0, (struct sockaddr *)&peer.address, &peer.len);
    if (got < 0)
        tool_fail("receive");
    printf("%s %.*s\n", tool_endpoint_text(&peer, sender, sizeof(sender)), (int)got, datagram);
    return 0;
}
