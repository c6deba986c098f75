/* Packets to the engine, its verdicts to the kernel. */
#ifndef QUICWARD_IO_QUEUE_JUDGE_H
#define QUICWARD_IO_QUEUE_JUDGE_H

#include "queue_worker.h"

/* Judges the `count` messages that were received. Sets worker->lost when the queue is not, or may not be,
 * ours any more. Returns how many packets they were; all verdicts are sent. */
unsigned queue_judge(struct queue_worker *worker, unsigned count, struct qw_time now);

/* What the engine does between batches, see engine_tick. */
unsigned queue_tick(struct queue_worker *worker, struct qw_time now, unsigned budget);

/* Has the engine decide all that it holds, as if time had passed. The worker's clock cannot go on after this.
 */
void queue_decide_held(struct queue_worker *worker, struct qw_time now);

#endif
