/* fragment_send FROM TO BYTES ORDER: sends one UDP over IPv4 datagram with BYTES dots in raw fragments of up
 * to 1000 bytes of data, in the order of the digits: "210" sends the third one first. A digit may be missing
 * or stand twice. FROM may belong to another program or to another host. */
#include "sockets.h"

#include <packets.h>
#include <quicward/base/checksum.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define HEADER 20
#define PIECE 1000 /* a multiple of 8 (RFC 791 3.1) */
#define DATAGRAM_MAX 9000
#define MORE 0x2000

static uint8_t packet[DATAGRAM_MAX + 100], fragment[HEADER + PIECE];
static uint16_t identification;

static void set_u16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* Writes piece `index` of the packet of `len` bytes; returns its length, 0 when there is none. */
static size_t cut(size_t len, size_t index)
{
    size_t start = HEADER + index * PIECE, size = PIECE;
    if (start >= len)
        return 0;
    if (len - start < size)
        size = len - start;
    memcpy(fragment, packet, HEADER);
    memcpy(fragment + HEADER, packet + start, size);
    set_u16(fragment + 2, HEADER + size);
    set_u16(fragment + 4, identification);
    set_u16(fragment + 6, (start + size < len ? MORE : 0) | index * PIECE / 8);
    set_u16(fragment + 10, 0);
    set_u16(fragment + 10, qw_checksum_finish(qw_checksum_add(0, fragment, HEADER)));
    return HEADER + size;
}

int main(int argc, char **argv)
{
    static char payload[DATAGRAM_MAX];
    if (argc != 5 || strspn(argv[4], "0123456789") != strlen(argv[4])) {
        fprintf(stderr, "usage: fragment_send FROM TO BYTES ORDER\n");
        return 2;
    }
    struct tool_endpoint to = tool_endpoint(argv[2]);
    memset(payload, '.', sizeof(payload));
    size_t len =
        test_udp(packet, sizeof(packet), argv[1], argv[2], payload, tool_number(argv[3], DATAGRAM_MAX));
    /* 0 would be replaced by the kernel. */
    if (getrandom(&identification, sizeof(identification), 0) != sizeof(identification))
        tool_fail("getrandom");
    identification |= 1;
    int fd = tool_raw_socket(&to);
    for (const char *digit = argv[4]; *digit != '\0'; digit++) {
        size_t size = cut(len, (size_t)(*digit - '0'));
        if (size > 0)
            tool_send_packet(fd, &to, fragment, size);
    }
    return 0;
}
