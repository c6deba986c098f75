/* /proc/net/netfilter/nfnetlink_queue: what the kernel says of its queues. */
#ifndef QUICWARD_IO_QUEUE_STATS_H
#define QUICWARD_IO_QUEUE_STATS_H

#include <stdbool.h>
#include <stdint.h>

/* One line: one queue that somebody bound. */
struct queue_line {
    uint16_t number;
    uint32_t portid;                      /* netlink address of the socket that holds it */
    uint32_t waiting;                     /* packets in it now */
    uint32_t queue_dropped, user_dropped; /* since it was bound; 32 bits, and they wrap */
    uint32_t last_id;                     /* number of the last packet, the first being 1; likewise */
};

/* Reads one line of that file; false when it is none. */
bool queue_stats_parse(const char *line, struct queue_line *out);

/* Looks for queue `number`; false when nobody holds it. */
bool queue_stats_find(uint16_t number, struct queue_line *out);

/* The same without allocated memory, for a process that must not take any: looks at the first 16 KiB of the
 * file, which is some 200 queues. */
bool queue_line_read(uint16_t number, struct queue_line *out);

/* A 64-bit counter that follows one of 32 bits, which wraps and starts from 0 when the queue is bound
 * again. */
struct queue_counter {
    uint64_t total;
    uint32_t last;
};

void queue_counter_follow(struct queue_counter *counter, uint32_t now);
void queue_counter_restart(struct queue_counter *counter);

#endif
