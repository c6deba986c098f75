/* The thread that reads events and sends them. */
#include "ipfix_message.h"
#include "transport.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <quicward/base/log.h>
#include <quicward/base/thread.h>
#include <quicward/ipfix.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* The ring keeps 4,096 mappings and as many others: at 50 ms none is lost up to 80,000 a second. */
#define PAUSE_MS 50
#define AGAIN_NS QW_NS_PER_SECOND            /* between two attempts to connect */
#define TEMPLATES_NS (30 * QW_NS_PER_SECOND) /* between two times that templates are sent over UDP */
#define STALL_NS (30 * QW_NS_PER_SECOND)     /* that a connection may stand still */
#define FAREWELL_NS QW_NS_PER_SECOND
#define EVENTS 64  /* read at once */
#define KEPT 16384 /* events that wait for a collector that is not there */

struct ipfix {
    struct transport *transport;
    struct engine *engine;
    uint32_t domain, per_host;
    int stop; /* an eventfd */
    bool running;
    pthread_t thread;

    /* the thread's */
    uint64_t after;              /* number of the last event read */
    struct engine_event *kept;   /* a ring of KEPT */
    uint32_t first, count;       /* in it */
    uint32_t sequence;           /* data records of this stream */
    uint32_t flying;             /* records of the message under way */
    struct qw_time tried, moved; /* the last attempt to connect; the last progress */
    struct qw_time told;         /* templates; 0: not to this connection */
    bool said;                   /* that the collector cannot be reached */

    _Atomic bool connected;
    _Atomic uint64_t records, lost;
};

/* ---- events ---- */

static void lose(struct ipfix *ipfix, uint64_t count)
{
    atomic_fetch_add_explicit(&ipfix->lost, count, memory_order_relaxed);
}

/* The oldest go when there is no room: what is newer says how things stand. */
static void keep(struct ipfix *ipfix, const struct engine_event *event)
{
    if (ipfix->count == KEPT) {
        ipfix->first = (ipfix->first + 1) % KEPT;
        ipfix->count--;
        lose(ipfix, 1);
    }
    ipfix->kept[(ipfix->first + ipfix->count++) % KEPT] = *event;
}

static void read_events(struct ipfix *ipfix)
{
    struct engine_event events[EVENTS];
    size_t count;
    do {
        uint64_t after = ipfix->after;
        count = engine_events(ipfix->engine, &after, events, EVENTS);
        for (size_t i = 0; i < count; i++) {
            lose(ipfix, events[i].number - ipfix->after - 1);
            ipfix->after = events[i].number;
            if (message_tells(&events[i]))
                keep(ipfix, &events[i]);
        }
    } while (count == EVENTS);
}

/* ---- messages ---- */

static uint64_t wall_ns(void)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    return (uint64_t)wall.tv_sec * QW_NS_PER_SECOND + (uint64_t)wall.tv_nsec;
}

static bool needs_templates(const struct ipfix *ipfix, struct qw_time now)
{
    return ipfix->told.ns == 0 ||
           (transport_forgets(ipfix->transport) && qw_time_since(now, ipfix->told) >= TEMPLATES_NS);
}

/* As many of the kept events as there is room for. Returns how many. */
static uint32_t fill(const struct ipfix *ipfix, struct ipfix_message *message, struct qw_time now)
{
    uint64_t wall = wall_ns();
    uint32_t count = 0;
    while (count < ipfix->count) {
        const struct engine_event *event = &ipfix->kept[(ipfix->first + count) % KEPT];
        uint64_t age = qw_time_since(now, event->time);
        if (!message_add(message, event, (wall - age) / QW_NS_PER_MS, ipfix->per_host))
            break;
        count++;
    }
    message_finish(message, ipfix->sequence, ipfix->domain, (uint32_t)(wall / QW_NS_PER_SECOND));
    return count;
}

/* The sequence counts what was not sent too, over UDP: so the collector sees it (RFC 7011 3.1). */
static void send_one(struct ipfix *ipfix, struct qw_time now)
{
    struct ipfix_message message;
    bool templates = needs_templates(ipfix, now);
    message_begin(&message, templates);
    uint32_t count = fill(ipfix, &message, now);
    bool sent = transport_send(ipfix->transport, message.bytes, message.len);
    ipfix->first = (ipfix->first + count) % KEPT;
    ipfix->count -= count;
    ipfix->sequence += count;
    ipfix->moved = now;
    if (templates)
        ipfix->told = now;
    ipfix->flying = transport_state(ipfix->transport) == TRANSPORT_BUSY ? count : 0;
    if (sent)
        atomic_fetch_add_explicit(&ipfix->records, count, memory_order_relaxed);
    else
        lose(ipfix, count);
    atomic_store_explicit(&ipfix->connected, sent, memory_order_relaxed);
}

static void send_events(struct ipfix *ipfix, struct qw_time now)
{
    while (transport_state(ipfix->transport) == TRANSPORT_OPEN &&
           (ipfix->count > 0 || needs_templates(ipfix, now)))
        send_one(ipfix, now);
}

/* ---- the connection ---- */

static void say(struct ipfix *ipfix, const char *what, bool trouble)
{
    if (ipfix->said == trouble)
        return;
    ipfix->said = trouble;
    qw_log(trouble ? QW_LOG_WARNING : QW_LOG_INFO, "nat.ipfix: the collector %s", what);
}

static void connect_again(struct ipfix *ipfix, struct qw_time now)
{
    atomic_store_explicit(&ipfix->connected, false, memory_order_relaxed);
    atomic_fetch_sub_explicit(&ipfix->records, ipfix->flying, memory_order_relaxed);
    lose(ipfix, ipfix->flying);
    ipfix->flying = 0;
    if (ipfix->tried.ns != 0 && qw_time_since(now, ipfix->tried) < AGAIN_NS)
        return;
    if (ipfix->tried.ns != 0)
        say(ipfix, "cannot be reached, or does not go on; records wait", true);
    ipfix->tried = ipfix->moved = now;
    ipfix->told = (struct qw_time){0};
    ipfix->sequence = 0;
    transport_open(ipfix->transport);
}

/* One that takes nothing for long is given up. */
static void tend(struct ipfix *ipfix, struct qw_time now)
{
    enum transport_state state = transport_state(ipfix->transport);
    bool under_way = state == TRANSPORT_OPENING || state == TRANSPORT_BUSY;
    if (under_way && qw_time_since(now, ipfix->moved) >= STALL_NS)
        transport_close(ipfix->transport);
    if (transport_state(ipfix->transport) == TRANSPORT_CLOSED)
        connect_again(ipfix, now);
    else if (state == TRANSPORT_OPEN && !transport_forgets(ipfix->transport))
        say(ipfix, "takes records", false);
}

static bool wait_for_work(struct ipfix *ipfix, int ms)
{
    struct pollfd polls[2] = {{.fd = ipfix->stop, .events = POLLIN}};
    polls[1].events = transport_events(ipfix->transport, &polls[1].fd);
    poll(polls, polls[1].fd >= 0 && polls[1].events ? 2 : 1, ms);
    if (polls[1].revents)
        transport_step(ipfix->transport);
    return !(polls[0].revents & POLLIN);
}

static void turn(struct ipfix *ipfix)
{
    struct qw_time now = io_now();
    if (transport_state(ipfix->transport) == TRANSPORT_OPEN)
        ipfix->flying = 0;
    read_events(ipfix);
    tend(ipfix, now);
    send_events(ipfix, now);
}

/* The ends of mappings come last; the stop's own eventfd stays readable, so only the transport is waited for.
 */
static void say_farewell(struct ipfix *ipfix)
{
    struct qw_time began = io_now();
    for (;;) {
        struct pollfd poll_transport = {.fd = -1};
        turn(ipfix);
        enum transport_state state = transport_state(ipfix->transport);
        bool done = state == TRANSPORT_CLOSED || (state == TRANSPORT_OPEN && ipfix->count == 0);
        if (done || qw_time_since(io_now(), began) >= FAREWELL_NS)
            break;
        poll_transport.events = transport_events(ipfix->transport, &poll_transport.fd);
        if (poll(&poll_transport, 1, PAUSE_MS) > 0)
            transport_step(ipfix->transport);
    }
    lose(ipfix, ipfix->count);
}

static void *work(void *context)
{
    struct ipfix *ipfix = context;
    do
        turn(ipfix);
    while (wait_for_work(ipfix, PAUSE_MS));
    say_farewell(ipfix);
    return NULL;
}

/* ---- life ---- */

static void release(struct ipfix *ipfix)
{
    transport_free(ipfix->transport);
    free(ipfix->kept);
    if (ipfix->stop >= 0)
        close(ipfix->stop);
    free(ipfix);
}

enum qw_error ipfix_open(const struct config *config, struct ipfix **out, struct io_error *error)
{
    *out = NULL;
    if (config->mode != CONFIG_NAT || strcmp(config->ipfix, CONFIG_COLLECTOR_NONE) == 0)
        return QW_OK;
    struct ipfix *ipfix = calloc(1, sizeof *ipfix);
    if (!ipfix)
        return QW_ERR_NO_MEMORY;
    ipfix->domain = config->ipfix_domain;
    ipfix->per_host = config->nat_per_host;
    ipfix->stop = eventfd(0, EFD_CLOEXEC);
    ipfix->kept = calloc(KEPT, sizeof *ipfix->kept);
    enum qw_error result = ipfix->stop < 0 || !ipfix->kept ? QW_ERR_NO_MEMORY : QW_OK;
    if (result == QW_OK)
        result = transport_new(config, &ipfix->transport, error);
    if (result == QW_OK)
        *out = ipfix;
    else
        release(ipfix);
    return result;
}

enum qw_error ipfix_start(struct ipfix *ipfix, struct engine *engine, struct io_error *error)
{
    if (!ipfix)
        return QW_OK;
    ipfix->engine = engine;
    int problem = qw_thread_start(&ipfix->thread, work, ipfix);
    ipfix->running = problem == 0;
    if (problem)
        snprintf(error->text, sizeof error->text, "nat.ipfix: cannot start the thread: %s",
                 strerror(problem));
    return problem ? QW_ERR_SYSTEM : QW_OK;
}

void ipfix_stop(struct ipfix *ipfix)
{
    if (!ipfix)
        return;
    if (ipfix->running) {
        eventfd_write(ipfix->stop, 1);
        pthread_join(ipfix->thread, NULL);
    }
    release(ipfix);
}

void ipfix_stats(struct ipfix *ipfix, struct ipfix_stats *out)
{
    *out = (struct ipfix_stats){0};
    if (!ipfix)
        return;
    *out = (struct ipfix_stats){.on = true,
                                .connected = atomic_load_explicit(&ipfix->connected, memory_order_relaxed),
                                .records = atomic_load_explicit(&ipfix->records, memory_order_relaxed),
                                .lost = atomic_load_explicit(&ipfix->lost, memory_order_relaxed)};
}
