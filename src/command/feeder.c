#include "feeder.h"
#include "ready.h"
#include "watchdog.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <quicward/base/log.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define LOOK_MS 1000
#define LOOK_MIN_MS 10

struct feeder {
    struct io_queues *queues;
    unsigned first;
    struct watchdog watchdog;
    int stop; /* an eventfd */
    pthread_t thread;
};

static void log_workers(const struct feeder *feeder, uint64_t workers, enum qw_log_level level,
                        const char *what)
{
    for (unsigned i = 0; workers >> i; i++)
        if (workers >> i & 1)
            qw_log(level, "queue %u: its worker %s", feeder->first + i, what);
}

static void look(struct feeder *feeder)
{
    uint64_t turns[CONFIG_WORKERS_MAX];
    unsigned count = io_queues_turns(feeder->queues, turns);
    struct watchdog_news news = watchdog_look(&feeder->watchdog, turns, count, io_now());
    log_workers(feeder, news.began, QW_LOG_ERROR,
                feeder->watchdog.interval_ns ? "hangs; systemd ends the daemon if that goes on" : "hangs");
    log_workers(feeder, news.ended, QW_LOG_WARNING, "goes on");
    if (news.tell)
        ready_alive();
}

static int look_ms(const struct feeder *feeder)
{
    uint64_t ms = feeder->watchdog.interval_ns / 4 / QW_NS_PER_MS;
    if (ms == 0 || ms > LOOK_MS)
        return LOOK_MS;
    return ms < LOOK_MIN_MS ? LOOK_MIN_MS : (int)ms;
}

static void *run(void *argument)
{
    struct feeder *feeder = argument;
    struct pollfd stop = {.fd = feeder->stop, .events = POLLIN};
    pthread_setname_np(pthread_self(), "qw-watchdog");
    while (poll(&stop, 1, look_ms(feeder)) <= 0)
        look(feeder);
    return NULL;
}

struct feeder *feeder_start(struct io_queues *queues, unsigned first)
{
    struct feeder *feeder = calloc(1, sizeof(*feeder));
    int stop = eventfd(0, EFD_CLOEXEC), problem = errno;
    if (feeder && stop >= 0) {
        feeder->queues = queues;
        feeder->first = first;
        feeder->stop = stop;
        watchdog_start(&feeder->watchdog, ready_watchdog_ns(), io_now());
        problem = pthread_create(&feeder->thread, NULL, run, feeder);
        if (problem == 0)
            return feeder;
    }
    if (stop >= 0)
        close(stop);
    free(feeder);
    errno = problem;
    return NULL;
}

void feeder_stop(struct feeder *feeder)
{
    if (!feeder)
        return;
    eventfd_write(feeder->stop, 1);
    pthread_join(feeder->thread, NULL);
    close(feeder->stop);
    free(feeder);
}
