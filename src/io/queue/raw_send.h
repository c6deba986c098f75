/* Raw sockets for ICMP messages to the senders of packets. */
#ifndef QUICWARD_IO_RAW_SEND_H
#define QUICWARD_IO_RAW_SEND_H

#include <quicward/icmp.h>
#include <quicward/io.h>

/* Descriptors, -1 when closed; one that the kernel has no protocol for stays closed. */
struct raw_sender {
    int v4, v6;
};

/* QW_OK, or QW_ERR_SYSTEM with `error` and nothing open. */
enum qw_error raw_sender_open(struct raw_sender *sender, struct io_error *error);
void raw_sender_close(struct raw_sender *sender);

/* Sends `message` without waiting; the kernel adds the IP header and chooses the source. `indev` is the
 * interface that the packet in question came in on: link-local addresses are beyond it. False when the kernel
 * refuses. */
bool raw_sender_send(const struct raw_sender *sender, const struct icmp_message *message, uint32_t indev);

#endif
