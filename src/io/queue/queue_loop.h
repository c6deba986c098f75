/* What a worker's thread runs. */
#ifndef QUICWARD_IO_QUEUE_LOOP_H
#define QUICWARD_IO_QUEUE_LOOP_H

#include "queue_worker.h"

/* How long a worker without packets may sleep when the engine must be called by `deadline`: in whole ms, not
 * ending before it. */
int queue_sleep_ms(struct qw_time now, struct qw_time deadline);

/* Handles packets until `worker->stop` is asked, then what still waits in the queue,
 * and decides what is held. */
void queue_loop(struct queue_worker *worker);

#endif
