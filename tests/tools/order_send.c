/* order_send TO MILLISECONDS FLOWS ADDRESS...: sends numbered datagrams on FLOWS flows from each ADDRESS
 * ("192.0.2.2",
 * "[2001:db8::2]") as fast as it can, and checks the order of what the far end sends back. Status 1 when one
 * overtook another, or none came back. */
#include "sequence.h"
#include "sockets.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define FIRST_PORT 20000
#define LAST_ANSWERS_MS 1000

static int sockets[SEQUENCE_FLOWS_MAX];
static unsigned flows;
static struct sequence answers;

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void open_flows(const char *address, unsigned long count, const struct tool_endpoint *to)
{
    char text[128];
    for (unsigned long i = 0; i < count && flows < SEQUENCE_FLOWS_MAX; i++) {
        snprintf(text, sizeof(text), "%s:%lu", address, FIRST_PORT + i);
        struct tool_endpoint from = tool_endpoint(text);
        sockets[flows] = tool_socket(&from);
        tool_connect(sockets[flows++], to);
    }
}

static void drain(void)
{
    uint8_t datagram[SEQUENCE_DATAGRAM];
    for (unsigned i = 0; i < flows; i++) {
        ssize_t got;
        while ((got = recv(sockets[i], datagram, sizeof(datagram), MSG_DONTWAIT)) >= 0)
            sequence_read(&answers, datagram, (size_t)got);
    }
}

/* A full socket buffer or an ICMP error costs that datagram only. */
static uint64_t round_of_all(uint32_t number)
{
    uint8_t datagram[SEQUENCE_DATAGRAM];
    uint64_t sent = 0;
    for (unsigned i = 0; i < flows; i++) {
        sequence_write(datagram, i, number);
        sent += send(sockets[i], datagram, sizeof(datagram), 0) >= 0;
    }
    return sent;
}

static uint64_t send_for(uint64_t ms)
{
    uint64_t sent = 0, end = now_ms() + ms;
    for (uint32_t number = 1; now_ms() < end; number++) {
        sent += round_of_all(number);
        drain();
    }
    for (end = now_ms() + LAST_ANSWERS_MS; now_ms() < end; usleep(10000))
        drain();
    return sent;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: order_send TO MILLISECONDS FLOWS ADDRESS...\n");
        return 2;
    }
    struct tool_endpoint to = tool_endpoint(argv[1]);
    for (int i = 4; i < argc; i++)
        open_flows(argv[i], tool_number(argv[3], SEQUENCE_FLOWS_MAX), &to);
    uint64_t sent = send_for(tool_number(argv[2], 60000));
    printf("sent %llu back %llu overtaken %llu\n", (unsigned long long)sent,
           (unsigned long long)answers.received, (unsigned long long)answers.overtaken);
    return answers.overtaken > 0 || answers.received == 0;
}
