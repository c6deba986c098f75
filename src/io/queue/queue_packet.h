/* A message of the queue, as the engine wants to be told of a packet. */
#ifndef QUICWARD_IO_QUEUE_PACKET_H
#define QUICWARD_IO_QUEUE_PACKET_H

#include "packet_message.h"
#include "queue_worker.h"

/* What engine_expect wants to be told of it: as much as says which flow it is of. */
void queue_packet_ahead(struct queue_worker *worker, const struct packet_message *message,
                        struct engine_packet *out);

/* Whether it comes from inside. */
bool queue_packet_inside(struct queue_worker *worker, const struct packet_message *message);

/* Is it asked only whose it is? It comes again then, when it is routed. */
bool queue_packet_looks(struct queue_worker *worker, const struct packet_message *message);

/* The mark that the kernel gives it, with that of the engine's verdict. */
uint32_t queue_packet_mark(const struct packet_message *message, uint32_t mark);

/* *out borrows from `message`, the worker's interfaces and its configuration, until the worker's next packet.
 */
void queue_packet(struct queue_worker *worker, const struct packet_message *message,
                  struct engine_packet *out);

#endif
