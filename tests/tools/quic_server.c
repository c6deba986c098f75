/* quic_server AT right|wrong: answers every long header by a server Initial, addressed to the client's
 * connection ID, or
 * ("wrong") to one that a forger who saw nothing would have to guess. Runs until it is told to end. */
#include "sockets.h"
#include "wire.h"

#include <stdio.h>
#include <string.h>

static void serve(int fd, bool right)
{
    uint8_t datagram[2048];
    struct tool_endpoint peer = {.len = sizeof(peer.address)};
    struct sockaddr *address = (struct sockaddr *)&peer.address;
    ssize_t got = recvfrom(fd, datagram, sizeof(datagram), 0, address, &peer.len);
    struct test_cid first_dcid, client, own = wire_cid(0x5e), guess = wire_cid(0x6e);
    if (got < 0 || !wire_read(datagram, (size_t)got, &first_dcid, &client))
        return;
    size_t len = wire_initial(datagram, true, &first_dcid, right ? &client : &guess, &own);
    if (sendto(fd, datagram, len, 0, address, peer.len) < 0)
        tool_fail("send");
}

int main(int argc, char **argv)
{
    if (argc != 3 || (strcmp(argv[2], "right") != 0 && strcmp(argv[2], "wrong") != 0)) {
        fprintf(stderr, "usage: quic_server AT right|wrong\n");
        return 2;
    }
    struct tool_endpoint at = tool_endpoint(argv[1]);
    int fd = tool_socket(&at);
    for (;;)
        serve(fd, strcmp(argv[2], "right") == 0);
}
