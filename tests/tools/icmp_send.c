/* icmp_send FROM SENDER DESTINATION: an ICMP or ICMPv6 "port unreachable" from address FROM about a UDP
 * packet that SENDER sent to DESTINATION. FROM need not be an address of this host. */
#include "sockets.h"

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
    tool_send_packet(tool_raw_socket(&to), &to, message, len);
    return 0;
}
