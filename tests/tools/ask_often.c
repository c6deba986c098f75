/* ask_often FROM TO TIMES FIRST LAST: asks TO so often, each time from a port of its own choice between FIRST
 * and LAST to which it binds just before, as resolvers do, and waits for the same datagram. FROM is an
 * address with any port; "[::]:0" asks an IPv4 host through a socket of IPv6. Prints how many were answered
 * at once. Status 0: all but one in a hundred. */
#include "sockets.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_MS = 1000 };

static void set_port(struct tool_endpoint *endpoint, uint16_t port)
{
    struct sockaddr_in in; /* the port of IPv6 stands at the same place */
    memcpy(&in, &endpoint->address, sizeof in);
    in.sin_port = htons(port);
    memcpy(&endpoint->address, &in, sizeof in);
}

/* The same IPv4 host, for a socket of IPv6 (RFC 4291 2.5.5.2). */
static struct tool_endpoint mapped(const struct tool_endpoint *to)
{
    struct sockaddr_in6 out = {.sin6_family = AF_INET6};
    struct tool_endpoint endpoint = {.len = sizeof out};
    struct sockaddr_in in;
    memcpy(&in, &to->address, sizeof in);
    out.sin6_port = in.sin_port;
    out.sin6_addr.s6_addr[10] = out.sin6_addr.s6_addr[11] = 0xff;
    memcpy(out.sin6_addr.s6_addr + 12, &in.sin_addr, 4);
    memcpy(&endpoint.address, &out, sizeof out);
    return endpoint;
}

static bool is_answered(const struct tool_endpoint *from, const struct tool_endpoint *to)
{
    char answer[16];
    int fd = tool_socket(from);
    tool_connect(fd, to);
    bool answered = send(fd, "question", 8, 0) == 8 && tool_wait(fd, WAIT_MS) &&
                    recv(fd, answer, sizeof answer, 0) == 8 && memcmp(answer, "question", 8) == 0;
    close(fd);
    return answered;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: ask_often FROM TO TIMES FIRST LAST\n");
        return 2;
    }
    struct tool_endpoint from = tool_endpoint(argv[1]), to = tool_endpoint(argv[2]);
    unsigned long times = tool_number(argv[3], 1000000), first = tool_number(argv[4], 65535);
    if (from.address.ss_family == AF_INET6 && to.address.ss_family == AF_INET)
        to = mapped(&to);
    unsigned long count = tool_number(argv[5], 65535) - first + 1, answered = 0;
    for (unsigned long i = 0; i < times; i++) {
        set_port(&from, (uint16_t)(first + i * 7919 % count));
        answered += is_answered(&from, &to);
    }
    printf("%lu of %lu answered\n", answered, times);
    return (times - answered) * 100 <= times ? 0 : 1;
}
