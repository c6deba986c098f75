#include "fail.h"
#include "interfaces.h"
#include "queue_worker.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct io_queues {
    struct config config; /* a copy: workers read it for as long as they run */
    struct queue_stop stop;
    unsigned started; /* workers that must be ended */
    struct queue_worker workers[];
};

static enum qw_error check_interfaces(const struct config *config, struct io_error *error)
{
    const char *inside = interfaces_missing(&config->inside), *outside = interfaces_missing(&config->outside);
    if (inside || outside)
        return io_fail(error, QW_ERR_NOT_FOUND, "there is no interface \"%s\" (%s)",
                       inside ? inside : outside, inside ? "inside" : "outside");
    return QW_OK;
}

static struct io_queues *queues_new(const struct config *config)
{
    struct io_queues *queues = calloc(1, sizeof(*queues) + config->workers * sizeof(queues->workers[0]));
    if (!queues)
        return NULL;
    queues->config = *config;
    queues->stop.fd = -1;
    return queues;
}

static enum qw_error start_workers(struct io_queues *queues, struct engine *engine, struct io_error *error)
{
    enum qw_error status = QW_OK;
    queues->stop.fd = eventfd(0, EFD_CLOEXEC);
    if (queues->stop.fd < 0)
        return io_fail(error, QW_ERR_SYSTEM, "eventfd: %s", strerror(errno));
    while (status == QW_OK && queues->started < queues->config.workers) {
        unsigned next = queues->started++;
        status = queue_worker_start(&queues->workers[next], (uint16_t)(queues->config.queue_first + next),
                                    engine, &queues->config, &queues->stop, error);
    }
    return status;
}

enum qw_error io_queues_start(struct engine *engine, const struct config *config, struct io_queues **out,
                              struct io_error *error)
{
    *out = NULL;
    enum qw_error status = check_interfaces(config, error);
    if (status != QW_OK)
        return status;
    struct io_queues *queues = queues_new(config);
    if (!queues)
        return io_fail(error, QW_ERR_NO_MEMORY, "no memory for the queues");
    status = start_workers(queues, engine, error);
    if (status != QW_OK) {
        io_queues_stop(queues);
        return status;
    }
    *out = queues;
    return QW_OK;
}

void io_queues_stop(struct io_queues *queues)
{
    if (!queues)
        return;
    atomic_store(&queues->stop.asked, true);
    if (queues->stop.fd >= 0)
        eventfd_write(queues->stop.fd, 1);
    for (unsigned i = 0; i < queues->started; i++)
        queue_worker_end(&queues->workers[i]);
    if (queues->stop.fd >= 0)
        close(queues->stop.fd);
    free(queues);
}

unsigned io_queues_stats(struct io_queues *queues, struct io_queue_stats *out, unsigned max)
{
    unsigned count = queues->started < max ? queues->started : max;
    for (unsigned i = 0; i < count; i++)
        queue_worker_stats(&queues->workers[i], &out[i]);
    return count;
}
