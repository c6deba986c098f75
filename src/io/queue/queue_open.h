/* The open state: how a bound queue is made to let packets pass instead of keeping or dropping them. */
#ifndef QUICWARD_IO_QUEUE_OPEN_H
#define QUICWARD_IO_QUEUE_OPEN_H

#include <stdbool.h>
#include <stdint.h>

/* Most packets that may wait where those beyond it pass: the socket's memory is the limit then, for packets
 * that it has no room for still take a number, and so can be counted. */
#define QUEUE_OPEN_LENGTH UINT32_MAX

/* From now on every new packet passes at once. The queue must be one that fails open. */
void queue_shut(int fd, uint16_t number);

/* Accepts all packets that wait in the queue, up to the one of number `id`. */
void queue_accept_until(int fd, uint16_t number, uint32_t id);

/* Has the kernel let go of the queue, whoever else has a copy of the socket. */
void queue_unbind(int fd, uint16_t number);

#endif
