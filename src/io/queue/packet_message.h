/* One message from the kernel's queue, read. */
#ifndef QUICWARD_IO_PACKET_MESSAGE_H
#define QUICWARD_IO_PACKET_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room a message needs beside the bytes of the packet: its headers and every attribute that the kernel adds
 * unasked (packet header, interfaces, mark, hardware address, VLAN and MAC header, lengths, time) come to
 * under 300. */
#define PACKET_MESSAGE_OVERHEAD 512

enum packet_message_kind {
    PACKET_MESSAGE_PACKET,
    PACKET_MESSAGE_ERROR, /* the kernel refused something that was sent: `error` */
    PACKET_MESSAGE_OTHER
};

struct packet_message {
    enum packet_message_kind kind;
    int error;       /* errno value; 0: an acknowledgement */
    uint32_t id;     /* to be named in the verdict */
    uint32_t indev;  /* index of the interface the packet came in on; 0 unknown */
    uint32_t outdev; /* likewise of the one it goes out of */
    uint32_t mark;   /* that rules gave it; 0 without one */
    uint8_t hook;    /* where the packet was taken: enum nf_inet_hooks */
    uint8_t *data;   /* from the IP header on, borrowed; NULL when nothing was copied */
    size_t before;   /* bytes of the message in front of `data` */
    size_t captured;
    uint32_t wire_len; /* >= captured */
};

/* Reads the one netlink message in `buffer` (aligned for netlink, `len` bytes received). */
void packet_message_read(void *buffer, size_t len, struct packet_message *out);

#endif
