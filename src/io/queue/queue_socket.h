/* One netlink socket bound to one netfilter queue. */
#ifndef QUICWARD_IO_QUEUE_SOCKET_H
#define QUICWARD_IO_QUEUE_SOCKET_H

#include <quicward/io.h>

struct mnl_socket;

struct queue_socket {
    struct mnl_socket *nl; /* NULL: closed */
    int fd;
    uint32_t portid; /* the socket's netlink address: how /proc names the queue's owner */
};

/* Opens a socket and binds queue `number` with the length and copy range of `config`. From the return on
 * packets arrive. QW_OK, or QW_ERR_SYSTEM with `error` and nothing open. */
enum qw_error queue_socket_open(struct queue_socket *queue, uint16_t number, const struct config *config,
                                struct io_error *error);

/* Goes on with a socket that an earlier process bound to the queue: `fd` is the queue's from now on, also
 * after a failure. QW_OK, or QW_ERR_SYSTEM with `error` and nothing open. */
enum qw_error queue_socket_take(struct queue_socket *queue, int fd, uint16_t number,
                                const struct config *config, struct io_error *error);

/* Unbinds: the kernel drops what waits in the queue. */
void queue_socket_close(struct queue_socket *queue);

/* Bytes of a packet that are copied: all of it in mode nat, where the whole packet goes back. */
uint32_t queue_copy_range(const struct config *config);

/* More packets are never in one queue at a time. */
uint64_t queue_longest(const struct config *config);

/* Bytes that one message may need. */
size_t queue_message_size(const struct config *config);

#endif
