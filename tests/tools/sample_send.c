/* sample_send FROM TO COUNT HOPS: sends COUNT sample packets (sample.h) from FROM's port and the next seven
 * to sample_echo at TO, HOPS routers away, and checks what comes back. Status 1 when one was lost or is not
 * what the other end sent. */
#include "sample.h"
#include "sockets.h"

#include <stdio.h>
#include <stdlib.h>

#define ANSWER_MS 20000

static struct qw_endpoint from, to;
static struct tool_endpoint from_socket[SAMPLE_PORTS], to_socket;
static uint8_t packet[SAMPLE_PACKET_MAX];
static int out, in;

static struct qw_endpoint inside(uint32_t number)
{
    struct qw_endpoint endpoint = from;
    endpoint.port = (uint16_t)(from.port + number % SAMPLE_PORTS);
    return endpoint;
}

static void parse(const char *text, struct qw_endpoint *endpoint)
{
    enum qw_family family;
    if (qw_endpoint_parse(text, endpoint, &family) && family == QW_IPV4)
        return;
    fprintf(stderr, "sample_send: no IPv4 endpoint: %s\n", text);
    exit(2);
}

/* Ordinary sockets hold the ports: without them the kernel answers "port unreachable". */
static void hold_ports(void)
{
    char text[QW_ENDPOINT_TEXT_MAX];
    for (uint32_t i = 0; i < SAMPLE_PORTS; i++) {
        struct qw_endpoint endpoint = inside(i);
        from_socket[i] = tool_endpoint(qw_endpoint_text(&endpoint, QW_IPV4, text));
        tool_hold_port(&from_socket[i]);
    }
}

/* Waits for one answer to a packet about number `about`. */
static bool receive(uint32_t about, unsigned hops)
{
    static uint8_t answer[65536];
    struct qw_endpoint source, destination;
    for (;;) {
        if (!tool_wait(in, ANSWER_MS))
            return false;
        ssize_t got = recv(in, answer, sizeof(answer), 0);
        if (got < 0 || !sample_endpoints(answer, (size_t)got, &source, &destination) ||
            qw_endpoint_compare(&source, &to) != 0)
            continue;
        struct sample sample = {sample_number(answer, about), true};
        struct qw_endpoint mine = inside(sample.number);
        return qw_endpoint_compare(&destination, &mine) == 0 &&
               sample_intact(answer, (size_t)got, sample, hops);
    }
}

static uint32_t burst(uint32_t first, uint32_t count, unsigned hops)
{
    uint32_t good = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct qw_endpoint source = inside(first + i);
        size_t len = sample_write(packet, (struct sample){first + i, false}, &source, &to, 0);
        tool_send_packet(out, &to_socket, packet, len);
    }
    for (uint32_t i = 0; i < count; i++)
        good += receive(first, hops);
    return good;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: sample_send FROM TO COUNT HOPS\n");
        return 2;
    }
    parse(argv[1], &from);
    parse(argv[2], &to);
    uint32_t count = (uint32_t)tool_number(argv[3], 10000000), good = 0, sent = 0;
    unsigned hops = (unsigned)tool_number(argv[4], 7);
    hold_ports();
    to_socket = tool_endpoint(argv[2]);
    out = tool_raw_socket(&to_socket);
    in = tool_raw_udp(&from_socket[0]);
    /* Many failures are told by the first ones. */
    for (; sent < count && sent - good < SAMPLE_BURST; sent += SAMPLE_BURST)
        good += burst(sent, SAMPLE_BURST, hops);
    printf("%u of %u went and came back as they were sent\n", good, sent);
    return good != sent;
}
