/* A process beside the daemon for configurations in which packets pass while the daemon cannot judge them: it
 * holds copies of the queues' sockets, and accepts what waits there when a worker hangs or the daemon is
 * killed. A thread would be stopped together with the daemon. */
#ifndef QUICWARD_IO_STAND_IN_H
#define QUICWARD_IO_STAND_IN_H

#include <quicward/config.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct stand_in_beat {
    _Alignas(64) atomic_uint_fast32_t count; /* of the worker's turns; a cache line for each worker */
};

struct stand_in {
    pid_t pid;
    int channel;                 /* tells the process which sockets there are; its end ends the process */
    struct stand_in_beat *beats; /* CONFIG_WORKERS_MAX of them, in memory that both processes see */
};

/* Below `stand_in` is NULL where there is none. */

/* Has it watch the socket `fd`, to which queue `number` is bound, for the worker of that `index`. */
void stand_in_give(const struct stand_in *stand_in, unsigned index, uint16_t number, int fd);

/* Has it close its copy of that socket. */
void stand_in_take_back(const struct stand_in *stand_in, unsigned index);

/* The worker makes its next turn. A worker makes one each 100 ms at least. */
static inline void stand_in_beat(const struct stand_in *stand_in, unsigned index)
{
    if (stand_in)
        atomic_fetch_add_explicit(&stand_in->beats[index].count, 1, memory_order_relaxed);
}

#endif
