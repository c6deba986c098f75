/* order_echo AT MILLISECONDS: checks the order of numbered datagrams and sends each back. Ends when none came
 * for so long after the first. Status 1 when one overtook another, or none came. */
#include "sequence.h"
#include "sockets.h"

#include <stdio.h>

#define FIRST_MS 20000

static struct sequence arrivals;

static void echo(int fd)
{
    uint8_t datagram[SEQUENCE_DATAGRAM];
    struct tool_endpoint peer = {.len = sizeof(peer.address)};
    struct sockaddr *address = (struct sockaddr *)&peer.address;
    ssize_t got = recvfrom(fd, datagram, sizeof(datagram), 0, address, &peer.len);
    if (got < 0)
        return;
    sequence_read(&arrivals, datagram, (size_t)got);
    sendto(fd, datagram, (size_t)got, 0, address, peer.len);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: order_echo AT MILLISECONDS\n");
        return 2;
    }
    struct tool_endpoint at = tool_endpoint(argv[1]);
    int quiet_ms = (int)tool_number(argv[2], 60000);
    int fd = tool_socket(&at);
    for (int ms = FIRST_MS; tool_wait(fd, ms); ms = quiet_ms)
        echo(fd);
    printf("received %llu overtaken %llu\n", (unsigned long long)arrivals.received,
           (unsigned long long)arrivals.overtaken);
    return arrivals.overtaken > 0 || arrivals.received == 0;
}
