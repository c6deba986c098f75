/* flows_send FROM TO FLOWS RATE BYTES SECONDS: FLOWS flows, from the ports on from FROM's, each with RATE
 * datagrams a second of BYTES bytes. A datagram says which flow it is of and its number there; all flows send
 * number n at the same time. */
#include "sockets.h"

#include <quicward/base/bytes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define HEADER 8

static int *open_flows(const char *from, unsigned long flows, const struct tool_endpoint *to)
{
    char address[64], text[80];
    unsigned long first = tool_number(strrchr(from, ':') + 1, 65535);
    const struct rlimit files = {flows + 64, flows + 64};
    int *fds = calloc(flows, sizeof(*fds));
    if (!fds || setrlimit(RLIMIT_NOFILE, &files) != 0)
        tool_fail("that many flows");
    snprintf(address, sizeof(address), "%.*s", (int)(strrchr(from, ':') - from), from);
    for (unsigned long i = 0; i < flows; i++) {
        snprintf(text, sizeof(text), "%s:%lu", address, first + i);
        struct tool_endpoint at = tool_endpoint(text);
        fds[i] = tool_socket(&at);
        tool_connect(fds[i], to);
    }
    return fds;
}

static void send_all(const int *fds, unsigned long flows, uint32_t number, uint8_t *datagram, size_t len)
{
    for (unsigned long i = 0; i < flows; i++) {
        struct qw_writer w = qw_writer(datagram, HEADER);
        qw_put_u32(&w, (uint32_t)i);
        qw_put_u32(&w, number);
        (void)!send(fds[i], datagram, len, 0); /* an ICMP error of an earlier one may be reported here */
    }
}

static void sleep_until(struct timespec *at, long step_ns)
{
    at->tv_nsec += step_ns;
    while (at->tv_nsec >= 1000000000) {
        at->tv_nsec -= 1000000000;
        at->tv_sec++;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, at, NULL);
}

int main(int argc, char **argv)
{
    static uint8_t datagram[65507];
    if (argc != 7 || !strrchr(argv[1], ':')) {
        fprintf(stderr, "usage: flows_send FROM TO FLOWS RATE BYTES SECONDS\n");
        return 2;
    }
    struct tool_endpoint to = tool_endpoint(argv[2]);
    unsigned long flows = tool_number(argv[3], 10000), rate = tool_number(argv[4], 10000);
    size_t len = tool_number(argv[5], sizeof(datagram));
    uint32_t count = (uint32_t)(rate * tool_number(argv[6], 3600));
    if (len < HEADER || rate == 0)
        tool_fail("at least 8 bytes, once a second");
    int *fds = open_flows(argv[1], flows, &to);
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    for (uint32_t number = 0; number < count; number++) {
        send_all(fds, flows, number, datagram, len);
        sleep_until(&at, 1000000000 / (long)rate);
    }
    printf("sent %lu\n", flows * count);
    free(fds);
    return 0;
}
