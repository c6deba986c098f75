/* flood_send TO FROM SOURCES RATE SECONDS [initial|text [PAYLOAD]]: datagrams in the names of others, as many
 * a second as RATE says or as the core can (0). TO is "198.51.100.7:8443"; FROM is the first source address,
 * SOURCES how many there are from it on, in an order that jumps; each has ports of its own. "initial":
 * Initials of 1,200 bytes that open and hold a whole ClientHello, "text": PAYLOAD. Prints what it sent. */
#include "client_hello.h"
#include "packets.h"
#include "seal.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64
#define PACKET_MAX 1500
#define DATAGRAM 1200 /* RFC 9000 14.1 */
/* Seconds: what a busy machine kept the program from sending for longer is not made up for by a burst. */
#define LATE_MAX 0.002
#define ODD 2654435761u

static struct {
    uint8_t packet[BATCH][PACKET_MAX];
    size_t len;
    bool v6;
    uint32_t first, sources; /* the last 32 bits of the addresses */
    struct mmsghdr messages[BATCH];
    struct iovec pieces[BATCH];
    struct sockaddr_storage to;
} flood;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "flood_send: %s: %s\n", what, strerror(errno));
    exit(2);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t make_initial(uint8_t *out)
{
    uint8_t hello[512], frames[600];
    const struct test_cid cid = {.len = 8, .bytes = "forged!"};
    struct test_initial initial = {.version = 1,
                                   .key_dcid = cid,
                                   .dcid = cid,
                                   .scid = cid,
                                   .pn_len = 1,
                                   .frames = frames,
                                   .pad_to = DATAGRAM};
    size_t len = test_client_hello(hello, sizeof(hello), "forged.test", 300);
    initial.frames_len = test_crypto_frame(frames, sizeof(frames), hello, 0, len);
    return test_seal_initial(&initial, out, DATAGRAM);
}

static void make_packets(const char *to, const char *from, const uint8_t *payload, size_t len)
{
    char source[64];
    snprintf(source, sizeof(source), flood.v6 ? "[%s]:0" : "%s:0", from);
    for (unsigned i = 0; i < BATCH; i++) {
        flood.len = test_udp(flood.packet[i], PACKET_MAX, source, to, payload, len);
        flood.pieces[i] = (struct iovec){flood.packet[i], flood.len};
        flood.messages[i].msg_hdr = (struct msghdr){.msg_name = &flood.to,
                                                    .msg_namelen = sizeof(flood.to),
                                                    .msg_iov = &flood.pieces[i],
                                                    .msg_iovlen = 1};
    }
    memcpy(&flood.first, flood.packet[0] + (flood.v6 ? 20 : 12), 4);
    flood.first = ntohl(flood.first);
}

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* RFC 1624: the checksum follows what it covers. */
static void change16(uint8_t *packet, size_t at, uint16_t value)
{
    uint8_t *sum = packet + (flood.v6 ? 40 : 20) + 6;
    uint32_t total = (uint16_t)~get16(sum) + (uint32_t)(uint16_t)~get16(packet + at) + value;
    total = (total & 0xffff) + (total >> 16);
    put16(sum, (uint16_t) ~((total & 0xffff) + (total >> 16)));
    put16(packet + at, value);
}

static void name_sender(uint8_t *packet, uint64_t number)
{
    uint32_t source = flood.first + (uint32_t)(number * ODD % flood.sources);
    size_t address = flood.v6 ? 20 : 12, port = flood.v6 ? 40 : 20;
    change16(packet, address, (uint16_t)(source >> 16));
    change16(packet, address + 2, (uint16_t)source);
    change16(packet, port, (uint16_t)(1024 + number / flood.sources % 60000));
}

static int open_raw(void)
{
    int on = 1, room = 8 << 20;
    int fd = socket(flood.v6 ? AF_INET6 : AF_INET, SOCK_RAW, IPPROTO_RAW);
    if (fd < 0 || (flood.v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_HDRINCL, &on, sizeof(on)) != 0))
        fail("a raw socket");
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
    return fd;
}

static void send_flood(double rate, double seconds)
{
    int fd = open_raw();
    uint64_t sent = 0;
    double began = seconds_now(), now = began, next = began;
    for (; now - began < seconds; now = seconds_now()) {
        if (now < next) {
            nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
            continue;
        }
        next = (next < now - LATE_MAX ? now : next) + (rate > 0 ? BATCH / rate : 0);
        for (unsigned i = 0; i < BATCH; i++)
            name_sender(flood.packet[i], sent + i);
        sent += BATCH;
        if (sendmmsg(fd, flood.messages, BATCH, 0) < 0 && errno != ENOBUFS && errno != EPERM)
            fail("sendmmsg");
    }
    printf("sent %llu in %.1f s\n", (unsigned long long)sent, now - began);
}

static void aim(const char *to)
{
    char address[64];
    struct sockaddr_in *v4 = (struct sockaddr_in *)&flood.to;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&flood.to;
    flood.v6 = to[0] == '[';
    snprintf(address, sizeof(address), "%s", to + flood.v6);
    address[strcspn(address, flood.v6 ? "]" : ":")] = '\0';
    flood.to.ss_family = flood.v6 ? AF_INET6 : AF_INET;
    if (inet_pton(flood.to.ss_family, address, flood.v6 ? (void *)&v6->sin6_addr : (void *)&v4->sin_addr) !=
        1)
        fail(to);
}

int main(int argc, char **argv)
{
    uint8_t initial[DATAGRAM];
    if (argc < 6 || argc > 8) {
        fprintf(stderr, "usage: flood_send TO FROM SOURCES RATE SECONDS [initial|text [PAYLOAD]]\n");
        return 2;
    }
    aim(argv[1]);
    flood.sources = (uint32_t)strtoul(argv[3], NULL, 10);
    if (flood.sources == 0)
        fail("SOURCES is at least 1");
    if (argc > 6 && strcmp(argv[6], "initial") == 0)
        make_packets(argv[1], argv[2], initial, make_initial(initial));
    else {
        const char *text = argc > 7 ? argv[7] : "in the name of another";
        make_packets(argv[1], argv[2], (const uint8_t *)text, strlen(text));
    }
    send_flood(strtod(argv[4], NULL), strtod(argv[5], NULL));
    return 0;
}
