#include "session.h"
#include "socket.h"
#include "text.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOCKET_MODE 0660     /* of the file: the daemon's user and the group that may watch */
#define CLIENTS_MAX 8        /* served at once; more wait in the backlog */
#define ACCEPT_PAUSE_MS 1000 /* without a free file descriptor accept(2) fails at once, again and again */
#define RECLAIM_MS 1000      /* between two attempts to free replaced settings */

enum { POLL_STOP, POLL_LISTENER, POLL_CLIENTS, POLL_COUNT = POLL_CLIENTS + CLIENTS_MAX };

struct control_server {
    struct session_source source;
    struct session clients[CLIENTS_MAX];
    struct pollfd polls[POLL_COUNT];
    int listener, stop; /* stop: an eventfd */
    bool pausing;       /* accept(2) failed: not again before ACCEPT_PAUSE_MS */
    _Atomic uint64_t followed_ns;
    bool reclaiming; /* settings of before a reload are not freed yet */
    pthread_t thread;
    char path[CONFIG_PATH_MAX];
};

static struct session *free_client(struct control_server *server)
{
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        if (server->clients[i].fd < 0)
            return &server->clients[i];
    return NULL;
}

static void accept_client(struct control_server *server, struct qw_time now)
{
    struct session *client = free_client(server);
    int fd = client ? accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC) : -1;
    if (fd >= 0)
        session_open(client, fd, now);
    else
        server->pausing = client && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;
}

/* A negative descriptor is one that poll(2) leaves out. */
static void fill_polls(struct control_server *server)
{
    bool accepting = !server->pausing && free_client(server);
    server->polls[POLL_STOP] = (struct pollfd){.fd = server->stop, .events = POLLIN};
    server->polls[POLL_LISTENER] = (struct pollfd){.fd = accepting ? server->listener : -1, .events = POLLIN};
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        server->polls[POLL_CLIENTS + i] =
            (struct pollfd){.fd = server->clients[i].fd, .events = session_events(&server->clients[i])};
}

/* Milliseconds until the first client has taken too long, rounded up, or until settings are to be freed; -1
 * for no limit. */
static int patience(const struct control_server *server, struct qw_time now)
{
    int64_t least = server->pausing ? ACCEPT_PAUSE_MS : server->reclaiming ? RECLAIM_MS : -1;
    for (unsigned i = 0; i < CLIENTS_MAX; i++) {
        const struct session *client = &server->clients[i];
        int64_t left = (int64_t)(qw_time_since(client->deadline, now) / QW_NS_PER_MS) + 1;
        if (client->fd >= 0 && (least < 0 || left < least))
            least = left;
    }
    return (int)least;
}

static void serve_clients(struct control_server *server, struct qw_time now)
{
    for (unsigned i = 0; i < CLIENTS_MAX; i++) {
        struct session *client = &server->clients[i];
        if (client->fd < 0)
            continue;
        bool ready = server->polls[POLL_CLIENTS + i].revents != 0;
        if (ready ? !session_step(client, &server->source, now) : session_stalled(client, now))
            session_close(client);
    }
}

/* Read anew each time: a router may learn the time of day long after its start. */
static int64_t epoch(void)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    return wall.tv_sec * (int64_t)QW_NS_PER_SECOND + wall.tv_nsec - (int64_t)io_now().ns;
}

static void *serve(void *context)
{
    struct control_server *server = context;
    for (;;) {
        fill_polls(server);
        int count = poll(server->polls, POLL_COUNT, patience(server, io_now()));
        if (count < 0)
            continue; /* EINTR */
        struct qw_time now = io_now();
        server->pausing = false;
        if (server->polls[POLL_STOP].revents)
            return NULL;
        server->source.epoch_ns = epoch();
        serve_clients(server, now);
        server->reclaiming = engine_reclaim(server->source.engine);
        if (server->polls[POLL_LISTENER].revents)
            accept_client(server, now);
    }
}

static void release(struct control_server *server)
{
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        session_close(&server->clients[i]);
    if (server->listener >= 0) {
        close(server->listener);
        unlink(server->path);
    }
    if (server->stop >= 0)
        close(server->stop);
    free(server);
}

static enum qw_error start(struct control_server *server, const char *path, struct io_error *error)
{
    enum qw_error result =
        control_listen(path, server->source.handlers.mode ? server->source.handlers.mode : SOCKET_MODE,
                       server->source.handlers.group, &server->listener, error);
    if (result != QW_OK)
        return result;
    server->stop = eventfd(0, EFD_CLOEXEC);
    int failed = server->stop < 0 ? errno : pthread_create(&server->thread, NULL, serve, server);
    if (failed) {
        control_say(error, "control socket: cannot start its thread: %s", strerror(failed));
        return QW_ERR_SYSTEM;
    }
    return QW_OK;
}

/* The mode is one for life. */
static bool has_mappings(struct engine *engine)
{
    struct engine_stats stats;
    engine_stats(engine, &stats);
    return stats.mode == CONFIG_NAT;
}

enum qw_error control_server_start(const char *path, struct engine *engine, struct io_queues *queues,
                                   const struct control_handlers *handlers, struct control_server **out,
                                   struct io_error *error)
{
    struct control_server *server = calloc(1, sizeof(*server));
    *out = NULL;
    if (!server)
        return QW_ERR_NO_MEMORY;
    server->listener = server->stop = -1;
    server->source = (struct session_source){.engine = engine,
                                             .queues = queues,
                                             .handlers = *handlers,
                                             .nat = has_mappings(engine),
                                             .mappings = engine_mappings,
                                             .events = engine_events,
                                             .followed_ns = &server->followed_ns};
    snprintf(server->path, sizeof(server->path), "%s", path);
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        server->clients[i].fd = -1;
    enum qw_error result = start(server, path, error);
    if (result == QW_OK)
        *out = server;
    else
        release(server);
    return result;
}

#define FOLLOWED_NS QW_NS_PER_SECOND

bool control_server_is_followed(const struct control_server *server)
{
    uint64_t asked_ns = atomic_load(&server->followed_ns);
    return asked_ns != 0 && qw_time_since(io_now(), (struct qw_time){asked_ns}) < FOLLOWED_NS;
}

void control_server_stop(struct control_server *server)
{
    if (!server)
        return;
    eventfd_write(server->stop, 1);
    pthread_join(server->thread, NULL);
    release(server);
}
