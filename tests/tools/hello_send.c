/* hello_send FROM TO NAME PIECES [COUNT [spread]]: client Initials of version 1 with a ClientHello for NAME,
 * as raw packets: FROM may belong to another program or to another host. PIECES are digits, a datagram each:
 * 0 the whole ClientHello, 1 and 2 the halves of a longer one. Datagram n (from 0) with piece p has 1200 + 10
 * p + n bytes. COUNT attempts, each with connection IDs of its own; with "spread" each from the next port. */
#include "sockets.h"

#include <client_hello.h>
#include <packets.h>
#include <quicward/base/addr.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define CID_LEN 8
#define LONG_HELLO 1600
#define HALF 800
#define ATTEMPTS_MAX 10000
#define PIECES_MAX 10
#define SMALLEST 1200 /* RFC 9000 14.1 */

struct aim {
    struct qw_endpoint from;
    enum qw_family family;
    const char *to, *name;
    struct tool_endpoint where;
    int fd;
};

static struct test_cid random_cid(void)
{
    struct test_cid cid = {.len = CID_LEN};
    if (getrandom(cid.bytes, CID_LEN, 0) != CID_LEN)
        tool_fail("getrandom");
    return cid;
}

static size_t crypto(uint8_t *out, size_t size, const char *name, unsigned piece)
{
    uint8_t hello[LONG_HELLO];
    size_t len = test_client_hello(hello, sizeof(hello), name, piece == 0 ? 0 : LONG_HELLO);
    size_t from = piece == 2 ? HALF : 0, to = piece == 1 ? HALF : len;
    return test_crypto_frame(out, size, hello, from, to);
}

static void send_piece(const struct aim *aim, struct test_initial *initial, unsigned piece)
{
    uint8_t frames[LONG_HELLO], datagram[1500], packet[1600];
    char from[QW_ENDPOINT_TEXT_MAX];
    initial->frames = frames;
    initial->frames_len = crypto(frames, sizeof(frames), aim->name, piece);
    initial->pad_to = SMALLEST + 10 * piece + initial->packet_number;
    size_t len = test_seal_initial(initial, datagram, sizeof(datagram));
    qw_endpoint_text(&aim->from, aim->family, from);
    len = test_udp(packet, sizeof(packet), from, aim->to, datagram, len);
    tool_send_packet(aim->fd, &aim->where, packet, len);
    initial->packet_number++;
}

static void attempt(const struct aim *aim, const char *pieces)
{
    struct test_cid dcid = random_cid();
    struct test_initial initial = {
        .version = 1, .key_dcid = dcid, .dcid = dcid, .scid = random_cid(), .pn_len = 1};
    for (const char *p = pieces; *p != '\0'; p++)
        send_piece(aim, &initial, (unsigned)(*p - '0'));
}

int main(int argc, char **argv)
{
    struct aim aim = {0};
    if (argc < 5 || argc > 7 || strspn(argv[4], "012") != strlen(argv[4]) || strlen(argv[4]) > PIECES_MAX ||
        !qw_endpoint_parse(argv[1], &aim.from, &aim.family)) {
        fprintf(stderr, "usage: hello_send FROM TO NAME PIECES [COUNT [spread]]\n");
        return 2;
    }
    unsigned long count = argc > 5 ? tool_number(argv[5], ATTEMPTS_MAX) : 1;
    aim.to = argv[2];
    aim.name = argv[3];
    aim.where = tool_endpoint(argv[2]);
    aim.fd = tool_raw_socket(&aim.where);
    for (unsigned long i = 0; i < count; i++) {
        attempt(&aim, argv[4]);
        if (argc == 7)
            aim.from.port++;
    }
    return 0;
}
