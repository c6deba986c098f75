/* evade CLIENT-NAMESPACE SERVER-NAMESPACE CLIENT SERVER: a client and a server that work together
 * to get a forbidden name past the router between them, in many ways at once, each from a port of its own.
 * CLIENT and SERVER are endpoints: ways use ports from CLIENT's on; the server has SERVER's port, and port
 * 53, where each client port first asks something, so that the server knows by which address it is reached.
 * Prints a line a way: NAME|none, part or whole|ARRIVED of SENT counting the datagrams with pieces of the
 * forbidden ClientHello. "whole": together they hold it. */
#include "evade_attempt.h"
#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <quicward/base/addr.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FORBIDDEN "www.blocked.test"
#define ALLOWED "www1.server.test"
#define NOISE "www2.server.test"
#define OTHER_VERSION 0x1a2a3a4au
#define VERSION_2 0x6b3343cfu
#define SENT_MAX 100
#define PORTS_EACH 2
#define PRIME_MS 500
#define LAST_MS 1000 /* for what waits in the router */

/* A script is read letter by letter.
 * The client: "w" the ClientHello in one Initial, "1" "2" its halves, "i" the next of many slices, "c" both
 * halves in one datagram, "z" 0-RTT of the attempt, "k" a Handshake packet of it, "h" a short header, "b" a
 * byte, "e" an empty datagram, "s" STUN, "g" an Initial of another version, "y" the attempt with the allowed
 * name, "a" another one with the allowed name, "f" what ends that handshake, "n" half of another attempt, "p"
 * goes on from another port. The server: "B" a byte, "R" a Retry, "V" Version Negotiation, "I" an Initial,
 * "A" an Initial to the allowed attempt.
 * "+N" and a blank: N ms pass. In front: "v" version 2, "x" a version that nobody knows, "o" the fixed bit is
 * cleared, "t" a short connection ID. */
static const struct way {
    const char *name, *script;
} WAYS[] = {
    {"nothing: the name in one datagram", "w"},
    {"the second half first", "21"},
    {"the ClientHello in 40 datagrams", "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii"},
    {"two Initials and 0-RTT in one datagram", "cz"},
    {"a byte of anything first", "b+20 w"},
    {"an empty datagram first", "e+20 w"},
    {"STUN first", "s+20 w"},
    {"short headers first", "hhh+20 w"},
    {"0-RTT before its Initial", "zz+20 w"},
    {"a Handshake packet first", "k+20 w"},
    {"another version first", "g+20 w"},
    {"another version, Version Negotiation, then v1", "g+20 V+20 w"},
    {"a second attempt beside an allowed one", "a+20 w"},
    {"a new attempt on a confirmed 5-tuple", "a+20 A+20 f+20 w"},
    {"short headers from another port of a confirmed client", "a+20 A+20 f+20 phhh+20 w"},
    {"a refused attempt repeated after other bytes", "w+20 b+20 w+300 w"},
    {"halves 1 s apart", "1+1000 2"},
    {"halves 4 s apart", "1+4000 2"},
    {"half, then all of it after 1 s", "1+1000 12"},
    {"an allowed name, Retry, then the forbidden one", "y+20 R+20 w"},
    {"half, Retry, all of it", "1+20 R+20 w"},
    {"half, Version Negotiation, the other half", "1+20 V+20 2"},
    {"half, a server's Initial, the other half", "1+20 I+20 2"},
    {"half, a byte from the server, all of it", "1+20 B+20 w"},
    {"half, five other attempts, the other half", "1nnnnn2"},
    {"half, 40 other attempts, all of it", "1nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnw"},
    {"half, the other half from another port", "1p2"},
    {"half, a byte, the other half", "1b2"},
    {"the same attempt with an allowed name first", "yw"},
    {"version 2", "vw"},
    {"version 2 in halves, second first", "v21"},
    {"the fixed bit cleared", "ow"},
    {"a connection ID of 4 bytes", "tw"},
    {"a version that nobody knows", "xw"},
};
#define WAY_COUNT (sizeof(WAYS) / sizeof(WAYS[0]))

struct sent {
    uint8_t bytes[EVADE_DATAGRAM];
    size_t len;
    uint64_t part;
    bool arrived;
};

static struct run {
    const char *at; /* in the script */
    uint64_t due_ms;
    int fd[PORTS_EACH];
    unsigned port; /* which of them is in use */
    bool known;
    struct tool_endpoint seen; /* where the server reaches it */
    struct evade_attempt attempt, allowed;
    struct sent sent[SENT_MAX];
    unsigned count;
} runs[WAY_COUNT];
static int server, server_dns;
static struct tool_endpoint server_at, dns_at;

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void enter(const char *name)
{
    char path[200];
    snprintf(path, sizeof(path), "/run/netns/%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
        tool_fail(path);
    close(fd);
}

static struct tool_endpoint with_port(const char *text, unsigned add, unsigned instead)
{
    struct qw_endpoint ep;
    enum qw_family family;
    char out[QW_ENDPOINT_TEXT_MAX];
    if (!qw_endpoint_parse(text, &ep, &family)) {
        errno = EINVAL;
        tool_fail(text);
    }
    ep.port = (uint16_t)(instead ? instead : ep.port + add);
    qw_endpoint_text(&ep, family, out);
    return tool_endpoint(out);
}

static void to_server(const struct run *run, const void *bytes, size_t len)
{
    int fd = run->fd[run->port];
    /* An ICMP error for an earlier datagram is told first. */
    for (int try = 0; try < 2; try++)
        if (sendto(fd, bytes, len, 0, (const struct sockaddr *)&server_at.address, server_at.len) >= 0)
            return;
}

static void keep(struct run *run, uint64_t part, const uint8_t *bytes, size_t len)
{
    if (run->count == SENT_MAX)
        abort();
    struct sent *sent = &run->sent[run->count++];
    memcpy(sent->bytes, bytes, len);
    sent->len = len;
    sent->part = part;
    to_server(run, bytes, len);
}

static void from_server(const struct run *run, const void *bytes, size_t len)
{
    if (run->known)
        sendto(server, bytes, len, 0, (const struct sockaddr *)&run->seen.address, run->seen.len);
}

static void initial(struct run *run, uint64_t part)
{
    uint8_t out[EVADE_DATAGRAM];
    keep(run, part, out, evade_initial(&run->attempt, part, out));
}

static void other_attempt(const struct run *run, struct evade_attempt *attempt, uint64_t part)
{
    uint8_t out[EVADE_DATAGRAM];
    to_server(run, out, evade_initial(attempt, part, out));
}

static void finish_allowed(const struct run *run)
{
    uint8_t out[EVADE_DATAGRAM];
    to_server(run, out, evade_handshake(&run->allowed, out));
    for (int i = 0; i < 3; i++)
        to_server(run, out, evade_short(&run->allowed, out));
}

static void client_hello_step(struct run *run, char letter)
{
    uint8_t out[EVADE_DATAGRAM];
    switch (letter) {
    case 'w':
        initial(run, EVADE_WHOLE);
        break;
    case '1':
        initial(run, EVADE_FIRST);
        break;
    case '2':
        initial(run, EVADE_LAST);
        break;
    case 'i':
        initial(run, 1ull << run->attempt.next_slice++);
        break;
    default:
        keep(run, EVADE_WHOLE, out, evade_coalesced(&run->attempt, out));
    }
}

static void under_allowed_name(struct run *run)
{
    run->attempt.name = ALLOWED;
    other_attempt(run, &run->attempt, EVADE_WHOLE);
    run->attempt.name = FORBIDDEN;
}

/* Packets that begin no attempt. */
static void loose_step(const struct run *run, char letter)
{
    static const uint8_t STUN[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4};
    uint8_t out[EVADE_DATAGRAM];
    switch (letter) {
    case 'z':
        to_server(run, out, evade_zero_rtt(&run->attempt, out));
        break;
    case 'k':
        to_server(run, out, evade_handshake(&run->attempt, out));
        break;
    case 'h':
        to_server(run, out, evade_short(&run->attempt, out));
        break;
    case 's':
        to_server(run, STUN, sizeof(STUN));
        break;
    default:
        to_server(run, "b", letter == 'b');
    }
}

static void other_step(struct run *run, char letter)
{
    struct evade_attempt other = evade_attempt(NOISE, letter == 'g' ? OTHER_VERSION : 1, 8);
    switch (letter) {
    case 'g':
        other_attempt(run, &other, EVADE_WHOLE);
        break;
    case 'n':
        other_attempt(run, &other, EVADE_FIRST);
        break;
    case 'a':
        other_attempt(run, &run->allowed, EVADE_WHOLE);
        break;
    case 'y':
        under_allowed_name(run);
        break;
    case 'f':
        finish_allowed(run);
        break;
    default:
        run->port++;
    }
}

static void server_step(struct run *run, char letter)
{
    uint8_t out[EVADE_DATAGRAM];
    switch (letter) {
    case 'B':
        from_server(run, "B", 1);
        break;
    case 'R':
        from_server(run, out, evade_retry(&run->attempt, out));
        break;
    case 'V':
        from_server(run, out, evade_negotiation(&run->attempt, out));
        break;
    case 'I':
        from_server(run, out, evade_server_initial(&run->attempt, out));
        break;
    default:
        from_server(run, out, evade_server_initial(&run->allowed, out));
    }
}

static void attempt_step(struct run *run, char letter)
{
    uint32_t version = letter == 'v' ? VERSION_2 : letter == 'x' ? OTHER_VERSION : 1;
    run->attempt = evade_attempt(FORBIDDEN, version, letter == 't' ? 4 : 8);
    run->attempt.grease = letter == 'o';
}

static void wait_ms(struct run *run, uint64_t now)
{
    char *end;
    run->due_ms = now + strtoul(run->at, &end, 10);
    run->at = end;
}

static void go_on(struct run *run, uint64_t now)
{
    while (*run->at != '\0' && run->due_ms <= now) {
        char letter = *run->at++;
        if (letter == '+')
            wait_ms(run, now);
        else if (strchr("w12ic", letter))
            client_hello_step(run, letter);
        else if (strchr("vxot", letter))
            attempt_step(run, letter);
        else if (strchr("BRVIA", letter))
            server_step(run, letter);
        else if (strchr("zkhbes", letter))
            loose_step(run, letter);
        else if (letter != ' ')
            other_step(run, letter);
    }
}

/* Each datagram differs from all others, for the connection IDs are random. */
static void arrived(const uint8_t *bytes, size_t len)
{
    for (unsigned i = 0; i < WAY_COUNT; i++)
        for (unsigned k = 0; k < runs[i].count; k++)
            if (runs[i].sent[k].len == len && memcmp(runs[i].sent[k].bytes, bytes, len) == 0)
                runs[i].sent[k].arrived = true;
}

static void take_datagrams(int fd)
{
    uint8_t bytes[2 * EVADE_DATAGRAM];
    struct tool_endpoint from = {.len = sizeof(from.address)};
    ssize_t got;
    while ((got = recvfrom(fd, bytes, sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&from.address,
                           &from.len)) >= 0) {
        if (fd == server_dns && got == 1 && bytes[0] < WAY_COUNT) {
            runs[bytes[0]].seen = from;
            runs[bytes[0]].known = true;
        } else if (fd == server) {
            arrived(bytes, (size_t)got);
        }
        from.len = sizeof(from.address);
    }
}

static void listen_for(uint64_t ms)
{
    struct pollfd polled[] = {{.fd = server, .events = POLLIN}, {.fd = server_dns, .events = POLLIN}};
    uint64_t end = now_ms() + ms;
    for (uint64_t now = now_ms(); now < end; now = now_ms()) {
        if (poll(polled, 2, (int)(end - now)) < 0)
            tool_fail("poll");
        take_datagrams(server);
        take_datagrams(server_dns);
    }
}

static void prime(void)
{
    for (uint8_t i = 0; i < WAY_COUNT; i++) {
        if (sendto(runs[i].fd[0], &i, 1, 0, (const struct sockaddr *)&dns_at.address, dns_at.len) < 0)
            tool_fail("send");
    }
    listen_for(PRIME_MS);
    for (unsigned i = 0; i < WAY_COUNT; i++)
        if (!runs[i].known) {
            fprintf(stderr, "evade: the server was not reached on port 53\n");
            exit(1);
        }
}

static void open_all(char **argv)
{
    enter(argv[1]);
    for (unsigned i = 0; i < WAY_COUNT; i++) {
        runs[i].at = WAYS[i].script;
        runs[i].attempt = evade_attempt(FORBIDDEN, 1, 8);
        runs[i].allowed = evade_attempt(ALLOWED, 1, 8);
        for (unsigned p = 0; p < PORTS_EACH; p++) {
            struct tool_endpoint from = with_port(argv[3], PORTS_EACH * i + p, 0);
            runs[i].fd[p] = tool_socket(&from);
        }
    }
    enter(argv[2]);
    server_at = with_port(argv[4], 0, 0);
    dns_at = with_port(argv[4], 0, 53);
    server = tool_socket(&server_at);
    server_dns = tool_socket(&dns_at);
}

static void play(void)
{
    bool left = true;
    while (left) {
        left = false;
        for (unsigned i = 0; i < WAY_COUNT; i++) {
            go_on(&runs[i], now_ms());
            left |= *runs[i].at != '\0';
        }
        listen_for(1);
    }
    listen_for(LAST_MS);
}

static void print_result(const struct way *way, const struct run *run)
{
    unsigned count = 0;
    uint64_t parts = 0;
    for (unsigned i = 0; i < run->count; i++)
        if (run->sent[i].arrived) {
            count++;
            parts |= run->sent[i].part;
        }
    printf("%s|%s|%u of %u\n", way->name,
           count == 0             ? "none"
           : parts == EVADE_WHOLE ? "whole"
                                  : "part",
           count, run->count);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: evade CLIENT-NAMESPACE SERVER-NAMESPACE CLIENT SERVER\n");
        return 2;
    }
    open_all(argv);
    prime();
    play();
    for (unsigned i = 0; i < WAY_COUNT; i++)
        print_result(&WAYS[i], &runs[i]);
    return 0;
}
