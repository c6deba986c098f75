/* sample_echo AT HOPS: checks the sample packets (sample.h) that come to AT through HOPS routers and answers
 * each with a sample of its own, to where it came from. Says what is wrong, also when the source of an inside
 * port changes: such a packet gets no answer. Runs until it is told to end. */
#include "sample.h"
#include "sockets.h"

#include <stdio.h>
#include <stdlib.h>

static struct qw_endpoint at, sources[SAMPLE_PORTS];
static int in, out;

static void show(const char *what, const struct qw_endpoint *endpoint)
{
    char text[QW_ENDPOINT_TEXT_MAX];
    printf("%s %s\n", what, qw_endpoint_text(endpoint, QW_IPV4, text));
}

/* One external endpoint stands for each inside port (RFC 4787 REQ-1). */
static bool same_source(uint32_t number, const struct qw_endpoint *source)
{
    struct qw_endpoint *known = &sources[number % SAMPLE_PORTS];
    if (known->port == 0) {
        show("source", source);
        *known = *source;
    }
    if (qw_endpoint_compare(known, source) == 0)
        return true;
    show("another source", source);
    return false;
}

static void answer(uint32_t number, const struct qw_endpoint *to)
{
    static uint8_t packet[SAMPLE_PACKET_MAX];
    char text[QW_ENDPOINT_TEXT_MAX];
    struct tool_endpoint host = tool_endpoint(qw_endpoint_text(to, QW_IPV4, text));
    size_t len = sample_write(packet, (struct sample){number, true}, &at, to, 0);
    tool_send_packet(out, &host, packet, len);
}

static void receive(uint32_t *newest, unsigned hops)
{
    static uint8_t packet[65536];
    struct qw_endpoint from, to;
    ssize_t got = recv(in, packet, sizeof(packet), 0);
    if (got < 0 || !sample_endpoints(packet, (size_t)got, &from, &to) || qw_endpoint_compare(&to, &at) != 0)
        return;
    uint32_t number = sample_number(packet, *newest);
    if (!sample_intact(packet, (size_t)got, (struct sample){number, false}, hops) ||
        !same_source(number, &from))
        return;
    *newest = number;
    answer(number, &from);
}

int main(int argc, char **argv)
{
    enum qw_family family;
    if (argc != 3 || !qw_endpoint_parse(argv[1], &at, &family) || family != QW_IPV4) {
        fprintf(stderr, "usage: sample_echo AT HOPS\n");
        return 2;
    }
    struct tool_endpoint own = tool_endpoint(argv[1]);
    unsigned hops = (unsigned)tool_number(argv[2], 7);
    setvbuf(stdout, NULL, _IOLBF, 0);
    tool_hold_port(&own);
    in = tool_raw_udp(&own);
    out = tool_raw_socket(&own);
    for (uint32_t newest = 0;; receive(&newest, hops))
        tool_wait(in, -1);
}
