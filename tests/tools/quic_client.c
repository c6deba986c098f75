/* quic_client FROM TO [initial]: plays the client's half of a v1 handshake as a middlebox sees it: an
 * Initial, then, a second later or when an answer came, a Handshake packet and short headers. With "initial"
 * it stops after the first step. Says whether an answer came; status 0 either way. */
#include "sockets.h"
#include "wire.h"

#include <stdio.h>
#include <string.h>

#define VERSION_1 1
#define HANDSHAKE_BITS 2 /* RFC 9000 17.2 */
#define HANDSHAKE_BODY 100
#define ANSWER_MS 1000

static void transmit(int fd, const uint8_t *datagram, size_t len)
{
    if (send(fd, datagram, len, 0) < 0)
        tool_fail("send");
}

/* The server's connection ID from its answer; the one that the client made up when there is none. */
static struct test_cid answer(int fd, struct test_cid made_up)
{
    uint8_t datagram[2048];
    struct test_cid dcid, scid;
    ssize_t got = tool_wait(fd, ANSWER_MS) ? recv(fd, datagram, sizeof(datagram), 0) : -1;
    bool answered = got >= 0 && wire_read(datagram, (size_t)got, &dcid, &scid);
    puts(answered ? "answered" : "no answer");
    return answered ? scid : made_up;
}

static void go_on(int fd, const struct test_cid *server, const struct test_cid *own)
{
    uint8_t datagram[WIRE_DATAGRAM];
    size_t len =
        test_long_header(datagram, sizeof(datagram), VERSION_1, HANDSHAKE_BITS, server, own, HANDSHAKE_BODY);
    transmit(fd, datagram, len);
    for (int i = 0; i < 3; i++)
        transmit(fd, datagram, wire_short(datagram, server));
}

int main(int argc, char **argv)
{
    uint8_t datagram[WIRE_DATAGRAM];
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: quic_client FROM TO [initial]\n");
        return 2;
    }
    struct tool_endpoint from = tool_endpoint(argv[1]), to = tool_endpoint(argv[2]);
    struct test_cid made_up = wire_cid(0xd1), own = wire_cid(0xc1);
    int fd = tool_socket(&from);
    tool_connect(fd, &to);
    transmit(fd, datagram, wire_initial(datagram, false, &made_up, &made_up, &own));
    struct test_cid server = answer(fd, made_up);
    if (argc == 3)
        go_on(fd, &server, &own);
    return 0;
}
