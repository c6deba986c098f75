/* QUIC handshakes to replay, sealed before the clock runs: what a client and a server send until a middlebox
 * has seen both of them hold on to the connection (RFC 9312 2.4). */
#ifndef BENCH_HANDSHAKES_H
#define BENCH_HANDSHAKES_H

#include "initials.h"
#include <netinet/in.h>
#include <sys/socket.h>

#define HANDSHAKES 4096u /* then they repeat, from other addresses */
#define FINISH_MAX 128

struct handshake {
    uint8_t initial[INITIAL_LEN]; /* the client's, with its ClientHello */
    uint8_t answer[INITIAL_LEN];  /* the server's Initial, a Handshake packet behind it */
    uint8_t finish[FINISH_MAX];   /* the client's Handshake packet */
    size_t finish_len;
};

/* HANDSHAKES of them, owned by the caller, free(). */
struct handshake *handshakes_new(void);

/* Long Packet Type of v1 (RFC 9000 17.2): what a server tells the client's two datagrams apart by. */
#define TYPE_BITS 0x30
#define TYPE_INITIAL 0x00
#define TYPE_HANDSHAKE 0x20

/* Where a client's packets name the handshake: the first bytes of their DCID, which is the server's to choose
 * and here says the same in all (RFC 8999 5.1). */
#define DCID_AT 6

/* Every connection is a flow of its own: connection n is of client 10.64.0.0 + n mod CLIENTS_MAX, to server
 * 10.128.0.0 + n / CLIENTS_MAX, so that a NAT has ports for all of them. */
#define CLIENTS 0x0a400000u
#define CLIENTS_MAX 1024u
#define SERVERS 0x0a800000u
#define SERVERS_MAX 65536u
#define CONNECTIONS_MAX (CLIENTS_MAX * SERVERS_MAX)

/* A UDP socket at `port` that receives for every address and says which (IP_PKTINFO). */
int handshake_socket(uint16_t port);

/* Room for one IP_PKTINFO, aligned for its header. */
union handshake_control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

/* The address in host order that a message was sent to; 0 without. */
uint32_t handshake_to(struct msghdr *message);

/* Makes `message` leave with `address` (host order) as its source. */
void handshake_from(struct msghdr *message, union handshake_control *control, uint32_t address);

#endif
