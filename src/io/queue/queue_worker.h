/* The thread of one queue: takes a batch, has the engine judge it, sends the verdicts. */
#ifndef QUICWARD_IO_QUEUE_WORKER_H
#define QUICWARD_IO_QUEUE_WORKER_H

#include "fast_path.h"
#include "interface_cache.h"
#include "lanes.h"
#include "packet_message.h"
#include "queue_socket.h"
#include "queue_stats.h"
#include "raw_send.h"
#include "stand_in.h"
#include "verdicts.h"
#include <pthread.h>
#include <quicward/io.h>
#include <stdatomic.h>
#include <sys/socket.h>

#define QUEUE_BATCH 64 /* packets received at once */

/* How all workers are told to end. */
struct queue_stop {
    atomic_bool asked;
    atomic_bool handing_over; /* set before `asked`: what waits is for the next process */
    int fd; /* an eventfd that is readable once asked is set: ends the sleep of an idle worker */
};

struct queue_worker {
    /* Set before the thread starts, constant then. */
    uint16_t number;
    unsigned index; /* among the workers */
    const struct config *config;
    const struct stand_in *stand_in; /* NULL where packets must not pass unseen */
    const atomic_uint *links;        /* counts changes of interfaces */
    struct queue_stop *stop;
    struct fast_path *fast_path;
    struct io_handed *handed; /* the socket of the daemon before; NULL: the queue is bound anew */
    struct engine_worker *engine;
    struct engine *events; /* the engine that is told what happens to the queue */
    char *buffer;          /* for QUEUE_BATCH messages, with room behind each as verdicts need it */
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
    struct stash stash; /* closed but in mode nat */
    struct lanes lanes;
    bool lost;                 /* the queue is no longer ours: to be closed and bound again */
    uint32_t last_id;          /* number of the last packet seen, since the queue was bound */
    bool complained;           /* it was said that binding again fails */
    struct qw_time checked;    /* when the queue was last seen to be ours */
    struct qw_time bind_tried; /* when it was last bound again */
    struct qw_time told;       /* when it was last said that packets passed unseen */
    uint64_t told_unseen;      /* how many had by then */
    struct told_newcomers {
        struct qw_time time; /* when it was last told that newcomers were dropped */
        uint64_t count;      /* how many had been by then */
        bool logged;         /* since the last second without any */
    } newcomers;

    /* For the reports of other threads. */
    atomic_uint_fast64_t counts[QW_QUEUE_COUNTERS_END]; /* but those that only the kernel knows */
    atomic_uint_fast32_t seen_id;                       /* last_id */
    atomic_uint_fast64_t turns;                         /* of its loop */
    pthread_mutex_t lock;                               /* guards the three below */
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

/* Likewise, but the queue stays bound: its socket is out->fd, the caller's. False when there was none. */
bool queue_worker_release(struct queue_worker *worker, struct io_handed *out);

/* The thread's: adds to one of its counters. */
static inline void queue_count(struct queue_worker *worker, enum qw_queue_counter counter, uint64_t more)
{
    atomic_fetch_add_explicit(&worker->counts[counter], more, memory_order_relaxed);
}

/* The thread's: it goes round its loop once more. Nobody else writes the number, so no lock of the bus is
 * needed.
 */
static inline void queue_turn(struct queue_worker *worker)
{
    uint_fast64_t turns = atomic_load_explicit(&worker->turns, memory_order_relaxed);
    atomic_store_explicit(&worker->turns, turns + 1, memory_order_relaxed);
}

/* Any thread. */
void queue_worker_stats(struct queue_worker *worker, struct io_queue_stats *out);

#endif
