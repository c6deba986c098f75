/* Whether the queues' workers make progress: from how often each has gone round its loop, and when. */
#ifndef COMMAND_WATCHDOG_H
#define COMMAND_WATCHDOG_H

#include <quicward/base/time.h>
#include <quicward/config.h>
#include <stdbool.h>
#include <stdint.h>

/* A worker goes round ten times a second at least. One that has not for so long hangs. */
#define WATCHDOG_HANGS_NS (5 * QW_NS_PER_SECOND)

/* Most that one look adds to a worker's silence. A machine that slept, or was stopped as a whole, is looked
 * at once after it: its workers did not hang meanwhile. */
#define WATCHDOG_LOOK_NS (2 * QW_NS_PER_SECOND)

struct watchdog {
    uint64_t interval_ns;  /* within which systemd wants to hear; 0: nobody does */
    struct qw_time told;   /* when it heard last */
    struct qw_time looked; /* the last look */
    uint64_t hanging;      /* a bit for each worker */
    struct watchdog_worker {
        uint64_t told_turns; /* when systemd heard last */
        uint64_t turns;      /* at the last look */
        uint64_t silent_ns;  /* without a turn */
    } workers[CONFIG_WORKERS_MAX];
};

/* What a look found; a bit for each worker. */
struct watchdog_news {
    bool tell;      /* systemd is to hear now that the daemon works */
    uint64_t began; /* workers that hang, and did not at the last look */
    uint64_t ended; /* workers that go on */
};

void watchdog_start(struct watchdog *watchdog, uint64_t interval_ns, struct qw_time now);

/* Compares the turns of `count` workers (at most CONFIG_WORKERS_MAX) with those of earlier looks. To be
 * called every second, or every quarter of the interval if that is less. systemd hears four times an
 * interval, but never of a time in which a worker made no turn. */
struct watchdog_news watchdog_look(struct watchdog *watchdog, const uint64_t *turns, unsigned count,
                                   struct qw_time now);

#endif
