/* bench_connect FIRST AT_ONCE SECONDS: the clients of replayed handshakes, from connection FIRST on
 * and AT_ONCE at a time. Prints the first connection that is left for the next run, how many the server
 * answered and how many not, and the median and the 99th percentile of the nanoseconds between a client's
 * Initial and the answer. */
#include "handshakes.h"
#include "measure.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#define AT_ONCE_MAX 1024
#define PATIENCE 200000000u /* nanoseconds until a connection counts as lost */
#define SAMPLES (1u << 20)  /* the last ones count */
#define CLIENT_PORT 5000

static struct {
    int fd;
    struct handshake *all;
    uint32_t at_once, next; /* all connections from `next` on are unused */
    uint64_t answered, lost;
    struct client {
        uint32_t number;
        uint64_t sent; /* when its Initial went */
    } clients[AT_ONCE_MAX];
    uint32_t samples[SAMPLES]; /* nanoseconds */
} g;

/* Sends `len` bytes of connection `number`. */
static void send_of(uint32_t number, uint8_t *data, size_t len)
{
    union handshake_control control;
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(443),
                             .sin_addr.s_addr = htonl(SERVERS + number / CLIENTS_MAX)};
    struct iovec part = {data, len};
    struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &part, .msg_iovlen = 1};
    handshake_from(&message, &control, CLIENTS + number % CLIENTS_MAX);
    bench_require(sendmsg(g.fd, &message, 0) == (ssize_t)len, "sending");
}

static void begin(struct client *client, uint32_t number)
{
    bench_require(number < CONNECTIONS_MAX, "addresses left");
    g.next = number < g.next ? g.next : number + 1;
    *client = (struct client){number, bench_now()};
    send_of(number, g.all[number % HANDSHAKES].initial, INITIAL_LEN);
}

/* Its client finishes, and the next one begins in its place. */
static void take_answer(uint32_t number)
{
    struct client *client = &g.clients[number % g.at_once];
    if (client->number != number)
        return;
    struct handshake *handshake = &g.all[number % HANDSHAKES];
    g.samples[g.answered++ % SAMPLES] = (uint32_t)(bench_now() - client->sent);
    send_of(number, handshake->finish, handshake->finish_len);
    begin(client, number + g.at_once);
}

/* Which connection an answer is of. False when none came in time. */
static bool receive(uint32_t *number)
{
    static uint8_t in[2048];
    union handshake_control control;
    struct sockaddr_in from;
    struct iovec part = {in, sizeof in};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof from,
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    if (recvmsg(g.fd, &message, 0) <= 0)
        return false;
    *number = (ntohl(from.sin_addr.s_addr) - SERVERS) * CLIENTS_MAX + handshake_to(&message) - CLIENTS;
    return true;
}

static void replace_lost(void)
{
    uint64_t now = bench_now();
    for (uint32_t i = 0; i < g.at_once; i++)
        if (now - g.clients[i].sent > PATIENCE) {
            g.lost++;
            begin(&g.clients[i], g.clients[i].number + g.at_once);
        }
}

static int by_size(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void show(void)
{
    size_t count = g.answered < SAMPLES ? g.answered : SAMPLES;
    bench_require(count > 0, "some answer");
    qsort(g.samples, count, sizeof g.samples[0], by_size);
    printf("%u %lu %lu %u %u\n", g.next, (unsigned long)g.answered, (unsigned long)g.lost,
           g.samples[count / 2], g.samples[count * 99 / 100]);
}

int main(int argc, char **argv)
{
    bench_require(argc == 4, "usage: bench_connect FIRST AT_ONCE SECONDS");
    g.all = handshakes_new();
    g.fd = handshake_socket(CLIENT_PORT);
    g.at_once = (uint32_t)strtoul(argv[2], NULL, 10);
    bench_require(g.at_once > 0 && g.at_once <= AT_ONCE_MAX, "AT_ONCE is 1 to 1024");
    /* Place i is for the numbers that are i modulo AT_ONCE, from a multiple of it on. */
    uint32_t first = ((uint32_t)strtoul(argv[1], NULL, 10) + g.at_once - 1) / g.at_once * g.at_once, number;
    for (uint32_t i = 0; i < g.at_once; i++)
        begin(&g.clients[i], first + i);
    uint64_t start = bench_now(), end = start + strtoul(argv[3], NULL, 10) * 1000000000u;
    for (uint64_t checked = start, now; (now = bench_now()) < end;) {
        if (receive(&number))
            take_answer(number);
        if (now - checked < PATIENCE / 4)
            continue;
        replace_lost();
        checked = now;
    }
    show();
    free(g.all);
    return 0;
}
