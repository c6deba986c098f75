/* icmp_send FROM SENDER DESTINATION: an ICMP or ICMPv6 "port unreachable" from address FROM about a UDP
 * packet that SENDER sent to DESTINATION. FROM need not be an address of this host. */
#include "sockets.h"

#include <netinet/in.h>
#include <packets.h>
#include <stdio.h>

#define UNREACHABLE_V4 3, 3 /* RFC 792 */
#define UNREACHABLE_V6 1, 4 /* RFC 4443 3.1 */
#define QUOTED 64

int main(int argc, char **argv)
{
    uint8_t quoted[256], message[512];
    if (argc != 4) {
        fprintf(stderr, "usage: icmp_send FROM SENDER DESTINATION\n");
        return 2;
    }
    struct tool_endpoint to = tool_endpoint(argv[2]);
    size_t len = test_udp(quoted, sizeof(quoted), argv[2], argv[3], "12345678901234567890", 20);
    size_t quote = len < QUOTED ? len : QUOTED;
    len = to.address.ss_family == AF_INET
              ? test_icmp_error(message, sizeof(message), argv[1], UNREACHABLE_V4, 0, quoted, len, quote)
              : test_icmp_error(message, sizeof(message), argv[1], UNREACHABLE_V6, 0, quoted, len, quote);
    int fd = socket(to.address.ss_family, SOCK_RAW, IPPROTO_RAW);
    if (fd < 0)
        tool_fail("raw socket");
    /* Raw IPv6 sockets take the port as a protocol and refuse others than their own or 0. */
    if (to.address.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&to.address)->sin6_port = 0;
    if (sendto(fd, message, len, 0, (const struct sockaddr *)&to.address, to.len) < 0)
        tool_fail("send");
    return 0;
}
