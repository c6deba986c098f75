/* A thread that feeds systemd's watchdog for as long as every queue's worker makes progress, and logs a
 * worker that hangs. It is a thread of its own because the main one may wait for a script of kernel rules. */
#ifndef COMMAND_FEEDER_H
#define COMMAND_FEEDER_H

#include <quicward/io.h>

struct feeder;

/* `queues` outlives it; `first` is the number of the first one. The daemon's signals are blocked in the
 * calling thread, and so in this one. NULL with errno when there is no thread to be had. */
struct feeder *feeder_start(struct io_queues *queues, unsigned first);

/* Ends the thread and frees; `feeder` may be NULL. */
void feeder_stop(struct feeder *feeder);

#endif
