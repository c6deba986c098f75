#include "fail.h"
#include "interface_news.h"
#include "queue_worker.h"
#include "setup_watch.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct io_queues {
    struct setup_watch *setup; /* NULL: not started */
    struct interface_news links;
    const struct stand_in *stand_in;
    struct fast_path fast_path;
    struct config config; /* a copy: workers read it for as long as they run */
    struct queue_stop stop;
    unsigned started; /* workers that must be ended */
    struct queue_worker workers[];
};

static struct io_queues *queues_new(const struct config *config)
{
    struct io_queues *queues = calloc(1, sizeof(*queues) + config->workers * sizeof(queues->workers[0]));
    if (!queues)
        return NULL;
    queues->config = *config;
    queues->stop.fd = -1;
    return queues;
}

static struct io_handed *find_handed(struct io_handover *handed, uint16_t number)
{
    for (unsigned i = 0; handed && i < handed->count; i++)
        if (handed->queues[i].number == number && handed->queues[i].fd >= 0)
            return &handed->queues[i];
    return NULL;
}

static enum qw_error start_workers(struct io_queues *queues, struct engine *engine,
                                   struct io_handover *handed, struct io_error *error)
{
    enum qw_error status = QW_OK;
    queues->stop.fd = eventfd(0, EFD_CLOEXEC);
    if (queues->stop.fd < 0)
        return io_fail(error, QW_ERR_SYSTEM, "eventfd: %s", strerror(errno));
    while (status == QW_OK && queues->started < queues->config.workers) {
        unsigned next = queues->started++;
        queues->workers[next].index = next;
        queues->workers[next].stand_in = queues->stand_in;
        queues->workers[next].fast_path = &queues->fast_path;
        queues->workers[next].links = &queues->links.count;
        queues->workers[next].handed = find_handed(handed, (uint16_t)(queues->config.queue_first + next));
        status = queue_worker_start(&queues->workers[next], (uint16_t)(queues->config.queue_first + next),
                                    engine, &queues->config, &queues->stop, error);
    }
    return status;
}

enum qw_error io_queues_start(struct engine *engine, const struct config *config,
                              const struct stand_in *stand_in, struct io_handover *handed,
                              struct offload_pins *pins, struct io_queues **out, struct io_error *error)
{
    *out = NULL;
    struct io_queues *queues = queues_new(config);
    if (!queues)
        return io_fail(error, QW_ERR_NO_MEMORY, "no memory for the queues");
    fast_path_start(&queues->fast_path, engine, &queues->config, pins);
    queues->stand_in = stand_in;
    enum qw_error status = interface_news_start(&queues->links, error);
    if (status == QW_OK)
        status = start_workers(queues, engine, handed, error);
    if (status == QW_OK)
        status = setup_watch_start(&queues->config, &queues->setup, error);
    if (status != QW_OK) {
        io_queues_stop(queues);
        return status;
    }
    *out = queues;
    return QW_OK;
}

static void ask_workers(struct io_queues *queues)
{
    setup_watch_stop(queues->setup);
    fast_path_close(&queues->fast_path, atomic_load(&queues->stop.handing_over));
    atomic_store(&queues->stop.asked, true);
    if (queues->stop.fd >= 0)
        eventfd_write(queues->stop.fd, 1);
}

static void queues_free(struct io_queues *queues)
{
    interface_news_stop(&queues->links);
    if (queues->stop.fd >= 0)
        close(queues->stop.fd);
    fast_path_end(&queues->fast_path);
    free(queues);
}

void io_queues_stop(struct io_queues *queues)
{
    if (!queues)
        return;
    ask_workers(queues);
    for (unsigned i = 0; i < queues->started; i++)
        queue_worker_end(&queues->workers[i]);
    queues_free(queues);
}

void io_queues_release(struct io_queues *queues, struct io_handover *out)
{
    atomic_store(&queues->stop.handing_over, true);
    ask_workers(queues);
    out->stopped = io_now();
    for (unsigned i = 0; i < queues->started && out->count < CONFIG_WORKERS_MAX; i++)
        if (queue_worker_release(&queues->workers[i], &out->queues[out->count]))
            out->count++;
    queues_free(queues);
}

unsigned io_queues_stats(struct io_queues *queues, struct io_queue_stats *out, unsigned max)
{
    unsigned count = queues->started < max ? queues->started : max;
    for (unsigned i = 0; i < count; i++)
        queue_worker_stats(&queues->workers[i], &out[i]);
    return count;
}

unsigned io_queues_turns(const struct io_queues *queues, uint64_t out[static CONFIG_WORKERS_MAX])
{
    for (unsigned i = 0; i < queues->started; i++)
        out[i] = atomic_load_explicit(&queues->workers[i].turns, memory_order_relaxed);
    return queues->started;
}

/* ---- the fast path ---- */

bool io_queues_offloads(const struct io_queues *queues)
{
    return queues->config.offload != CONFIG_OFFLOAD_OFF;
}

void io_queues_harvest(struct io_queues *queues)
{
    fast_path_harvest(&queues->fast_path);
}

bool io_queues_is_fast(struct io_queues *queues, uint64_t id)
{
    return fast_path_has(&queues->fast_path, id);
}

void io_queues_offload(struct io_queues *queues, struct io_offload *out)
{
    fast_path_report(&queues->fast_path, out);
}
