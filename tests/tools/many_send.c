/* many_send TO FIRST-PORT PORTS ADDRESS...: one datagram to TO from each of PORTS ports of each IPv4 ADDRESS,
 * as raw packets, so that no sockets are needed; some 20,000 a second, for the queues on their way are short.
 */
#include "sockets.h"

#include <packets.h>
#include <stdio.h>
#include <unistd.h>

#define AT_ONCE 40
#define PAUSE_US 2000

static void send_one(int fd, const char *address, unsigned long port, const char *to,
                     const struct tool_endpoint *where)
{
    uint8_t packet[64];
    char from[64];
    snprintf(from, sizeof(from), "%s:%lu", address, port);
    tool_send_packet(fd, where, packet, test_udp(packet, sizeof(packet), from, to, "many", 4));
}

int main(int argc, char **argv)
{
    unsigned long sent = 0;
    if (argc < 5) {
        fprintf(stderr, "usage: many_send TO FIRST-PORT PORTS ADDRESS...\n");
        return 2;
    }
    struct tool_endpoint to = tool_endpoint(argv[1]);
    unsigned long first = tool_number(argv[2], 65535), ports = tool_number(argv[3], 65536 - first);
    int fd = tool_raw_socket(&to);
    for (unsigned long port = first; port < first + ports; port++)
        for (int i = 4; i < argc; i++) {
            send_one(fd, argv[i], port, argv[1], &to);
            if (++sent % AT_ONCE == 0)
                usleep(PAUSE_US);
        }
    printf("sent %lu\n", sent);
    return 0;
}
