/* handover_send TO FLOWS AT_ONCE RATE DATAGRAMS [PORT]: FLOWS flows from ports PORT (20000) on, AT_ONCE of
 * them at a time, each of which sends DATAGRAMS numbered datagrams; all together RATE a second, in bursts of
 * as many as are due. Checks the order of what the far end sends back. Status 1 when one overtook another, or
 * none came back. SIGTERM ends the sending early, and what is on its way
 * still counts. */
#include "sequence.h"
#include "sockets.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LAST_ANSWERS_MS 1000

struct sender {
    struct tool_endpoint to;
    unsigned flows, at_once, rate, datagrams, first_port;
    int sockets[SEQUENCE_FLOWS_MAX]; /* -1: not yet, or no longer */
    unsigned opened;
    struct sequence answers;
    uint64_t sent;
};

static volatile sig_atomic_t told_to_end;

static void end(int signal)
{
    told_to_end = signal;
}

static uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* The socket is bound to the wildcard address of the far end's family. */
static int open_flow(const struct sender *sender, unsigned flow)
{
    char text[64];
    bool ipv6 = sender->to.address.ss_family == AF_INET6;
    snprintf(text, sizeof(text), ipv6 ? "[::]:%u" : "0.0.0.0:%u", sender->first_port + flow);
    struct tool_endpoint from = tool_endpoint(text);
    int fd = tool_socket(&from);
    tool_connect(fd, &sender->to);
    return fd;
}

static void drain(struct sender *sender, unsigned flow)
{
    uint8_t datagram[SEQUENCE_DATAGRAM];
    ssize_t got;
    while ((got = recv(sender->sockets[flow], datagram, sizeof(datagram), MSG_DONTWAIT)) >= 0)
        sequence_read(&sender->answers, datagram, (size_t)got);
}

/* A full socket buffer or an ICMP error costs that datagram only. */
static void send_one(struct sender *sender, unsigned flow, uint32_t number)
{
    uint8_t datagram[SEQUENCE_DATAGRAM];
    sequence_write(datagram, flow, number);
    sender->sent += send(sender->sockets[flow], datagram, sizeof(datagram), 0) >= 0;
}

/* Flows first .. last - 1, all of them together at the rate. */
static void run_group(struct sender *sender, unsigned first, unsigned last)
{
    uint64_t start = now_us(), wanted = (uint64_t)(last - first) * sender->datagrams;
    for (uint64_t done = 0; done < wanted && !told_to_end;) {
        uint64_t due = (now_us() - start) * sender->rate / 1000000;
        if (done >= due)
            usleep(50);
        for (; done < due && done < wanted; done++) {
            unsigned flow = first + (unsigned)(done % (last - first));
            send_one(sender, flow, (uint32_t)(done / (last - first)) + 1);
            drain(sender, flow);
        }
    }
}

static void last_answers(struct sender *sender)
{
    for (uint64_t end = now_us() + LAST_ANSWERS_MS * 1000; now_us() < end; usleep(10000))
        for (unsigned flow = 0; flow < sender->opened; flow++)
            drain(sender, flow);
}

static void run(struct sender *sender)
{
    for (unsigned first = 0; first < sender->flows && !told_to_end; first = sender->opened) {
        while (sender->opened < sender->flows && sender->opened < first + sender->at_once) {
            sender->sockets[sender->opened] = open_flow(sender, sender->opened);
            sender->opened++;
        }
        run_group(sender, first, sender->opened);
    }
    last_answers(sender);
}

int main(int argc, char **argv)
{
    static struct sender sender;
    if (argc != 6 && argc != 7) {
        fprintf(stderr, "usage: handover_send TO FLOWS AT_ONCE RATE DATAGRAMS [PORT]\n");
        return 2;
    }
    sender.to = tool_endpoint(argv[1]);
    sender.flows = (unsigned)tool_number(argv[2], SEQUENCE_FLOWS_MAX);
    sender.at_once = (unsigned)tool_number(argv[3], SEQUENCE_FLOWS_MAX);
    sender.rate = (unsigned)tool_number(argv[4], 1000000);
    sender.datagrams = (unsigned)tool_number(argv[5], 1000000);
    sender.first_port = argc == 7 ? (unsigned)tool_number(argv[6], 60000) : 20000;
    signal(SIGTERM, end);
    run(&sender);
    printf("sent %llu back %llu overtaken %llu\n", (unsigned long long)sender.sent,
           (unsigned long long)sender.answers.received, (unsigned long long)sender.answers.overtaken);
    return sender.answers.overtaken > 0 || sender.answers.received == 0;
}
