/* What a worker's thread runs. */
#ifndef QUICWARD_IO_QUEUE_LOOP_H
#define QUICWARD_IO_QUEUE_LOOP_H

#include "queue_worker.h"

/* Handles packets until `worker->stop` is asked, then what still waits in the queue. */
void queue_loop(struct queue_worker *worker);

#endif
