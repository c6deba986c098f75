/* The HTTP server. libmicrohttpd gets no thread of its own: ours waits for it, so that what it may take is
 * bounded here. Each connection has one answer and one deadline, however busy it looks: a reader that takes a
 * byte a second is cut off like one that takes none. */
#include "listener.h"
#include "process.h"
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <quicward/base/thread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define IDLE_S 5u          /* without a byte in either direction */
#define MEMORY (16u << 10) /* of a connection, for its request */
#define TURNS_MAX 100u     /* in a window of time; more turns wait for its end */
#define WINDOW_MS 100u
/* libmicrohttpd takes its listener out of what is waited for while all connections are in use, and puts it
 * back in a turn of which nothing tells. */
#define TURN_MS 500
#define CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct scraper {
    int fd; /* -1: free */
    struct qw_time deadline;
};

struct metrics {
    struct metrics_source source;
    struct process_files *process;
    struct MHD_Daemon *http; /* has the listener once it is there */
    int listener, stop;      /* stop: an eventfd */
    struct scraper scrapers[METRICS_CONNECTIONS];
    struct qw_time window; /* its beginning */
    unsigned turns;        /* in it */
    bool running;
    pthread_t thread;
    char path[CONFIG_PATH_MAX]; /* of the socket file; "": none */
};

bool metrics_available(void)
{
    return true;
}

/* ---- answers ---- */

static bool write_all(struct metrics *metrics, FILE *out)
{
    struct engine_stats stats;
    struct engine_measured measured;
    struct io_queue_stats queues[CONFIG_WORKERS_MAX];
    struct io_rules_stats rules = {0};
    struct metrics_process process;
    struct ipfix_stats ipfix;
    struct peer_stats peer;
    const struct metrics_source *source = &metrics->source;
    engine_stats(source->engine, &stats);
    engine_measured(source->engine, &measured);
    unsigned count = source->queues ? io_queues_stats(source->queues, queues, CONFIG_WORKERS_MAX) : 0;
    if (source->rules)
        source->rules(source->context, &rules);
    process_read(metrics->process, &process);
    ipfix_stats(source->ipfix, &ipfix);
    peer_stats(source->peer, &peer);
    const struct metrics_view view = {.version = source->version,
                                      .instance = source->instance,
                                      .stats = &stats,
                                      .measured = &measured,
                                      .engine = source->engine,
                                      .queues = queues,
                                      .queue_count = count,
                                      .kernel_rules = &rules,
                                      .process = &process,
                                      .ipfix = &ipfix,
                                      .peer = &peer};
    return metrics_write(&view, out);
}

/* NULL when memory is short. */
static struct MHD_Response *all(struct metrics *metrics)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return NULL;
    bool whole = write_all(metrics, out);
    whole = fclose(out) == 0 && whole;
    if (whole)
        return MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
    free(text);
    return NULL;
}

/* It is copied. */
static struct MHD_Response *words(char *text)
{
    return MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_COPY);
}

static struct MHD_Response *answer(struct metrics *metrics, const char *url, const char *method,
                                   unsigned *status)
{
    char refused[] = "only GET and HEAD are allowed\n", elsewhere[] = "metrics are at /metrics\n";
    *status = MHD_HTTP_METHOD_NOT_ALLOWED;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return words(refused);
    *status = MHD_HTTP_NOT_FOUND;
    if (strcmp(url, "/metrics") != 0)
        return words(elsewhere);
    *status = MHD_HTTP_OK;
    return all(metrics);
}

/* One answer a connection: its deadline is that of the connection. */
static enum MHD_Result respond(void *context, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *body, size_t *body_len,
                               void **request)
{
    unsigned status;
    (void)version;
    (void)body;
    (void)body_len;
    (void)request;
    struct MHD_Response *response = answer(context, url, method, &status);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, CONTENT_TYPE);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- scrapers ---- */

static struct scraper *free_scraper(struct metrics *metrics)
{
    for (unsigned i = 0; i < METRICS_CONNECTIONS; i++)
        if (metrics->scrapers[i].fd < 0)
            return &metrics->scrapers[i];
    return NULL;
}

static void follow(void *context, struct MHD_Connection *connection, void **slot,
                   enum MHD_ConnectionNotificationCode what)
{
    struct metrics *metrics = context;
    struct scraper *scraper = what == MHD_CONNECTION_NOTIFY_STARTED ? free_scraper(metrics) : *slot;
    if (!scraper)
        return;
    *slot = scraper;
    scraper->fd = -1;
    if (what != MHD_CONNECTION_NOTIFY_STARTED)
        return;
    scraper->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    scraper->deadline = (struct qw_time){io_now().ns + METRICS_PATIENCE_S * QW_NS_PER_SECOND};
}

static void cut_off(struct metrics *metrics, struct qw_time now)
{
    for (unsigned i = 0; i < METRICS_CONNECTIONS; i++)
        if (metrics->scrapers[i].fd >= 0 && metrics->scrapers[i].deadline.ns <= now.ns)
            shutdown(metrics->scrapers[i].fd, SHUT_RDWR);
}

/* ---- the thread ---- */

/* Milliseconds until something is due; TURN_MS at most. */
static int patience(const struct metrics *metrics, struct qw_time now)
{
    MHD_UNSIGNED_LONG_LONG timeout;
    uint64_t least = TURN_MS;
    if (MHD_get_timeout(metrics->http, &timeout) == MHD_YES && timeout < least)
        least = timeout;
    for (unsigned i = 0; i < METRICS_CONNECTIONS; i++) {
        uint64_t left = qw_time_since(metrics->scrapers[i].deadline, now) / QW_NS_PER_MS + 1;
        if (metrics->scrapers[i].fd >= 0 && left < least)
            least = left;
    }
    return (int)least;
}

/* Without a free descriptor accept(2) fails again and again, and a reader may ask without end: neither takes
 * the whole processor. Milliseconds that the next turn has to wait. */
static int pace(struct metrics *metrics, struct qw_time now)
{
    if (qw_time_since(now, metrics->window) >= WINDOW_MS * QW_NS_PER_MS) {
        metrics->window = now;
        metrics->turns = 0;
    }
    return ++metrics->turns > TURNS_MAX ? (int)WINDOW_MS : 0;
}

static void *serve(void *context)
{
    struct metrics *metrics = context;
    struct pollfd polls[] = {
        {.fd = metrics->stop, .events = POLLIN},
        {.fd = MHD_get_daemon_info(metrics->http, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, .events = POLLIN}};
    for (;;) {
        int wait = pace(metrics, io_now());
        poll(polls, wait ? 1 : 2, wait ? wait : patience(metrics, io_now()));
        if (polls[0].revents & POLLIN)
            return NULL;
        cut_off(metrics, io_now());
        MHD_run(metrics->http);
    }
}

/* ---- life ---- */

static void quiet(void *context, const char *format, va_list arguments)
{
    (void)context;
    (void)format;
    (void)arguments;
}

enum qw_error metrics_open(const char *listen, struct metrics **out, struct io_error *error)
{
    struct config_listen place;
    *out = NULL;
    if (!config_listen_parse(listen, &place))
        return metrics_fail(error, "metrics = \"%s\" is no place to listen at", listen);
    if (place.kind == CONFIG_LISTEN_OFF)
        return QW_OK;
    struct metrics *metrics = calloc(1, sizeof *metrics);
    if (!metrics)
        return QW_ERR_NO_MEMORY;
    metrics->stop = metrics->listener = -1;
    enum qw_error result = listener_open(listen, &place, &metrics->listener, error);
    if (result == QW_OK && place.kind == CONFIG_LISTEN_PATH)
        snprintf(metrics->path, sizeof metrics->path, "%s", listen);
    if (result == QW_OK && (metrics->stop = eventfd(0, EFD_CLOEXEC)) < 0)
        result = metrics_fail(error, "metrics: %s", strerror(errno));
    if (result != QW_OK) {
        metrics_close(metrics);
        return result;
    }
    metrics->process = process_open();
    *out = metrics;
    return QW_OK;
}

static struct MHD_Daemon *start_http(struct metrics *metrics)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, respond, metrics,
                            MHD_OPTION_EXTERNAL_LOGGER, quiet, NULL, MHD_OPTION_LISTEN_SOCKET,
                            metrics->listener, MHD_OPTION_CONNECTION_LIMIT, METRICS_CONNECTIONS,
                            MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t)MEMORY, MHD_OPTION_NOTIFY_CONNECTION, follow, metrics, MHD_OPTION_END);
}

enum qw_error metrics_start(struct metrics *metrics, const struct metrics_source *source,
                            struct io_error *error)
{
    if (!metrics)
        return QW_OK;
    metrics->source = *source;
    for (unsigned i = 0; i < METRICS_CONNECTIONS; i++)
        metrics->scrapers[i].fd = -1;
    metrics->http = start_http(metrics);
    if (!metrics->http)
        return metrics_fail(error, "metrics: libmicrohttpd does not start");
    metrics->listener = -1;
    int problem = qw_thread_start(&metrics->thread, serve, metrics);
    metrics->running = problem == 0;
    return problem ? metrics_fail(error, "metrics: cannot start the thread: %s", strerror(problem)) : QW_OK;
}

void metrics_close(struct metrics *metrics)
{
    if (!metrics)
        return;
    if (metrics->running) {
        eventfd_write(metrics->stop, 1);
        pthread_join(metrics->thread, NULL);
    }
    if (metrics->http)
        MHD_stop_daemon(metrics->http);
    if (metrics->listener >= 0)
        close(metrics->listener);
    if (metrics->path[0])
        unlink(metrics->path);
    if (metrics->stop >= 0)
        close(metrics->stop);
    process_close(metrics->process);
    free(metrics);
}
