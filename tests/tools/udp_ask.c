/* udp_ask FROM TO TEXT MILLISECONDS [BYTES]: sends TEXT, filled up to BYTES, and waits for the same datagram
 * back. Status 0: it came back; 1: nothing did, or something else; 3: the port is unreachable (RFC 1122
 * 4.1.3.3). Other ICMP errors are told too, those that sockets do not report by themselves included. */
#include "sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define DATAGRAM_MAX 65507

static int outcome(int fd, const char *sent, size_t len, int ms)
{
    static char answer[DATAGRAM_MAX];
    if (!tool_wait(fd, ms)) {
        puts("no answer");
        return 1;
    }
    ssize_t got = recv(fd, answer, sizeof(answer), 0);
    if (got < 0) {
        printf("error: %s\n", strerror(errno));
        return errno == ECONNREFUSED ? 3 : 1;
    }
    printf("%zd bytes back\n", got);
    return (size_t)got == len && memcmp(answer, sent, len) == 0 ? 0 : 1;
}

static void report_errors(int fd, const struct tool_endpoint *to)
{
    int on = 1;
    if (to->address.ss_family == AF_INET)
        setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
    else
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
}

int main(int argc, char **argv)
{
    static char datagram[DATAGRAM_MAX];
    if (argc < 5 || argc > 6) {
        fprintf(stderr, "usage: udp_ask FROM TO TEXT MILLISECONDS [BYTES]\n");
        return 2;
    }
    struct tool_endpoint from = tool_endpoint(argv[1]), to = tool_endpoint(argv[2]);
    size_t text = strnlen(argv[3], sizeof(datagram));
    size_t len = argc == 6 ? tool_number(argv[5], sizeof(datagram)) : text;
    memset(datagram, '.', sizeof(datagram));
    memcpy(datagram, argv[3], text);
    int fd = tool_socket(&from);
    tool_connect(fd, &to);
    report_errors(fd, &to);
    if (send(fd, datagram, len, 0) < 0)
        tool_fail("send");
    return outcome(fd, datagram, len, (int)tool_number(argv[4], 600000));
}
