/* big_send FROM TO BYTES COUNT: COUNT IP packets of BYTES bytes in all, IPv4 ones with DF, whatever the
 * kernel knows of the path; some 2,000 a second. FROM may belong to another program or to another host. */
#include "sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <packets.h>
#include <stdio.h>
#include <unistd.h>

#define HEADERS_V4 28 /* IP and UDP */
#define HEADERS_V6 48
#define AT_ONCE 4
#define PAUSE_US 2000

/* As programs that look for the path's MTU themselves: what the kernel has learned does not hold them back.
 */
static void ignore_known_mtu(int fd, bool v4)
{
    int pmtu = v4 ? IP_PMTUDISC_PROBE : IPV6_PMTUDISC_PROBE;
    if (setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, &pmtu,
                   sizeof(pmtu)) != 0)
        tool_fail("path MTU discovery");
}

int main(int argc, char **argv)
{
    static uint8_t payload[65535], packet[65535];
    if (argc != 5) {
        fprintf(stderr, "usage: big_send FROM TO BYTES COUNT\n");
        return 2;
    }
    struct tool_endpoint to = tool_endpoint(argv[2]);
    bool v4 = to.address.ss_family == AF_INET;
    size_t len = tool_number(argv[3], sizeof(packet)), headers = v4 ? HEADERS_V4 : HEADERS_V6;
    unsigned long count = tool_number(argv[4], 1000000);
    if (len < headers) {
        errno = ERANGE;
        tool_fail(argv[3]);
    }
    len = test_udp(packet, sizeof(packet), argv[1], argv[2], payload, len - headers);
    int fd = tool_raw_socket(&to);
    ignore_known_mtu(fd, v4);
    for (unsigned long i = 1; i <= count; i++) {
        tool_send_packet(fd, &to, packet, len);
        if (i % AT_ONCE == 0)
            usleep(PAUSE_US);
    }
    printf("sent %lu\n", count);
    return 0;
}
