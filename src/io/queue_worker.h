/* The thread of one queue: takes a batch, has the engine judge it, sends the verdicts. */
#ifndef QUICWARD_IO_QUEUE_WORKER_H
#define QUICWARD_IO_QUEUE_WORKER_H

#include "interfaces.h"
#include "packet_message.h"
#include "queue_socket.h"
#include "queue_stats.h"
#include "raw_send.h"
#include "verdicts.h"
#include <pthread.h>
#include <quicward/io.h>
#include <stdatomic.h>
#include <sys/socket.h>

#define QUEUE_BATCH 64 /* packets received at once */

/* How all workers are told to end. */
struct queue_stop {
    atomic_bool asked;
    int fd; /* an eventfd that is readable once asked is set: ends the sleep of an idle worker */
};

struct queue_worker {
    /* Set before the thread starts, constant then. */
    uint16_t number;
    const struct config *config;
    struct queue_stop *stop;
    struct engine_worker *engine;
    char *buffer; /* for QUEUE_BATCH messages, with room behind each as verdicts need it */
    struct mmsghdr messages[QUEUE_BATCH];
    struct iovec pieces[QUEUE_BATCH];
    struct packet_message batch[QUEUE_BATCH]; /* that are packets */
    bool running;
    pthread_t thread;

    /* The thread's own. */
    struct queue_socket socket;
    struct raw_sender replies;
    struct interfaces incoming, outgoing;
    struct verdicts verdicts;
    struct stash stash;        /* closed but in mode nat */
    bool lost;                 /* the queue is no longer ours: to be closed and bound again */
    bool complained;           /* it was said that binding again fails */
    struct qw_time checked;    /* when the queue was last seen to be ours */
    struct qw_time bind_tried; /* when it was last bound again */

    /* For the reports of other threads. */
    atomic_uint_fast64_t packets, overruns, rebinds, replies_failed;
    pthread_mutex_t lock; /* guards the three below */
    uint32_t portid;
    struct queue_counter queue_dropped, user_dropped;
};

/* Binds the queue and starts the thread. `worker` must be zero; everything is borrowed. QW_OK, or the error
 * of io_queues_start; call queue_worker_end in either case. */
enum qw_error queue_worker_start(struct queue_worker *worker, uint16_t number, struct engine *engine,
                                 const struct config *config, struct queue_stop *stop,
                                 struct io_error *error);

/* Waits for the thread, which must have been told to stop, and frees what the worker owns. */
void queue_worker_end(struct queue_worker *worker);

/* Any thread. */
void queue_worker_stats(struct queue_worker *worker, struct io_queue_stats *out);

#endif
