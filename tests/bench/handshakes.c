#include "handshakes.h"
#include "client_hello.h"
#include "measure.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define SERVER_SCID 0x5e
#define SERVER_HELLO 122 /* bytes: a usual one */
#define HANDSHAKE_BITS 2 /* Long Packet Type of a Handshake packet */
#define HEADER 26        /* of a Handshake packet with CIDs of 8 bytes: 1 + 4 + 9 + 9, Length, number */
#define FINISHED 60      /* bytes of the client's Handshake packet behind its header: Finished and a tag */
#define BUFFER (8 << 20)

/* The server's Initial, and what is left of the datagram as a Handshake packet. */
static void answer(uint32_t number, uint8_t *out)
{
    static const uint8_t HELLO[SERVER_HELLO] = {2}; /* ServerHello (RFC 8446 4); nobody reads it */
    uint8_t frames[SERVER_HELLO + 8];
    struct test_initial initial = {.version = 1,
                                   .from_server = true,
                                   .key_dcid = initial_cid(number, INITIAL_DCID),
                                   .dcid = initial_cid(number, INITIAL_SCID),
                                   .scid = initial_cid(number, SERVER_SCID),
                                   .pn_len = 1,
                                   .frames = frames};
    initial.frames_len = test_crypto_frame(frames, sizeof frames, HELLO, 0, sizeof HELLO);
    size_t len = test_seal_initial(&initial, out, INITIAL_LEN);
    len += test_long_header(out + len, INITIAL_LEN - len, 1, HANDSHAKE_BITS, &initial.dcid, &initial.scid,
                            INITIAL_LEN - len - HEADER);
    bench_require(len <= INITIAL_LEN, "the size of the server's answer");
}

struct handshake *handshakes_new(void)
{
    struct handshake *all = calloc(HANDSHAKES, sizeof *all);
    bench_require(all != NULL, "memory for the handshakes");
    for (uint32_t i = 0; i < HANDSHAKES; i++) {
        struct test_cid client = initial_cid(i, INITIAL_SCID), server = initial_cid(i, SERVER_SCID);
        initial_datagram(i, all[i].initial);
        answer(i, all[i].answer);
        all[i].finish_len =
            test_long_header(all[i].finish, FINISH_MAX, 1, HANDSHAKE_BITS, &server, &client, FINISHED);
    }
    return all;
}

int handshake_socket(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0), one = 1, size = BUFFER;
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval patience = {0, 10000};
    bench_require(fd >= 0 && bind(fd, (const struct sockaddr *)&any, sizeof any) == 0, "a UDP socket");
    bench_require(setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof one) == 0, "IP_PKTINFO");
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

uint32_t handshake_to(struct msghdr *message)
{
    struct in_pktinfo info;
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    if (!header || header->cmsg_level != IPPROTO_IP || header->cmsg_type != IP_PKTINFO)
        return 0;
    memcpy(&info, CMSG_DATA(header), sizeof info);
    return ntohl(info.ipi_addr.s_addr);
}

void handshake_from(struct msghdr *message, union handshake_control *control, uint32_t address)
{
    struct in_pktinfo source = {.ipi_spec_dst.s_addr = htonl(address)};
    control->header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof source), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
    memcpy(CMSG_DATA(&control->header), &source, sizeof source);
    message->msg_control = control;
    message->msg_controllen = sizeof *control;
}
